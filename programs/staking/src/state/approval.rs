use crate::errors::StakingError;
use anchor_lang::prelude::*;
use core::cell::RefMut;
use io_common::abi::AttesterSet;
use io_math::DAY;

/// How long seats have from the first approval on, and how long what they approved together can be done, seconds;
/// later ones begin anew.
#[constant]
pub const APPROVAL_TIME: i64 = 7 * DAY;
/// How long before a node is lowered its owner is told: since the approval that reached the threshold, seconds.
#[constant]
pub const LOWER_NOTICE: i64 = DAY;
/// Seed of the approvals of a device's identity: `["identity", device, digest]`.
#[constant]
pub const IDENTITY_SEED: &[u8] = b"identity";
/// Seed of the approvals of a lower class: `["lower", node, its class, the lower class]`, classes in 2 bytes, little
/// endian.
#[constant]
pub const LOWER_SEED: &[u8] = b"lower";

/// Which seats have approved one thing: its address says what. Nobody can be in the way of another thing by approving
/// this one.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Approval {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Bit i: seat i has approved.
    pub seats: u16,
    /// The attester set whose approvals count.
    pub set_version: u32,
    /// When the first of them came, unix time; 0 while there is none.
    pub opened_at: i64,
    /// When they reached the threshold, unix time; 0 while they have not.
    pub reached_at: i64,
    pub reserved: [u8; 40],
}

