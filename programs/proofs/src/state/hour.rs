use super::AttesterSet;
use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::abi::SEATS;
use io_common::slots::SlotHashes;

/// Seed of an hour: `["hour", seq]`, the seq in 8 bytes, little endian.
#[constant]
pub const HOUR_SEED: &[u8] = b"hour";
/// Time from an hour's tick in which seats post their roots, seconds.
#[constant]
pub const COMMIT_TIME: i64 = 1_200;
/// Slots from the last root to the one whose hash decides the draw, so that no root is chosen by it.
#[constant]
pub const DRAW_SLOTS: u64 = 32;
/// How long what a device signed in an hour can be disproved after its end, seconds.
#[constant]
pub const DISPROVE_TIME: i64 = io_common::abi::DISPROVE_TIME;

/// An hour's compute proofs: `["hour", seq]`. Its seed, what each seat has received, and the draw.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Hour {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Seats that have posted their root, by bit.
    pub committed: u16,
    /// Version of the attester set at the latest root.
    pub set_version: u32,
    /// Hours from the start of emission to `period_end`.
    pub seq: u64,
    /// End of the hour, unix time.
    pub period_end: i64,
    /// When it was ticked, unix time; seats post their roots for [`COMMIT_TIME`] from then on.
    pub ticked_at: i64,
    /// The slot whose hash is the seed.
    pub seed_slot: u64,
    /// From which slot on [`DRAW_SLOTS`] count; 0 while nobody has begun the draw.
    pub draw_from: u64,
    /// The slot whose hash decides the draw; 0 while it is not drawn.
    pub drawn_slot: u64,
    /// What this hour's challenges are made of.
    pub seed: [u8; 32],
    /// What rows, vectors and chains are drawn from.
    pub randomness: [u8; 32],
    /// Who ticked it and paid the rent, and gets it back.
    pub payer: Pubkey,
    /// By seat, the Merkle root of the commitments that it received in time.
    pub roots: [[u8; 32]; SEATS],
    /// By seat, how many they are.
    pub counts: [u32; SEATS],
    pub reserved: [u8; 64],
}

impl Hour {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Until when seats post their roots, unix time.
    pub fn commit_until(&self) -> i64 {
        self.ticked_at.saturating_add(COMMIT_TIME).min(self.period_end)
    }

    /// Until when what was signed in it can be disproved, unix time.
    pub fn disprove_until(&self) -> i64 {
        self.period_end.saturating_add(DISPROVE_TIME)
    }

    /// Keeps a seat's root. With the last seat's the draw begins.
    pub fn commit(
        &mut self,
        seat: u8,
        root: [u8; 32],
        count: u32,
        set: &AttesterSet,
        slot: u64,
    ) -> Result<()> {
        let at = usize::from(seat);
        let bit = 1u16.checked_shl(seat.into()).ok_or(ProofsError::Overflow)?;
        // A seat that was added since would choose its root by the draw.
        require_eq!(self.drawn_slot, 0, ProofsError::AlreadyDrawn);
        require!(self.committed & bit == 0, ProofsError::AlreadyCommitted);
        self.committed |= bit;
        self.set_version = set.set_version;
        *self.roots.get_mut(at).ok_or(ProofsError::Overflow)? = root;
        *self.counts.get_mut(at).ok_or(ProofsError::Overflow)? = count;
        let waits = |(seat, weight): (usize, &u32)| *weight > 0 && (self.committed >> seat) & 1 == 0;
        if !set.weights.iter().enumerate().any(waits) {
            self.draw_from = slot;
        }
        Ok(())
    }

