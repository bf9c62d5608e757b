use crate::errors::DistributorError;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;
use io_math::emission::END;
use io_math::vesting::{self, Schedule};
use io_math::DAY;

/// Longest time from a grant's creation to its start, seconds.
#[constant]
pub const MAX_AHEAD: i64 = 365 * DAY;
/// Longest time from a grant's start to its creation, seconds.
#[constant]
pub const MAX_BEHIND: i64 = END;
/// Shortest time between tranches, seconds.
#[constant]
pub const MIN_TRANCHE: u32 = vesting::SHORTEST;
/// Longest time between tranches, seconds.
#[constant]
pub const MAX_TRANCHE: u32 = vesting::LONGEST;
/// Seed of a grant: `["grant", id]`, the id in 8 bytes, little endian.
#[constant]
pub const GRANT_SEED: &[u8] = b"grant";

/// How much of a grant vests when; see `io_math::vesting`.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleArgs {
    /// Total, base units.
    pub total: u64,
    /// Part of the total that vests at the start, base units.
    pub upfront: u64,
    /// Unix time.
    pub start: i64,
    /// Seconds from the start to the time from which tranches count.
    pub cliff: u32,
    /// Seconds between tranches.
    pub period: u32,
    /// Number of equal parts of the rest; the last also has the remainder.
    pub tranches: u32,
}

/// A new grant.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantArgs {
    /// Who is paid.
    pub beneficiary: Pubkey,
    /// How much of it vests when.
    pub schedule: ScheduleArgs,
    /// Whether what has not vested can be taken back.
    pub revocable: bool,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
}

