use super::FIRST_HOUR;
use crate::errors::JobsError;
use anchor_lang::prelude::*;
use io_common::abi::PayoutKind;
use io_common::ids;

/// Places for mints in an offer's account.
pub const CURRENCIES: usize = MAX_CURRENCIES as usize;
/// Most mints that an offer can name.
#[constant]
pub const MAX_CURRENCIES: u8 = 4;
/// How far a booking's nonce may be ahead of the offer's; bounded, so that nobody can use the nonces up.
#[constant]
pub const NONCE_WINDOW: u64 = 256;
/// Seed of an offer: `["offer", node]`.
#[constant]
pub const OFFER_SEED: &[u8] = b"offer";

/// A supplier's terms.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferArgs {
    /// Micro-dollars per unit and hour.
    pub rate: u64,
    /// Shortest rental, seconds.
    pub min_seconds: u32,
    /// Longest rental, seconds, extensions included.
    pub max_seconds: u32,
    /// Whether bookings are taken.
    pub open: bool,
    /// What the supplier is paid in.
    pub payout: PayoutKind,
    /// Mints that jobs may be paid in; unused places are zeros.
    pub currencies: [Pubkey; CURRENCIES],
}

/// A node's terms and its lease: `["offer", node]`. Created once and never closed, so that the lease has
/// one place.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Offer {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// 1 while bookings are taken.
    pub open: u8,
    /// What the supplier is paid in.
    pub payout: PayoutKind,
    pub padding: [u8; 4],
    /// The node.
    pub node: Pubkey,
    /// The job that holds the lease, or zeros.
    pub lease_job: Pubkey,
    /// End of the lease, unix time.
    pub lease_until: i64,
    /// Nonce of the latest booking; only grows, so that no two jobs have the same address.
    pub nonce: u64,
    /// Micro-dollars per unit and hour.
    pub rate: u64,
    /// Shortest rental, seconds.
    pub min_seconds: u32,
    /// Longest rental, seconds, extensions included.
    pub max_seconds: u32,
    /// Mints that jobs may be paid in; unused places are zeros.
    pub currencies: [Pubkey; CURRENCIES],
    /// Number of the latest event.
    pub seq: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// The node's owner who made this offer; it does not bind a later owner.
    pub owner: Pubkey,
    pub reserved: [u8; 32],
}