    /// Draws the hour, by the first slot that has a hash from [`DRAW_SLOTS`] after the last root on. Where seats
    /// are missing, or nobody came while that hash was known, the slots count from now on. Returns whether it is
    /// drawn.
    pub fn draw(&mut self, hashes: &SlotHashes, slot: u64, now: i64) -> Result<bool> {
        require_eq!(self.drawn_slot, 0, ProofsError::AlreadyDrawn);
        require_gt!(self.period_end, now, ProofsError::HourOver);
        if self.draw_from == 0 {
            require_gte!(now, self.commit_until(), ProofsError::CommitsOpen);
            require!(self.committed != 0, ProofsError::NothingCommitted);
        }
        let from = self.draw_from.saturating_add(DRAW_SLOTS);
        let earliest = hashes.earliest().ok_or(ProofsError::NoSlotHashes)?;
        if self.draw_from == 0 || earliest > from {
            self.draw_from = slot;
            return Ok(false);
        }
        let (drawn_slot, randomness) = hashes.first_from(from).ok_or(ProofsError::DrawTooEarly)?;
        (self.drawn_slot, self.randomness) = (drawn_slot, randomness);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Seat;
    use bytemuck::Zeroable;

    const TICK: i64 = 1_000_000;
    const END: i64 = TICK + 3_500;

    fn hour() -> Hour {
        let mut hour = Hour::zeroed();
        (hour.ticked_at, hour.period_end) = (TICK, END);
        hour
    }

    fn set() -> AttesterSet {
        let mut set = AttesterSet::zeroed();
        let seat = |id: u8| Seat { key: Pubkey::new_from_array([id; 32]), weight: 1 };
        let vacant = Seat { key: Pubkey::default(), weight: 0 };
        set.replace(&[seat(1), vacant, seat(3)], 2, 0).unwrap();
        set
    }

    /// The hashes of 512 slots up to `latest`.
    fn hashes(latest: u64) -> Vec<u8> {
        let mut data = 512u64.to_le_bytes().to_vec();
        for slot in (0..512).map(|back| latest - back) {
            data.extend_from_slice(&slot.to_le_bytes());
            data.extend_from_slice(&[u8::try_from(slot & 255).unwrap(); 32]);
        }
        data
    }

    fn draw(hour: &mut Hour, latest: u64, now: i64) -> Result<bool> {
        hour.draw(&SlotHashes::read(&hashes(latest)).unwrap(), latest + 1, now)
    }

    #[test]
    fn with_the_last_seats_root_the_draw_begins() {
        let mut hour = hour();
        hour.commit(0, [5; 32], 7, &set(), 2_000).unwrap();
        assert_eq!((hour.committed, hour.draw_from), (0b001, 0));
        assert!(hour.commit(0, [6; 32], 7, &set(), 2_000).is_err(), "a root is posted once");
        hour.commit(2, [6; 32], 8, &set(), 2_010).unwrap();
        assert_eq!(
            (hour.committed, hour.draw_from, hour.roots[2], hour.counts[0]),
            (0b101, 2_010, [6; 32], 7)
        );
        assert!(draw(&mut hour, 2_041, TICK + 5).is_err(), "slot 2,042 is not over");
        assert!(draw(&mut hour, 2_050, TICK + 5).unwrap());
        assert_eq!((hour.drawn_slot, hour.randomness), (2_042, [2_042u64.to_le_bytes()[0]; 32]));
        assert!(draw(&mut hour, 2_050, TICK + 5).is_err(), "it is drawn once");
        assert!(hour.commit(5, [7; 32], 1, &set(), 2_051).is_err(), "no root comes after the draw");
        assert_eq!((hour.committed, hour.draw_from), (0b101, 2_010));
    }

    #[test]
    fn without_a_seat_the_draw_begins_when_the_time_for_roots_is_over() {
        let mut hour = hour();
        assert!(draw(&mut hour, 3_000, TICK + COMMIT_TIME).is_err(), "there is nothing to draw from");
        hour.commit(2, [6; 32], 8, &set(), 2_000).unwrap();
        assert!(draw(&mut hour, 3_000, TICK + COMMIT_TIME - 1).is_err());
        assert!(!draw(&mut hour, 3_000, TICK + COMMIT_TIME).unwrap());
        assert_eq!(hour.draw_from, 3_001);
        assert!(draw(&mut hour, 3_032, TICK + COMMIT_TIME).is_err());
        assert!(draw(&mut hour, 3_033, TICK + COMMIT_TIME).unwrap());
        assert_eq!(hour.drawn_slot, 3_033);
    }

    #[test]
    fn a_draw_whose_hash_is_forgotten_begins_again_until_the_hour_is_over() {
        let mut hour = hour();
        hour.draw_from = 3_000;
        // The earliest of 512 slots is 3,032: it may not be the first from then on that had a hash.
        assert!(!draw(&mut hour.clone(), 3_032 + 512, END - 1).unwrap());
        assert!(draw(&mut hour.clone(), 3_032 + 511, END - 1).unwrap());
        assert!(draw(&mut hour, 3_100, END).is_err());
    }

    #[test]
    fn roots_are_posted_until_the_end_of_the_hour_at_most() {
        let mut hour = hour();
        assert_eq!(hour.commit_until(), TICK + COMMIT_TIME);
        hour.ticked_at = END - 5;
        assert_eq!(hour.commit_until(), END);
    }
}
