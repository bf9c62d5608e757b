use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::abi::SEATS;
use io_math::DAY;

/// Most seats of the attester set.
#[constant]
pub const MAX_SEATS: u8 = io_common::abi::MAX_SEATS;
/// How many keys that have left a seat are remembered: no change of the set may exceed it.
#[constant]
pub const MAX_DEPARTED: u8 = 16;
/// Places for them in an account.
pub const DEPARTED: usize = MAX_DEPARTED as usize;
/// Time in which a key that has left a seat takes no other, seconds: what it approved at the old seat would
/// count twice.
#[constant]
pub const DEPARTED_TIME: i64 = 7 * DAY;
/// Seed of the attester set: `["attesters"]`.
#[constant]
pub const ATTESTERS_SEED: &[u8] = b"attesters";

/// A seat, as an instruction takes it; vacant with the default key and weight 0.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The attester's key.
    pub key: Pubkey,
    /// Weight of its approval.
    pub weight: u32,
}

/// A key that has left its seat; zeros in a free place.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Departed {
    /// The key.
    pub key: Pubkey,
    /// From when it may take a seat again, unix time.
    pub until: i64,
}

/// Who attests, with which weight: `["attesters"]`. What a seat has approved or attested stays with its
/// number, so the number stays with its attester while keys change.
#[account(zero_copy)]
#[derive(Debug)]
pub struct AttesterSet {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Seats ever used; never falls.
    pub seats: u8,
    pub padding: u8,
    /// Counts the changes of the set.
    pub set_version: u32,
    /// Weight that approves a report.
    pub threshold: u32,
    /// Sum of all weights.
    pub total_weight: u32,
    /// By seat; the default key where a seat is vacant.
    pub keys: [Pubkey; SEATS],
    /// By seat; 0 where a seat is vacant.
    pub weights: [u32; SEATS],
    /// When the set was changed last, unix time.
    pub changed_at: i64,
    /// Keys that have left a seat and may not take one yet.
    pub departed: [Departed; DEPARTED],
    pub reserved: [u8; 64],
}

impl AttesterSet {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Seat and weight of a key.
    pub fn seat_of(&self, key: &Pubkey) -> Option<(u8, u32)> {
        let weighted = |(held, weight): (&Pubkey, &u32)| held == key && *weight > 0;
        let seat = self.keys.iter().zip(&self.weights).position(weighted)?;
        Some((u8::try_from(seat).ok()?, *self.weights.get(seat)?))
    }

    /// Puts `seats` in the place of all seats there are.
    pub fn replace(&mut self, seats: &[Seat], threshold: u32, now: i64) -> Result<()> {
        let count = u8::try_from(seats.len()).unwrap_or(u8::MAX);
        require!(usize::from(count) <= SEATS, ProofsError::TooManySeats);
        require!(count >= self.seats, ProofsError::SeatMissing);
        for (number, seat) in seats.iter().enumerate() {
            self.check_seat(number, seat, seats, now)?;
        }
        let sum = seats.iter().try_fold(0u32, |sum, seat| sum.checked_add(seat.weight));
        let total_weight = sum.ok_or(ProofsError::WeightTooLarge)?;
        // With more than half, no two contents of an hour can both be approved by one set.
        let majority = u64::from(threshold).saturating_mul(2) > u64::from(total_weight);
        require!(majority && threshold <= total_weight, ProofsError::ThresholdOutOfBounds);
        self.departed = self.departed_after(seats, now)?;

        self.set_version = self.set_version.checked_add(1).ok_or(ProofsError::Overflow)?;
        self.seats = count;
        self.changed_at = now;
        self.threshold = threshold;
        self.total_weight = total_weight;
        for ((key, weight), seat) in self.keys.iter_mut().zip(&mut self.weights).zip(seats) {
            (*key, *weight) = (seat.key, seat.weight);
        }
        Ok(())
    }

    /// The keys that take no seat once `seats` are set: those that leave one, besides those that have not been
    /// gone for long enough.
    fn departed_after(&self, seats: &[Seat], now: i64) -> Result<[Departed; DEPARTED]> {
        let until = now.saturating_add(DEPARTED_TIME);
        let leaves = |key: &&Pubkey| **key != Pubkey::default() && seats.iter().all(|seat| seat.key != **key);
        let leaving = self.keys.iter().filter(leaves).map(|key| Departed { key: *key, until });
        let staying = self.departed.iter().filter(|one| one.until > now).copied();
        let mut kept = [Departed::default(); DEPARTED];
        let mut places = kept.iter_mut();
        for one in staying.chain(leaving) {
            *places.next().ok_or(ProofsError::TooManyDeparted)? = one;
        }
        Ok(kept)
    }