impl Offer {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Takes the terms of the node's present owner.
    pub fn set(&mut self, owner: Pubkey, args: OfferArgs) -> Result<()> {
        require_gt!(args.rate, 0, JobsError::ZeroRate);
        require!(u64::from(args.min_seconds) >= FIRST_HOUR, JobsError::RentalTooShort);
        require_gte!(args.max_seconds, args.min_seconds, JobsError::RentalBoundsCrossed);
        require!(args.payout.is_known(), JobsError::UnknownPayout);
        require!(args.currencies.iter().any(|mint| *mint != Pubkey::default()), JobsError::NoCurrency);
        self.owner = owner;
        self.rate = args.rate;
        self.min_seconds = args.min_seconds;
        self.max_seconds = args.max_seconds;
        self.open = args.open.into();
        self.payout = args.payout;
        self.currencies = args.currencies;
        Ok(())
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Checks that the terms are those of the node's present owner.
    pub fn check_owner(&self, owner: &Pubkey) -> Result<()> {
        require_keys_eq!(self.owner, *owner, JobsError::FormerOwnersOffer);
        Ok(())
    }

    pub fn takes(&self, mint: &Pubkey) -> bool {
        *mint != Pubkey::default() && self.currencies.contains(mint)
    }

    /// The mint that the supplier is paid in when the renter pays in `mint`.
    pub fn paid_in(&self, mint: &Pubkey) -> Pubkey {
        if self.payout == PayoutKind::Io {
            ids::IO_MINT
        } else {
            *mint
        }
    }

    pub fn is_leased(&self, now: i64) -> bool {
        self.lease_job != Pubkey::default() && now < self.lease_until
    }

    /// Gives the lease to a new job until `until`.
    pub fn lease(&mut self, job: Pubkey, nonce: u64, seconds: u64, now: i64, until: i64) -> Result<()> {
        require!(self.open == 1, JobsError::OfferClosed);
        require!(!self.is_leased(now), JobsError::Leased);
        let range = u64::from(self.min_seconds)..=u64::from(self.max_seconds);
        require!(range.contains(&seconds), JobsError::DurationOutOfBounds);
        let next = self.nonce.saturating_add(1)..=self.nonce.saturating_add(NONCE_WINDOW);
        require!(next.contains(&nonce), JobsError::NonceOutOfBounds);
        self.nonce = nonce;
        self.lease_job = job;
        self.lease_until = until;
        Ok(())
    }

    /// Moves the end of a job's lease.
    pub fn hold_until(&mut self, job: &Pubkey, until: i64) -> Result<()> {
        require_keys_eq!(self.lease_job, *job, JobsError::LeaseLost);
        self.lease_until = until;
        Ok(())
    }

    /// Lets the job that has the lease keep it until `until`, for `seconds` in all: a new word of the
    /// supplier's, as a booking is.
    pub fn extend(&mut self, job: &Pubkey, seconds: u64, until: i64) -> Result<()> {
        require!(self.open == 1, JobsError::OfferClosed);
        require_gte!(u64::from(self.max_seconds), seconds, JobsError::DurationOutOfBounds);
        self.hold_until(job, until)
    }

    /// Ends a job's lease where it still has it.
    pub fn release(&mut self, job: &Pubkey, now: i64) {
        if self.lease_job == *job {
            self.lease_job = Pubkey::default();
            self.lease_until = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_common::{abi, assert_layout};

    fn offer() -> Offer {
        let mut offer: Offer = bytemuck::Zeroable::zeroed();
        let mut currencies = [Pubkey::default(); CURRENCIES];
        currencies[0] = Pubkey::new_unique();
        let (rate, min_seconds, max_seconds) = (1, 3_600, 86_400);
        offer
            .set(
                Pubkey::new_from_array([7; 32]),
                OfferArgs { rate, min_seconds, max_seconds, open: true, payout: PayoutKind::Io, currencies },
            )
            .unwrap();
        offer
    }

    #[test]
    fn terms_bind_only_the_owner_who_set_them() {
        let offer = offer();
        offer.check_owner(&Pubkey::new_from_array([7; 32])).unwrap();
        assert!(offer.check_owner(&Pubkey::new_unique()).is_err());
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(
            Offer,
            abi::Offer,
            [version, bump, open, payout, padding, node, lease_job, lease_until]
        );
    }

    #[test]
    fn a_leased_node_is_not_booked_twice_and_its_nonce_only_grows() {
        let (mut offer, first, second) = (offer(), Pubkey::new_unique(), Pubkey::new_unique());
        offer.lease(first, 3, 3_600, 100, 1_300).unwrap();
        assert!(offer.lease(second, 4, 3_600, 1_299, 9_999).is_err());
        assert!(offer.lease(second, 3, 3_600, 1_300, 9_999).is_err());
        assert!(offer.lease(second, 3 + NONCE_WINDOW + 1, 3_600, 1_300, 9_999).is_err());
        offer.lease(second, 4, 3_600, 1_300, 9_999).unwrap();
        assert!(offer.hold_until(&first, 1).is_err());
        offer.release(&first, 1);
        assert!(offer.is_leased(2_000));
        offer.release(&second, 2_000);
        assert!(!offer.is_leased(2_000));
    }

    #[test]
    fn an_extension_needs_an_open_offer_the_lease_and_room_below_the_longest_rental() {
        let (mut offer, job) = (offer(), Pubkey::new_unique());
        offer.lease(job, 1, 3_600, 100, 1_300).unwrap();
        assert!(offer.extend(&Pubkey::new_unique(), 7_200, 7_300).is_err());
        assert!(offer.extend(&job, 86_401, 86_501).is_err());
        offer.open = 0;
        assert!(offer.extend(&job, 86_400, 86_500).is_err());
        offer.open = 1;
        offer.extend(&job, 86_400, 86_500).unwrap();
        assert_eq!(offer.lease_until, 86_500);
    }

    #[test]
    fn a_mint_that_is_not_named_is_not_taken() {
        assert!(!offer().takes(&Pubkey::default()));
        assert!(!offer().takes(&Pubkey::new_unique()));
    }
}
