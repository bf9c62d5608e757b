use super::{Class, Leaving, Node, Slots};
use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::Snapshot;
use io_math::reward::accrue;

/// Seed of a position: `["position", node, holder]`.
#[constant]
pub const POSITION_SEED: &[u8] = b"position";

/// What a position's holder is owed, and what it is reckoned from, after an instruction.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionSums {
    /// Shares that are no longer active, and still share rewards of hours in which they were.
    pub late: u64,
    /// Rewards settled and not yet claimed, base units.
    pub due: u64,
    /// The node's accumulator when rewards were last settled: u128, Q64.64, little endian.
    pub entry: [u8; 16],
    /// Fraction of a base unit left by that settlement, in 2^-64.
    pub fraction: u64,
}

/// One co-staker's shares on one node: `["position", node, holder]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Position {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// The node.
    pub node: Pubkey,
    /// The co-staker who holds it.
    pub holder: Pubkey,
    /// Shares that earn and vote.
    pub active: u64,
    /// Shares that do not earn yet.
    pub pending: u64,
    /// When the pending shares were last added to, unix time.
    pub pending_at: i64,
    /// Shares that are no longer active, and still share rewards of hours in which they were.
    pub late: u64,
    /// Shares on their way out; can still be slashed.
    pub cooling: Slots,
    /// The node's accumulator when rewards were last settled: u128, Q64.64, little endian.
    pub entry: [u8; 16],
    /// Fraction of a base unit left by that settlement, in 2^-64.
    pub fraction: u64,
    /// Rewards settled and not yet claimed, base units.
    pub due: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Active shares by week.
    pub snapshot: Snapshot,
    pub reserved: [u8; 64],
}

impl Position {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Its own sums, for events.
    pub fn sums(&self) -> PositionSums {
        let Self { late, due, entry, fraction, .. } = *self;
        PositionSums { late, due, entry, fraction }
    }

    /// Books the rewards since the last settlement, before every change of `active`, and ends late weights that
    /// are due.
    pub fn settle(&mut self, node: &mut Node, now: i64) -> Result<()> {
        let acc = node.co.accumulator().acc;
        let entry = u128::from_le_bytes(self.entry);
        let weight = self.active.checked_add(self.late).ok_or(StakingError::Overflow)?;
        let (earned, fraction) = accrue(weight, acc, entry, self.fraction).ok_or(StakingError::Overflow)?;
        self.due = self.due.checked_add(earned).ok_or(StakingError::Overflow)?;
        self.fraction = fraction;
        self.entry = acc.to_le_bytes();
        if self.late > 0 {
            let ended = self.cooling.end_weights(node.settled_through(now))?;
            self.late = self.late.checked_sub(ended).ok_or(StakingError::Overflow)?;
            node.co.late = node.co.late.checked_sub(ended).ok_or(StakingError::Overflow)?;
        }
        Ok(())
    }

    /// Whether the node was credited past the pending shares.
    fn is_ready(&self, node: &Node) -> bool {
        self.pending > 0 && node.credited_through >= self.pending_at
    }

    /// Adds pending shares; the node has taken the tokens.
    pub fn stake(&mut self, node: &Node, amount: u64, now: i64) -> Result<()> {
        // Only the holder's own top-up sends pending stake back to wait, and not what is ready.
        require!(!self.is_ready(node), StakingError::ActivateFirst);
        self.pending = self.pending.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.pending_at = now;
        Ok(())
    }

    /// Makes the pending shares active and returns them.
    pub fn activate(&mut self, node: &mut Node, now: i64) -> Result<u64> {
        require!(self.pending > 0, StakingError::NothingPending);
        require!(!node.is_terminal(), StakingError::NodeTerminal);
        require!(self.is_ready(node), StakingError::StillPending);
        self.settle(node, now)?;
        let amount = core::mem::take(&mut self.pending);
        self.active = self.active.checked_add(amount).ok_or(StakingError::Overflow)?;
        node.co.pending = node.co.pending.checked_sub(amount).ok_or(StakingError::Overflow)?;
        node.co.active = node.co.active.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.snapshot.set(now, self.active);
        node.record_co(now);
        Ok(amount)
    }

    /// Makes the pending shares active if they are due, and ends late weights that are.
    pub fn settle_changes(&mut self, node: &mut Node, now: i64) -> Result<Option<u64>> {
        if self.is_ready(node) && !node.is_terminal() {
            return self.activate(node, now).map(Some);
        }
        self.settle(node, now)?;
        Ok(None)
    }

