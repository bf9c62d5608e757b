use super::Claims;
use crate::errors::DistributorError;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;
use io_common::merkle;
use io_math::DAY;

/// Shortest time in which an airdrop can be claimed, seconds.
#[constant]
pub const MIN_CLAIMING: i64 = 7 * DAY;
/// Longest time in which an airdrop can be claimed, seconds.
#[constant]
pub const MAX_CLAIMING: i64 = 1_461 * DAY;
/// Prefix of an airdrop's leaf in its hash, after a zero byte.
#[constant]
pub const AIRDROP_DOMAIN: &[u8] = merkle::AIRDROP;
/// Seed of an airdrop: `["airdrop", id]`, the id in 8 bytes, little endian.
#[constant]
pub const AIRDROP_SEED: &[u8] = b"airdrop";

/// A new airdrop.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AirdropArgs {
    /// Merkle root of the leaves.
    pub root: [u8; 32],
    /// Number of leaves.
    pub leaves: u32,
    /// Sum of the leaves, base units.
    pub total: u64,
    /// Until when it can be claimed, unix time.
    pub deadline: i64,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
}

/// A leaf with its place and proof.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct ClaimArgs {
    /// Number of the leaf, from 0.
    pub index: u32,
    /// Amount, base units.
    pub amount: u64,
    /// One hash a level, from the leaf up.
    pub proof: Vec<[u8; 32]>,
}