impl Approval {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The account, begun where it is new.
    pub fn opened<'a>(account: &'a AccountLoader<Self>, bump: u8) -> Result<RefMut<'a, Self>> {
        let fresh = account.as_ref().try_borrow_data()?.iter().take(8).all(|byte| *byte == 0);
        if !fresh {
            return account.load_mut();
        }
        let mut made = account.load_init()?;
        (made.version, made.bump) = (1, bump);
        Ok(made)
    }

    /// Whether its approvals count: of this set, of after a time, and not too old.
    fn stands(&self, set: &AttesterSet, since: i64, now: i64) -> bool {
        let latest = self.opened_at.max(self.reached_at);
        let fresh = self.opened_at >= since && now <= latest.saturating_add(APPROVAL_TIME);
        self.set_version == set.set_version && fresh
    }

    /// Adds a seat's approval, and returns the weight of all that count: none of before `since` does.
    pub fn approve(&mut self, set: &AttesterSet, seat: u8, since: i64, now: i64) -> Result<u32> {
        if self.seats == 0 || !self.stands(set, since, now) {
            self.clear();
            self.set_version = set.set_version;
            self.opened_at = now;
        }
        let bit = 1u16.checked_shl(seat.into()).ok_or(StakingError::Overflow)?;
        require!(self.seats & bit == 0, StakingError::AlreadyApproved);
        self.seats |= bit;
        let weight = set.weight_of(self.seats);
        if self.reached_at == 0 && weight >= set.threshold {
            self.reached_at = now;
        }
        Ok(weight)
    }

    /// Whether they reach the threshold.
    pub fn is_reached(&self, set: &AttesterSet, now: i64) -> bool {
        self.reached_at != 0 && self.stands(set, 0, now)
    }

    /// From when on a node can be lowered by them, unix time; 0 while they do not reach the threshold.
    pub fn due_at(&self) -> i64 {
        if self.reached_at == 0 {
            0
        } else {
            self.reached_at.saturating_add(LOWER_NOTICE)
        }
    }

    /// Checks that they reach the threshold and did so long enough ago, and that none is of before a device's
    /// present owner took it up, at `since`.
    pub fn check_due(&self, set: &AttesterSet, since: i64, now: i64) -> Result<()> {
        require!(self.is_reached(set, now), StakingError::NotApproved);
        require_gte!(self.opened_at, since, StakingError::ApprovedBeforeOwner);
        require_gte!(now, self.due_at(), StakingError::NoticeRuns);
        Ok(())
    }

    /// Nothing is approved any more: it was done.
    pub fn clear(&mut self) {
        (self.seats, self.opened_at, self.reached_at) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(set_version: u32, weights: &[u32], threshold: u32) -> AttesterSet {
        let mut set: AttesterSet = bytemuck::Zeroable::zeroed();
        (set.set_version, set.threshold, set.seats) = (set_version, threshold, 4);
        for (kept, weight) in set.weights.iter_mut().zip(weights) {
            *kept = *weight;
        }
        set
    }

    fn approval() -> Approval {
        bytemuck::Zeroable::zeroed()
    }

    #[test]
    fn seats_approve_once_each_and_reach_the_threshold_by_weight() {
        let set = set(3, &[1, 0, 4, 2], 6);
        let mut approval = approval();
        assert!(!approval.is_reached(&set, 0));
        assert_eq!(approval.approve(&set, 3, 0, 10).unwrap(), 2);
        assert!(approval.approve(&set, 3, 0, 11).is_err());
        assert!(!approval.is_reached(&set, 11));
        assert_eq!(approval.approve(&set, 2, 0, 12).unwrap(), 6);
        assert_eq!((approval.seats, approval.opened_at, approval.reached_at), (0b1100, 10, 12));
        assert!(approval.is_reached(&set, 12));
        assert_eq!(approval.approve(&set, 0, 0, 13).unwrap(), 7);
        assert_eq!(approval.reached_at, 12, "a further seat moves nothing");
        approval.clear();
        assert!(!approval.is_reached(&set, 12));
    }

    #[test]
    fn approvals_of_another_set_or_of_more_than_a_week_ago_do_not_count() {
        let (old, new) = (set(3, &[1, 1], 2), set(4, &[1, 1], 2));
        let mut approval = approval();
        approval.approve(&old, 0, 0, 10).unwrap();
        let mut same = approval;
        same.approve(&old, 1, 0, 10 + APPROVAL_TIME).unwrap();
        assert!(same.is_reached(&old, 10 + 2 * APPROVAL_TIME), "a week from the threshold's on");
        assert!(!same.is_reached(&old, 11 + 2 * APPROVAL_TIME));
        assert!(!same.is_reached(&new, 10 + APPROVAL_TIME));
        let mut late = approval;
        assert_eq!(late.approve(&old, 1, 0, 11 + APPROVAL_TIME).unwrap(), 1);
        assert_eq!(approval.approve(&new, 1, 0, 11).unwrap(), 1);
        assert_eq!(approval.approve(&new, 0, 0, 12).unwrap(), 2);
    }

    #[test]
    fn a_node_is_lowered_a_day_after_the_threshold_was_reached_and_not_without_it() {
        let set = set(1, &[1, 1], 2);
        let mut approval = approval();
        approval.approve(&set, 0, 0, 10).unwrap();
        assert_eq!(approval.due_at(), 0);
        assert!(approval.check_due(&set, 0, 10 + LOWER_NOTICE).is_err());
        approval.approve(&set, 1, 0, 500).unwrap();
        assert!(approval.check_due(&set, 0, 499 + LOWER_NOTICE).is_err());
        approval.check_due(&set, 0, 500 + LOWER_NOTICE).unwrap();
    }

    #[test]
    fn approvals_of_before_a_devices_owner_count_for_nothing_and_hold_no_later_ones_up() {
        let set = set(1, &[1, 1], 2);
        let mut approval = approval();
        approval.approve(&set, 0, 0, 10).unwrap();
        approval.approve(&set, 1, 0, 20).unwrap();
        let due = 20 + LOWER_NOTICE;
        approval.check_due(&set, 10, due).unwrap();
        assert!(approval.check_due(&set, 11, due).is_err(), "the first of them is older");
        assert_eq!(approval.approve(&set, 0, 11, 30).unwrap(), 1);
        assert_eq!((approval.opened_at, approval.reached_at), (30, 0));
    }
}