/// IO that vests over time, and the owner of the vault that holds it: `["grant", id]`.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// 1 where what has not vested can be taken back.
    pub revocable: u8,
    /// The genesis allocation that it is paid from.
    pub allocation: Allocation,
    /// Seconds from the start to the time from which tranches count.
    pub cliff: u32,
    /// Seconds between tranches.
    pub period: u32,
    /// Number of equal parts of what does not vest at the start; the last also has the remainder.
    pub tranches: u32,
    /// Part of the address.
    pub id: u64,
    /// Who is paid.
    pub beneficiary: Pubkey,
    /// Becomes the beneficiary when it accepts; all zeros while nobody is proposed.
    pub pending_beneficiary: Pubkey,
    /// The first beneficiary, who does not change when the grant passes on.
    pub granted_to: Pubkey,
    /// Token account that holds what is not yet released.
    pub vault: Pubkey,
    /// Total, base units.
    pub total: u64,
    /// Part of the total that vests at the start, base units.
    pub upfront: u64,
    /// Start of vesting, unix time.
    pub start: i64,
    /// Paid to beneficiaries so far, base units; never falls.
    pub released: u64,
    /// Returned to the treasury by a revocation, base units.
    pub returned: u64,
    /// When it was revoked, unix time; nothing vests later. 0 while it was not.
    pub revoked_at: i64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Grant {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Checks and takes the terms of a new grant.
    pub fn make(&mut self, args: &GrantArgs, now: i64) -> Result<()> {
        let GrantArgs { beneficiary, schedule, revocable, allocation } = *args;
        require_keys_neq!(beneficiary, Pubkey::default(), DistributorError::NoBeneficiary);
        require!(allocation.is_known(), DistributorError::UnknownAllocation);
        let starts = now.saturating_sub(MAX_BEHIND)..=now.saturating_add(MAX_AHEAD);
        require!(starts.contains(&schedule.start), DistributorError::StartOutOfRange);
        self.version = 1;
        self.revocable = revocable.into();
        self.allocation = allocation;
        self.beneficiary = beneficiary;
        self.granted_to = beneficiary;
        self.total = schedule.total;
        self.upfront = schedule.upfront;
        self.start = schedule.start;
        self.cliff = schedule.cliff;
        self.period = schedule.period;
        self.tranches = schedule.tranches;
        self.last_time = now;
        require!(self.schedule().is_sound(), DistributorError::UnsoundSchedule);
        Ok(())
    }

    fn schedule(&self) -> Schedule {
        let Self { total, upfront, start, cliff, period, tranches, .. } = *self;
        Schedule { total, upfront, start, cliff, period, tranches }
    }

    /// What has vested at `now`: never falls, and stays where a revocation found it.
    pub fn vested(&self, now: i64) -> u64 {
        let until = if self.revoked_at > 0 { now.min(self.revoked_at) } else { now };
        self.schedule().vested(until)
    }

    /// Takes out what has vested and was not released, and returns it.
    pub fn release(&mut self, now: i64) -> Result<u64> {
        self.last_time = now;
        let amount = self.vested(now).saturating_sub(self.released);
        require_gt!(amount, 0, DistributorError::NothingToRelease);
        self.released = self.released.checked_add(amount).ok_or(DistributorError::Overflow)?;
        Ok(amount)
    }

    /// Ends vesting at `now`, and returns what has not vested.
    pub fn revoke(&mut self, now: i64) -> Result<u64> {
        require!(self.revocable == 1, DistributorError::NotRevocable);
        require!(self.revoked_at == 0, DistributorError::AlreadyRevoked);
        self.last_time = now;
        let amount = self.total.saturating_sub(self.vested(now));
        require_gt!(amount, 0, DistributorError::NothingToRevoke);
        self.revoked_at = now;
        self.returned = amount;
        Ok(amount)
    }

    pub fn is_pending(&self, key: &Pubkey) -> bool {
        *key != Pubkey::default() && self.pending_beneficiary == *key
    }

    /// Makes the proposed successor the beneficiary.
    pub fn accept(&mut self) {
        self.beneficiary = self.pending_beneficiary;
        self.pending_beneficiary = Pubkey::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use io_common::{abi, assert_layout};
    use io_math::vesting::MONTH;

    const NOW: i64 = 1_800_000_000;

    fn args() -> GrantArgs {
        let month = u32::try_from(MONTH).unwrap();
        let schedule =
            ScheduleArgs { total: 1_000, upfront: 0, start: NOW, cliff: 0, period: month, tranches: 3 };
        GrantArgs {
            beneficiary: Pubkey::new_unique(),
            schedule,
            revocable: true,
            allocation: Allocation::Core,
        }
    }

    fn grant() -> Grant {
        let mut grant = Grant::zeroed();
        grant.make(&args(), NOW).unwrap();
        grant
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(
            Grant,
            abi::Grant,
            [
                version,
                bump,
                revocable,
                allocation,
                cliff,
                period,
                tranches,
                id,
                beneficiary,
                pending_beneficiary,
                granted_to,
                vault,
                total,
                upfront,
                start,
                released,
                returned
            ]
        );
    }

    #[test]
    fn what_a_grant_is_worth_is_what_is_left_of_it_while_nobody_else_is_named() {
        let (mut grant, heir) = (grant(), Pubkey::new_unique());
        let worth = |grant: &Grant| {
            let view: &abi::Grant =
                bytemuck::from_bytes(&bytemuck::bytes_of(grant)[..size_of::<abi::Grant>()]);
            [view.worth(&grant.beneficiary), view.worth(&heir)]
        };
        assert_eq!(worth(&grant), [Some(1_000), None]);
        grant.release(NOW + MONTH).unwrap();
        assert_eq!(worth(&grant), [Some(667), None]);
        grant.revoke(NOW + 2 * MONTH).unwrap();
        assert_eq!(worth(&grant), [Some(333), None]);
        grant.pending_beneficiary = grant.beneficiary;
        assert_eq!(worth(&grant), [Some(333), None]);
        grant.pending_beneficiary = heir;
        assert_eq!(worth(&grant), [None, None]);
        grant.accept();
        assert_eq!(worth(&grant), [Some(333), Some(333)]);
    }

    #[test]
    fn the_layout_is_what_clients_filter_by() {
        assert_eq!(Grant::SPACE, 8 + 280);
        assert_eq!(core::mem::offset_of!(Grant, id), 16);
        assert_eq!(core::mem::offset_of!(Grant, beneficiary), 24);
        assert_eq!(core::mem::offset_of!(Grant, granted_to), 88);
        assert_eq!(core::mem::offset_of!(Grant, total), 152);
        assert_eq!(core::mem::offset_of!(Grant, reserved), 216);
    }

    #[test]
    fn a_revocation_keeps_what_has_vested_and_returns_the_rest() {
        let mut grant = grant();
        assert_eq!(grant.release(NOW + MONTH), Ok(333));
        assert_eq!(grant.revoke(NOW + 2 * MONTH), Ok(334));
        // Between revocation and the end nothing more vests.
        assert_eq!(grant.vested(NOW + 9 * MONTH), 666);
        assert_eq!(grant.release(NOW + 9 * MONTH), Ok(333));
        assert_eq!(grant.released + grant.returned, grant.total);
        assert_eq!(grant.revoke(NOW + 9 * MONTH), Err(DistributorError::AlreadyRevoked.into()));
    }

    #[test]
    fn what_has_vested_in_full_cannot_be_revoked() {
        let mut full = grant();
        assert_eq!(full.revoke(NOW + 3 * MONTH), Err(DistributorError::NothingToRevoke.into()));
        let mut kept = grant();
        kept.revocable = 0;
        assert_eq!(kept.revoke(NOW), Err(DistributorError::NotRevocable.into()));
    }

    #[test]
    fn nobody_is_pending_until_named() {
        let mut grant = grant();
        assert!(!grant.is_pending(&Pubkey::default()));
        let next = Pubkey::new_unique();
        grant.pending_beneficiary = next;
        assert!(grant.is_pending(&next));
        grant.accept();
        assert!(grant.beneficiary == next && !grant.is_pending(&next));
    }

    #[test]
    fn any_rhythm_of_releases_pays_the_same_and_never_more() {
        let third = MONTH / 3;
        // Each bit says whether it is released after so many thirds of a month.
        for rhythm in 0..1 << 12 {
            for revoked in [2, 3, 5, 6, 8, i64::MAX] {
                let mut grant = grant();
                let (mut paid, mut returned) = (0, 0);
                for step in 0..12 {
                    let now = NOW + step * third;
                    if step == revoked {
                        returned += grant.revoke(now).unwrap();
                    }
                    if rhythm >> step & 1 == 1 {
                        paid += grant.release(now).unwrap_or(0);
                        assert_eq!(paid, grant.vested(now));
                    }
                    assert_eq!((paid, returned), (grant.released, grant.returned));
                    assert!(paid <= grant.vested(now) && grant.vested(now) + returned <= 1_000);
                }
                paid += grant.release(NOW + 4 * MONTH).unwrap_or(0);
                assert_eq!(paid + returned, 1_000);
            }
        }
    }
}