/// IO for the claimants in a Merkle tree, and the owner of the vault that holds it: `["airdrop", id]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Airdrop {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
    /// 1 when what was left has gone to the treasury.
    pub reclaimed: u8,
    /// Number of leaves.
    pub leaves: u32,
    /// Part of the address.
    pub id: u64,
    /// Merkle root of the leaves.
    pub root: [u8; 32],
    /// Token account that holds what is not yet claimed.
    pub vault: Pubkey,
    /// Paid the vault's rent.
    pub payer: Pubkey,
    /// Put into the vault, base units.
    pub total: u64,
    /// Claimed so far, base units; never falls.
    pub claimed: u64,
    /// Leaves claimed so far.
    pub claims: u64,
    /// Gone to the treasury, base units.
    pub returned: u64,
    /// When claims end and the rest can be reclaimed, unix time.
    pub deadline: i64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Airdrop {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Checks and takes the terms of a new airdrop.
    pub fn make(&mut self, args: &AirdropArgs, now: i64) -> Result<()> {
        let AirdropArgs { root, leaves, total, deadline, allocation } = *args;
        require!(allocation.is_known(), DistributorError::UnknownAllocation);
        require_gt!(total, 0, DistributorError::ZeroAmount);
        require_gt!(leaves, 0, DistributorError::NoLeaves);
        let deadlines = now.saturating_add(MIN_CLAIMING)..=now.saturating_add(MAX_CLAIMING);
        require!(deadlines.contains(&deadline), DistributorError::DeadlineOutOfRange);
        self.version = 1;
        self.allocation = allocation;
        self.leaves = leaves;
        self.root = root;
        self.total = total;
        self.deadline = deadline;
        self.last_time = now;
        Ok(())
    }

    /// Checks that claims are still taken.
    pub fn check_running(&self, now: i64) -> Result<()> {
        require!(now < self.deadline, DistributorError::AirdropOver);
        Ok(())
    }

    /// Checks the number of an account of claims.
    pub fn check_chunk(&self, number: u32) -> Result<()> {
        require!(number <= Claims::number_of(self.leaves.saturating_sub(1)), DistributorError::UnknownChunk);
        Ok(())
    }

    /// Books a claim of a leaf of the airdrop at `key`.
    pub fn claim(
        &mut self,
        claims: &mut Claims,
        key: &Pubkey,
        claimant: &Pubkey,
        args: &ClaimArgs,
        now: i64,
    ) -> Result<()> {
        self.check_running(now)?;
        self.last_time = now;
        require!(args.index < self.leaves, DistributorError::UnknownIndex);
        require_gt!(args.amount, 0, DistributorError::ZeroAmount);
        claims.mark(args.index)?;
        let leaf = merkle::airdrop_leaf(key, args.index, claimant, args.amount);
        let levels = usize::try_from(merkle::depth(self.leaves)) == Ok(args.proof.len());
        let stands = levels && merkle::verify(&self.root, leaf, args.index, &args.proof);
        require!(stands, DistributorError::WrongProof);
        self.claimed = self.claimed.checked_add(args.amount).ok_or(DistributorError::Exhausted)?;
        require_gte!(self.total, self.claimed, DistributorError::Exhausted);
        self.claims = self.claims.saturating_add(1);
        Ok(())
    }

    /// Ends the airdrop after its deadline, and returns what nobody claimed.
    pub fn reclaim(&mut self, now: i64) -> Result<u64> {
        require!(self.reclaimed == 0, DistributorError::AlreadyReclaimed);
        require_gte!(now, self.deadline, DistributorError::AirdropRunning);
        self.last_time = now;
        self.reclaimed = 1;
        self.returned = self.total.saturating_sub(self.claimed);
        Ok(self.returned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::CHUNK;
    use bytemuck::Zeroable;

    const NOW: i64 = 1_800_000_000;

    fn args() -> AirdropArgs {
        AirdropArgs {
            root: [0; 32],
            leaves: 1,
            total: 10,
            deadline: NOW + MIN_CLAIMING,
            allocation: Allocation::Community,
        }
    }

    /// An airdrop whose one leaf says `amount`.
    fn airdrop(key: &Pubkey, claimant: &Pubkey, amount: u64) -> Airdrop {
        let mut airdrop = Airdrop::zeroed();
        let root = merkle::airdrop_leaf(key, 0, claimant, amount);
        airdrop.make(&AirdropArgs { root, ..args() }, NOW).unwrap();
        airdrop
    }

    fn leaf(amount: u64) -> ClaimArgs {
        ClaimArgs { index: 0, amount, proof: vec![] }
    }

    #[test]
    fn the_layout_is_what_clients_filter_by() {
        assert_eq!(Airdrop::SPACE, 8 + 232);
        assert_eq!(core::mem::offset_of!(Airdrop, id), 8);
        assert_eq!(core::mem::offset_of!(Airdrop, root), 16);
        assert_eq!(core::mem::offset_of!(Airdrop, total), 112);
        assert_eq!(core::mem::offset_of!(Airdrop, reserved), 168);
    }

    #[test]
    fn a_leaf_is_paid_once_to_whom_it_names() {
        let (key, claimant) = (Pubkey::new_unique(), Pubkey::new_unique());
        let mut airdrop = airdrop(&key, &claimant, 7);
        let mut claims = Claims::zeroed();
        let other = Pubkey::new_unique();
        let wrong = Err(DistributorError::WrongProof.into());
        assert_eq!(airdrop.claim(&mut Claims::zeroed(), &key, &other, &leaf(7), NOW), wrong);
        assert_eq!(airdrop.claim(&mut Claims::zeroed(), &other, &claimant, &leaf(7), NOW), wrong);
        assert_eq!(airdrop.claim(&mut Claims::zeroed(), &key, &claimant, &leaf(8), NOW), wrong);
        assert_eq!(airdrop.claim(&mut claims, &key, &claimant, &leaf(7), NOW), Ok(()));
        let again = airdrop.claim(&mut claims, &key, &claimant, &leaf(7), NOW);
        assert_eq!(again, Err(DistributorError::AlreadyClaimed.into()));
        assert_eq!((airdrop.claimed, airdrop.claims), (7, 1));
    }

    #[test]
    fn a_proof_has_the_depth_of_the_tree() {
        let (key, claimant) = (Pubkey::new_unique(), Pubkey::new_unique());
        let mut airdrop = airdrop(&key, &claimant, 7);
        airdrop.leaves = 2;
        let short = airdrop.claim(&mut Claims::zeroed(), &key, &claimant, &leaf(7), NOW);
        assert_eq!(short, Err(DistributorError::WrongProof.into()));
    }

    #[test]
    fn leaves_that_say_more_than_was_funded_are_not_all_paid() {
        let (key, claimant) = (Pubkey::new_unique(), Pubkey::new_unique());
        let mut airdrop = airdrop(&key, &claimant, 11);
        let most = airdrop.claim(&mut Claims::zeroed(), &key, &claimant, &leaf(11), NOW);
        assert_eq!(most, Err(DistributorError::Exhausted.into()));
    }

    #[test]
    fn claims_end_when_the_rest_can_be_reclaimed() {
        let (key, claimant) = (Pubkey::new_unique(), Pubkey::new_unique());
        let mut airdrop = airdrop(&key, &claimant, 7);
        let deadline = airdrop.deadline;
        assert_eq!(airdrop.reclaim(deadline - 1), Err(DistributorError::AirdropRunning.into()));
        let late = airdrop.claim(&mut Claims::zeroed(), &key, &claimant, &leaf(7), deadline);
        assert_eq!(late, Err(DistributorError::AirdropOver.into()));
        assert_eq!(airdrop.reclaim(deadline), Ok(10));
        assert_eq!(airdrop.reclaim(deadline), Err(DistributorError::AlreadyReclaimed.into()));
    }

    #[test]
    fn an_airdrop_has_a_total_leaves_and_a_fair_deadline() {
        let mut airdrop = Airdrop::zeroed();
        for (wrong, error) in [
            (AirdropArgs { total: 0, ..args() }, DistributorError::ZeroAmount),
            (AirdropArgs { leaves: 0, ..args() }, DistributorError::NoLeaves),
            (AirdropArgs { allocation: Allocation::of(6), ..args() }, DistributorError::UnknownAllocation),
            (
                AirdropArgs { deadline: NOW + MIN_CLAIMING - 1, ..args() },
                DistributorError::DeadlineOutOfRange,
            ),
            (
                AirdropArgs { deadline: NOW + MAX_CLAIMING + 1, ..args() },
                DistributorError::DeadlineOutOfRange,
            ),
        ] {
            assert_eq!(airdrop.make(&wrong, NOW), Err(error.into()));
        }
        airdrop.leaves = CHUNK + 1;
        assert_eq!((airdrop.check_chunk(1), airdrop.check_chunk(2).is_err()), (Ok(()), true));
        airdrop.leaves = CHUNK;
        assert!(airdrop.check_chunk(1).is_err());
    }
}