    /// Takes `amount` shares off: pending ones leave at once, active ones cool. Returns tokens that
    /// leave now and shares that cool.
    pub fn unstake(&mut self, node: &mut Node, amount: u64, now: i64, cooldown: i64) -> Result<Leaving> {
        let staked = self.active.checked_add(self.pending).ok_or(StakingError::Overflow)?;
        require_gte!(staked, amount, StakingError::MoreThanStaked);
        self.settle(node, now)?;
        let pending = amount.min(self.pending);
        let cooling = amount.saturating_sub(pending);
        self.pending = self.pending.saturating_sub(pending);
        node.co.pending = node.co.pending.checked_sub(pending).ok_or(StakingError::Overflow)?;
        let tokens = if pending > 0 {
            node.check_co_exit()?;
            node.co.redeem(pending)?
        } else {
            0
        };
        if cooling > 0 {
            self.active = self.active.saturating_sub(cooling);
            self.late = self.late.checked_add(cooling).ok_or(StakingError::Overflow)?;
            self.cooling.put(cooling, now, now.saturating_add(cooldown))?;
            node.co.active = node.co.active.checked_sub(cooling).ok_or(StakingError::Overflow)?;
            node.co.late = node.co.late.checked_add(cooling).ok_or(StakingError::Overflow)?;
            self.snapshot.set(now, self.active);
            node.record_co(now);
        }
        Ok(Leaving { now: tokens, cooling })
    }

    /// Redeems the shares that are ready and returns their tokens.
    pub fn withdraw(&mut self, node: &mut Node, now: i64) -> Result<u64> {
        self.settle(node, now)?;
        let ready = self.cooling.take_ready(now)?;
        require!(ready > 0, StakingError::NothingReady);
        node.check_co_exit()?;
        node.co.redeem(ready)
    }

    /// Turns rewards into pending stake, as much as there is room for, and returns it.
    pub fn compound(&mut self, node: &mut Node, class: &Class, now: i64) -> Result<u64> {
        self.settle(node, now)?;
        require!(self.due > 0, StakingError::NothingToClaim);
        let amount = self.due.min(node.co_room(class, now)?);
        node.co_stake(class, amount.max(1), now)?;
        self.stake(node, amount, now)?;
        self.due = self.due.checked_sub(amount).ok_or(StakingError::Overflow)?;
        node.co.owed = node.co.owed.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(amount)
    }