    fn check_seat(&self, number: usize, seat: &Seat, seats: &[Seat], now: i64) -> Result<()> {
        let vacant = seat.key == Pubkey::default();
        require!(vacant == (seat.weight == 0), ProofsError::HalfVacantSeat);
        if vacant {
            return Ok(());
        }
        let holders = seats.iter().filter(|other| other.key == seat.key).count();
        require!(holders == 1, ProofsError::DuplicateKey);
        // One attester at two seats' records would count twice.
        let stays = self.seat_of(&seat.key).is_none_or(|(held, _)| usize::from(held) == number);
        require!(stays, ProofsError::SeatMoved);
        let left = self.departed.iter().any(|one| one.key == seat.key && one.until > now);
        require!(!left, ProofsError::KeyDeparted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use io_common::{abi, assert_layout};

    const NOW: i64 = 1_000;
    const VACANT: Seat = Seat { key: Pubkey::new_from_array([0; 32]), weight: 0 };

    fn seat(id: u8, weight: u32) -> Seat {
        Seat { key: Pubkey::new_from_array([id; 32]), weight }
    }

    fn set(seats: &[Seat], threshold: u32) -> AttesterSet {
        let mut set = AttesterSet::zeroed();
        set.replace(seats, threshold, NOW).unwrap();
        set
    }

    fn refusal(set: &AttesterSet, seats: &[Seat], threshold: u32) -> Error {
        let mut copy = *set;
        let error = copy.replace(seats, threshold, NOW).unwrap_err();
        assert_eq!(bytemuck::bytes_of(&copy), bytemuck::bytes_of(set));
        error
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(
            AttesterSet,
            abi::AttesterSet,
            [version, bump, seats, padding, set_version, threshold, total_weight, keys, weights]
        );
    }

    #[test]
    fn a_seat_is_found_by_its_key_here_and_by_others() {
        let set = set(&[seat(1, 5), VACANT, seat(3, 7)], 12);
        let others: abi::AttesterSet = bytemuck::pod_read_unaligned(
            bytemuck::bytes_of(&set).get(..size_of::<abi::AttesterSet>()).unwrap(),
        );
        for (key, found) in [
            (seat(1, 0).key, Some((0, 5))),
            (seat(3, 0).key, Some((2, 7))),
            (VACANT.key, None),
            (seat(2, 0).key, None),
        ] {
            assert_eq!(set.seat_of(&key), found);
            assert_eq!(others.seat_of(&key), found);
        }
    }

    #[test]
    fn keys_rotate_and_seats_are_vacated_and_added_in_place() {
        let mut set = set(&[seat(1, 1), seat(2, 1)], 2);
        set.replace(&[seat(9, 1), VACANT, seat(3, 4)], 3, NOW).unwrap();
        assert_eq!((set.set_version, set.seats, set.total_weight, set.threshold), (2, 3, 5, 3));
        assert_eq!(set.seat_of(&seat(9, 0).key), Some((0, 1)));
        assert_eq!(set.seat_of(&seat(2, 0).key), None);
    }

    #[test]
    fn the_threshold_is_more_than_half_and_at_most_all() {
        let empty = AttesterSet::zeroed();
        let four = [seat(1, 1), seat(2, 1), seat(3, 2)];
        let out = || ProofsError::ThresholdOutOfBounds.into();
        assert_eq!(refusal(&empty, &four, 2), out());
        assert_eq!(refusal(&empty, &four, 5), out());
        assert_eq!(refusal(&empty, &[], 0), out());
        assert_eq!(set(&four, 3).threshold, 3);
        assert_eq!(set(&four, 4).threshold, 4);
    }

    #[test]
    fn seats_that_make_no_sense_are_refused() {
        let set = set(&[seat(1, 1), seat(2, 1)], 2);
        let refused = |seats: &[Seat], error: ProofsError| {
            let weight = seats.iter().fold(0u32, |sum, seat| sum.saturating_add(seat.weight));
            assert_eq!(refusal(&set, seats, weight), error.into());
        };
        let seventeen: Vec<Seat> = (1..=17).map(|id| seat(id, 1)).collect();
        refused(&seventeen, ProofsError::TooManySeats);
        refused(&[seat(1, 1)], ProofsError::SeatMissing);
        refused(&[seat(1, 1), seat(2, 0)], ProofsError::HalfVacantSeat);
        refused(&[seat(1, 1), seat(0, 1)], ProofsError::HalfVacantSeat);
        refused(&[seat(1, 1), VACANT, seat(3, 1), seat(3, 1)], ProofsError::DuplicateKey);
        refused(&[seat(2, 1), seat(1, 1)], ProofsError::SeatMoved);
        refused(&[seat(1, u32::MAX), seat(2, 1)], ProofsError::WeightTooLarge);
    }

    #[test]
    fn a_key_that_left_takes_no_seat_for_seven_days() {
        let mut found = set(&[seat(1, 1), seat(2, 1)], 2);
        found.replace(&[seat(3, 1), seat(2, 1)], 2, NOW).unwrap();
        for back in [[seat(3, 1), seat(1, 1)], [seat(1, 1), seat(2, 1)]] {
            let error = found.clone().replace(&back, 2, NOW + DEPARTED_TIME - 1).unwrap_err();
            assert_eq!(error, ProofsError::KeyDeparted.into());
            found.clone().replace(&back, 2, NOW + DEPARTED_TIME).unwrap();
        }
    }

    #[test]
    fn a_seventeenth_departure_in_seven_days_is_refused() {
        let mut found = set(&[seat(1, 1)], 1);
        for id in 2..=17 {
            found.replace(&[seat(id, 1)], 1, NOW + i64::from(id)).unwrap();
        }
        let next = [seat(18, 1)];
        let error = found.clone().replace(&next, 1, NOW + 2 + DEPARTED_TIME - 1).unwrap_err();
        assert_eq!(error, ProofsError::TooManyDeparted.into());
        found.replace(&next, 1, NOW + 2 + DEPARTED_TIME).unwrap();
        // Nobody's departure was forgotten for it.
        assert!(found.replace(&[seat(17, 1)], 1, NOW + 2 + DEPARTED_TIME).is_err());
    }

    #[test]
    fn all_sixteen_seats_can_be_used() {
        let seats: Vec<Seat> = (1..=16).map(|id| seat(id, 1)).collect();
        assert_eq!(set(&seats, 11).seat_of(&seat(16, 0).key), Some((15, 1)));
    }
}