    /// Takes the rewards out and returns them.
    pub fn claim(&mut self, node: &mut Node, now: i64) -> Result<u64> {
        self.settle(node, now)?;
        let amount = core::mem::take(&mut self.due);
        require!(amount > 0, StakingError::NothingToClaim);
        node.co.owed = node.co.owed.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{class, Bounds, Earned};
    use io_math::{DAY, IO};

    fn zeroed<T: bytemuck::Zeroable>() -> T {
        T::zeroed()
    }

    fn node() -> Node {
        let mut node: Node = zeroed();
        node.units = 1;
        (node.minimum, node.highest) = (200 * IO, 200 * IO);
        node.own.active = 500 * IO;
        node.credited_through = 1;
        node
    }

    fn credit(node: &mut Node, lifetime: u64, through: i64) {
        let bounds = Bounds { most: u64::MAX, hour_bps: 96 };
        node.credit(Earned { lifetime, through, height: 1 }, bounds, node.last_credit_at + 600).unwrap();
    }

    fn staked(node: &mut Node, amount: u64) -> Position {
        let mut position: Position = zeroed();
        node.co_stake(&class(10_000), amount, 1).unwrap();
        position.stake(node, amount, 1).unwrap();
        position.activate(node, 1).unwrap();
        position
    }

    #[test]
    fn the_stake_that_votes_lies_where_governance_reads_it() {
        use core::mem::offset_of;
        use io_common::abi::{self, View};
        for (own, read) in [
            (offset_of!(Position, node), offset_of!(abi::Position, node)),
            (offset_of!(Position, holder), offset_of!(abi::Position, holder)),
            (offset_of!(Position, snapshot), offset_of!(abi::Position, snapshot)),
            (offset_of!(Position, active), offset_of!(abi::PositionWorth, active)),
            (offset_of!(Position, pending), offset_of!(abi::PositionWorth, pending)),
            (offset_of!(Position, cooling), offset_of!(abi::PositionWorth, cooling)),
            (size_of::<Slots>(), size_of::<[abi::CoolingSlot; crate::state::SLOTS]>()),
            (offset_of!(Position, entry), offset_of!(abi::PositionWorth, entry)),
            (offset_of!(Position, fraction), offset_of!(abi::PositionWorth, fraction)),
            (offset_of!(Position, due), offset_of!(abi::PositionWorth, due)),
        ] {
            assert_eq!(own, read);
        }
        assert_eq!(Position::DISCRIMINATOR, abi::Position::DISCRIMINATOR);
    }

    #[test]
    fn rewards_are_shared_by_active_shares_only() {
        // Powers of two, so that no fraction is carried.
        let mut node = node();
        node.own.active = 5 << 33;
        let mut early = staked(&mut node, 1 << 33);
        credit(&mut node, 600, 10);
        let mut late = staked(&mut node, 1 << 33);
        credit(&mut node, 1_300, 20);
        // A sixth of the first 600; then a seventh of 700 each.
        assert_eq!(early.claim(&mut node, 0).unwrap(), 200);
        assert_eq!(late.claim(&mut node, 0).unwrap(), 100);
        assert_eq!(node.co.owed, 0);
        assert!(late.claim(&mut node, 0).is_err());
    }

    #[test]
    fn a_fraction_of_a_unit_is_carried_to_the_next_claim() {
        let mut node = node();
        let mut position = staked(&mut node, 100 * IO);
        let mut claimed = 0;
        for hour in 1..=600 {
            credit(&mut node, 7 * hour, 10 + hour as i64);
            claimed += position.claim(&mut node, 0).unwrap_or(0);
        }
        // Each credit of 7 gives ⌊7 / 6⌋ = 1 to the co-stakers; all of it arrives but the last fraction.
        assert_eq!((claimed, node.co.owed), (599, 1));
    }

    #[test]
    fn pending_shares_leave_at_once_and_active_ones_cool() {
        let mut node = node();
        let mut position = staked(&mut node, 100 * IO);
        node.co_stake(&class(10_000), 20 * IO, 5).unwrap();
        position.stake(&node, 20 * IO, 5).unwrap();
        let leaving = position.unstake(&mut node, 50 * IO, 5, 14 * DAY).unwrap();
        assert_eq!(leaving, Leaving { now: 20 * IO, cooling: 30 * IO });
        assert_eq!((node.co.tokens, node.co.active, node.co.pending), (100 * IO, 70 * IO, 0));
        assert_eq!((position.late, node.co.late), (30 * IO, 30 * IO));
        assert!(position.withdraw(&mut node, 14 * DAY).is_err());
        assert_eq!(position.withdraw(&mut node, 14 * DAY + 5).unwrap(), 30 * IO);
        assert_eq!((node.co.tokens, node.co.shares), (70 * IO, 70 * IO));
    }

    #[test]
    fn co_stakers_wait_while_proposals_exceed_the_owners_side() {
        let mut node = node();
        let mut position = staked(&mut node, 100 * IO);
        position.unstake(&mut node, 100 * IO, 5, 14 * DAY).unwrap();
        node.frozen = 500 * IO + 1;
        assert!(position.withdraw(&mut node, 15 * DAY).is_err());
    }

    #[test]
    fn who_leaves_keeps_their_part_of_the_hours_in_which_they_were_there() {
        let mut node = node();
        node.own.active = 1 << 35;
        let mut leaver = staked(&mut node, 1 << 34);
        let mut stayer = staked(&mut node, 1 << 34);
        leaver.unstake(&mut node, 1 << 34, 5_000, 14 * DAY).unwrap();
        assert_eq!((leaver.snapshot.now, node.co_snapshot.now), (0, 1 << 34));
        credit(&mut node, 400, 3_600);
        credit(&mut node, 800, 7_200);
        leaver.settle(&mut node, 0).unwrap();
        assert_eq!((leaver.due, leaver.late, node.co.late), (200, 0, 0));
        // A third of the next 300 each for the owner's two parts and the one that stays.
        credit(&mut node, 1_100, 10_800);
        assert_eq!((leaver.claim(&mut node, 0).unwrap(), stayer.claim(&mut node, 0).unwrap()), (200, 300));
        assert_eq!(node.co.owed, 0);
    }

    #[test]
    fn pending_shares_become_active_on_a_retired_node_but_only_by_a_credit() {
        let mut node = node();
        let mut position: Position = zeroed();
        node.co_stake(&class(10_000), IO, 50).unwrap();
        position.stake(&node, IO, 50).unwrap();
        node.retire(60).unwrap();
        assert_eq!(position.settle_changes(&mut node, 400 * DAY).unwrap(), None);
        credit(&mut node, 0, 3_600);
        assert_eq!(position.settle_changes(&mut node, 400 * DAY).unwrap(), Some(IO));
        assert_eq!((position.snapshot.now, node.co_snapshot.now), (IO, 0));
    }
}
