use super::{Class, Device, Slots};
use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::abi::{CreditFreeze, LastProof, NodeState, Pool};
use io_common::Snapshot;
use io_math::reward::{split, Accumulator, Split};
use io_math::slash::Reach;
use io_math::{shares, BPS, DAY};

/// Pending stake becomes active after this long even when the node is credited nothing, seconds.
#[constant]
pub const ACTIVATION: i64 = 14 * DAY;
/// Most processors of a node.
#[constant]
pub const MAX_UNITS: u8 = 8;
/// Most that a commission may rise at once, bps.
#[constant]
pub const COMMISSION_STEP_BPS: u16 = 500;
/// Seed of a node's offer in the jobs program: `["offer", node]`.
#[constant]
pub const OFFER_SEED: &[u8] = b"offer";
/// Seed of a node: `["node", its first device]`.
#[constant]
pub const NODE_SEED: &[u8] = b"node";
/// Seed of a node's token account: `["vault", node]`.
#[constant]
pub const VAULT_SEED: &[u8] = b"vault";

/// What a node says of itself when it registers.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeArgs {
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// Region, ISO 3166-1 numeric.
    pub region: u16,
    /// Memory in GiB.
    pub memory_gib: u32,
    /// Link speed in Mbit/s.
    pub link_mbps: u32,
}

/// The owner's side, in tokens.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnerSide {
    /// Earns and votes.
    pub active: u64,
    /// Counts for caps and can be slashed, but earns nothing yet.
    pub pending: u64,
    /// When the pending stake was last added to.
    pub pending_at: i64,
    /// On its way out; can still be slashed.
    pub cooling: Slots,
    /// Rewards not yet claimed; can be slashed.
    pub due: u64,
}

impl OwnerSide {
    /// All that a slash can reach.
    pub fn total(&self) -> Result<u64> {
        [self.pending, self.cooling.total()?, self.due]
            .iter()
            .try_fold(self.active, |sum, part| sum.checked_add(*part))
            .ok_or(error!(StakingError::Overflow))
    }
}

/// The co-stakers' side: positions hold shares of `tokens`.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CoSide {
    /// Tokens behind all shares: active, pending and cooling.
    pub tokens: u64,
    /// All shares: active, pending and cooling.
    pub shares: u64,
    /// Shares that earn and vote.
    pub active: u64,
    /// Shares that do not earn yet.
    pub pending: u64,
    /// Rewards credited to co-stakers and not yet claimed.
    pub owed: u64,
    /// Reward per active share since the beginning: u128, Q64.64, little endian.
    pub acc: [u8; 16],
    /// Remainder of its last division: u128, little endian.
    pub rem: [u8; 16],
}

impl CoSide {
    pub fn accumulator(&self) -> Accumulator {
        Accumulator { acc: u128::from_le_bytes(self.acc), rem: u128::from_le_bytes(self.rem) }
    }

    fn set_accumulator(&mut self, accumulator: Accumulator) {
        self.acc = accumulator.acc.to_le_bytes();
        self.rem = accumulator.rem.to_le_bytes();
    }

    /// Takes shares out and returns the tokens that they stand for.
    pub fn redeem(&mut self, amount: u64) -> Result<u64> {
        let tokens = shares::redeem(amount, self.tokens, self.shares).ok_or(StakingError::Overflow)?;
        self.shares = self.shares.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.tokens = self.tokens.checked_sub(tokens).ok_or(StakingError::Overflow)?;
        Ok(tokens)
    }
}

/// A node's sums after an instruction; with what cools, is due and is owed they make up its vault.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeTotals {
    /// The owner's active stake, base units of IO, as are all sums of tokens here.
    pub own_active: u64,
    /// The owner's pending stake.
    pub own_pending: u64,
    /// The owner's stake on its way out.
    pub own_cooling: u64,
    /// The owner's rewards that are not yet claimed.
    pub own_due: u64,
    /// Tokens behind all co-stakers' shares.
    pub co_tokens: u64,
    /// All co-stakers' shares.
    pub co_shares: u64,
    /// Shares that earn and vote.
    pub co_active: u64,
    /// Shares that do not earn yet.
    pub co_pending: u64,
    /// Co-stakers' rewards that are not yet claimed.
    pub co_owed: u64,
}

/// How much leaves at once and how much cools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    pub now: u64,
    pub cooling: u64,
}

/// A node and the stake on it: `["node", its first device]`. Never closed: what was
/// credited to it stays counted when its device registers again.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Node {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Whether it takes part.
    pub state: NodeState,
    /// Processors.
    pub units: u8,
    /// Number of its hardware class.
    pub class: u16,
    /// The kind of hardware of its class.
    pub pool: Pool,
    /// 1 when its first device is banned: it is neither listed nor hired, and earns nothing more.
    pub banned: u8,
    /// Its owner.
    pub owner: Pubkey,
    /// The jobs program's offer account of this node, which carries the lease.
    pub offer: Pubkey,
    /// Signs for the device.
    pub device_key: Pubkey,
    /// Rewards credited in the node's whole life, base units; never falls.
    pub credited: u64,
    /// Its latest compute proof.
    pub last_proof: LastProof,
    /// The owner's minimum for its processors, base units, as of the latest instruction that read its class.
    pub minimum: u64,
    /// The owner's side.
    pub own: OwnerSide,
    /// Its first processor, which gives it its address.
    pub device: Pubkey,
    /// Token account that holds exactly [`Node::vault_total`].
    pub vault: Pubkey,
    /// Network account that registered the node in bulk, or zeros.
    pub network: Pubkey,
    /// Number of the latest event.
    pub seq: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// When its present owner registered or reopened it, unix time.
    pub registered_at: i64,
    /// Time up to which rewards were credited; never falls.
    pub credited_through: i64,
    /// No credit before this time, while a challenge is open.
    pub credit_frozen_until: i64,
    /// No credit from reports before this one: an upheld challenge has shown a leaf to be wrong.
    pub min_report_seq: u64,
    /// No challenge before this time but the guardian's: the last one lapsed undecided.
    pub quiet_until: i64,
    /// Sum of the open slash proposals.
    pub frozen: u64,
    /// When `next_commission_bps` begins to apply; 0 when no change is coming.
    pub commission_at: i64,
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// The commission that applies from `commission_at` on, bps.
    pub next_commission_bps: u16,
    /// Region, ISO 3166-1 numeric, as the owner says.
    pub region: u16,
    /// Open challenges, which hold its credit back together.
    pub challenges: u16,
    /// Memory in GiB, as the owner says.
    pub memory_gib: u32,
    /// Link speed in Mbit/s, as the owner says.
    pub link_mbps: u32,
    /// The co-stakers' side.
    pub co: CoSide,
    /// The owner's active stake by week; none on a terminal node.
    pub own_snapshot: Snapshot,
    /// The co-stakers' active stake by week; none on a terminal node.
    pub co_snapshot: Snapshot,
    /// When it was last retired.
    pub retired_at: i64,
    pub reserved: [u8; 120],
}

impl Node {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn is_live(&self) -> bool {
        self.state == NodeState::Live
    }

    pub fn is_retired(&self) -> bool {
        self.state == NodeState::Retired
    }

    pub fn is_terminal(&self) -> bool {
        self.state == NodeState::Terminal
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Active stake of both sides.
    pub fn active(&self) -> Result<u64> {
        self.own.active.checked_add(self.co.active).ok_or(error!(StakingError::Overflow))
    }

    /// Active stake that the shards sum and that votes: none on a terminal node.
    pub fn counted(&self) -> Result<u64> {
        if self.is_terminal() {
            return Ok(0);
        }
        self.active()
    }

    /// What a slash can reach.
    pub fn reach(&self) -> Reach {
        Reach {
            due: self.own.due,
            active: self.own.active,
            pending: self.own.pending,
            cooling: self.own.cooling.slots.map(|slot| slot.amount),
            co: self.co.tokens,
        }
    }

    /// The owner's side and the co-stakers' tokens: the most that proposals can hold back.
    pub fn slashable(&self) -> Result<u64> {
        self.own.total()?.checked_add(self.co.tokens).ok_or(error!(StakingError::Overflow))
    }

    /// Holds `amount` back for a slash proposal.
    pub fn freeze(&mut self, amount: u64) -> Result<()> {
        let frozen = self.frozen.checked_add(amount).ok_or(StakingError::Overflow)?;
        require_gte!(self.slashable()?, frozen, StakingError::SlashAboveStake);
        self.frozen = frozen;
        Ok(())
    }

    /// Holds `amount` back no longer.
    pub fn thaw(&mut self, amount: u64) -> Result<()> {
        self.frozen = self.frozen.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Takes a frozen `amount` from the owner's side, then from the co-stakers, which ends the node.
    pub fn slash(&mut self, amount: u64, now: i64) -> Result<()> {
        self.thaw(amount)?;
        let left = self.reach().take(amount).ok_or(StakingError::SlashAboveStake)?;
        self.own.due = left.due;
        self.own.active = left.active;
        self.own.pending = left.pending;
        for (slot, amount) in self.own.cooling.slots.iter_mut().zip(left.cooling) {
            slot.amount = amount;
        }
        if left.co < self.co.tokens {
            self.co.tokens = left.co;
            self.state = NodeState::Terminal;
            self.co_snapshot.set(now, 0);
        }
        let voting = if self.is_terminal() { 0 } else { self.own.active };
        self.own_snapshot.set(now, voting);
        Ok(())
    }

    /// What the vault holds, to the base unit.
    pub fn vault_total(&self) -> Result<u64> {
        [self.co.tokens, self.co.owed]
            .iter()
            .try_fold(self.own.total()?, |sum, part| sum.checked_add(*part))
            .ok_or(error!(StakingError::Overflow))
    }

    /// Both sides' sums, for events.
    pub fn totals(&self) -> Result<NodeTotals> {
        Ok(NodeTotals {
            own_active: self.own.active,
            own_pending: self.own.pending,
            own_cooling: self.own.cooling.total()?,
            own_due: self.own.due,
            co_tokens: self.co.tokens,
            co_shares: self.co.shares,
            co_active: self.co.active,
            co_pending: self.co.pending,
            co_owed: self.co.owed,
        })
    }

    /// Adds to the owner's pending stake.
    pub fn stake(&mut self, class: &Class, amount: u64, now: i64) -> Result<()> {
        require_gte!(self.room(class)?, amount, StakingError::MaximumStake);
        self.settle_own_pending(now)?;
        self.own.pending = self.own.pending.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.own.pending_at = now;
        Ok(())
    }

    /// Adds to the co-stakers' pending stake; the position follows.
    pub fn co_stake(&mut self, class: &Class, amount: u64) -> Result<()> {
        require_gte!(self.room(class)?, amount, StakingError::MaximumStake);
        require_gte!(self.co_room(class)?, amount, StakingError::CoStakeAboveHalf);
        let co = &mut self.co;
        co.pending = co.pending.checked_add(amount).ok_or(StakingError::Overflow)?;
        co.shares = co.shares.checked_add(amount).ok_or(StakingError::Overflow)?;
        co.tokens = co.tokens.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// How much more both sides together may stake.
    fn room(&self, class: &Class) -> Result<u64> {
        let staked = [self.own.pending, self.co.active, self.co.pending]
            .iter()
            .try_fold(self.own.active, |sum, part| sum.checked_add(*part))
            .ok_or(StakingError::Overflow)?;
        Ok(class.maximum_stake(self.units)?.saturating_sub(staked))
    }

    /// How much more the co-stakers may stake: up to the maximum, and up to the owner's stake.
    pub fn co_room(&self, class: &Class) -> Result<u64> {
        let own = self.own.active.checked_add(self.own.pending).ok_or(StakingError::Overflow)?;
        let co = self.co.active.checked_add(self.co.pending).ok_or(StakingError::Overflow)?;
        Ok(self.room(class)?.min(own.saturating_sub(co)))
    }

    /// Whether stake pending since `pending_at` may earn: once the node was credited past it, after 14
    /// days, or at once where nothing is active that it could take rewards from.
    pub fn may_activate(&self, pending_at: i64, now: i64) -> Result<bool> {
        Ok(self.credited_through >= pending_at
            || now >= pending_at.saturating_add(ACTIVATION)
            || self.active()? == 0)
    }

    /// Before a top-up moves `pending_at`: what had waited long enough is not sent back to wait. It is
    /// refused only where the caller must activate first, to keep the vote snapshots right.
    fn settle_own_pending(&self, now: i64) -> Result<()> {
        let waiting = self.own.pending > 0 && self.may_activate(self.own.pending_at, now)?;
        require!(!waiting, StakingError::ActivateFirst);
        Ok(())
    }

    /// Makes the owner's pending stake active and returns it.
    pub fn activate(&mut self, now: i64) -> Result<u64> {
        require!(self.own.pending > 0, StakingError::NothingPending);
        require!(self.may_activate(self.own.pending_at, now)?, StakingError::StillPending);
        require!(!self.is_terminal(), StakingError::NodeTerminal);
        let amount = core::mem::take(&mut self.own.pending);
        self.own.active = self.own.active.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.own_snapshot.set(now, self.own.active);
        Ok(amount)
    }

    /// Takes `amount` off the owner's stake: pending first and then what exceeds the minimum and the
    /// co-stake, at once; the rest cools.
    pub fn unstake(
        &mut self,
        class: &Class,
        amount: u64,
        leased: bool,
        now: i64,
        cooldown: i64,
    ) -> Result<Leaving> {
        let staked = self.own.active.checked_add(self.own.pending).ok_or(StakingError::Overflow)?;
        require_gte!(staked, amount, StakingError::MoreThanStaked);
        let minimum = class.minimum_stake(self.units)?;
        let co = self.co.active.checked_add(self.co.pending).ok_or(StakingError::Overflow)?;
        let pending = amount.min(self.own.pending);
        let rest = amount.saturating_sub(pending);
        let excess = rest.min(self.own.active.saturating_sub(minimum.max(co)));
        let cooling = rest.saturating_sub(excess);
        let left = self.own.active.saturating_sub(rest);
        if leased {
            // Pending stake may be what makes up the minimum.
            let stays = left.saturating_add(self.own.pending.saturating_sub(pending));
            require_gte!(stays, minimum, StakingError::LeaseLocksMinimum);
        }
        let leaving = pending.checked_add(excess).ok_or(StakingError::Overflow)?;
        self.check_frozen(leaving)?;
        self.own.pending = self.own.pending.saturating_sub(pending);
        self.own.active = left;
        self.own.cooling.put(cooling, now.saturating_add(cooldown))?;
        if !self.is_terminal() {
            self.own_snapshot.set(now, left);
        }
        Ok(Leaving { now: leaving, cooling })
    }

    /// Lets the owner's ready stake leave and returns it.
    pub fn withdraw(&mut self, now: i64) -> Result<u64> {
        let amount = self.own.cooling.take_ready(now)?;
        require!(amount > 0, StakingError::NothingReady);
        // The slots are empty already: what is left must cover the proposals.
        self.check_frozen(0)?;
        Ok(amount)
    }

    /// Lets the owner's rewards leave and returns them.
    pub fn claim(&mut self) -> Result<u64> {
        let amount = core::mem::take(&mut self.own.due);
        require!(amount > 0, StakingError::NothingToClaim);
        self.check_frozen(0)?;
        Ok(amount)
    }

    /// Turns the owner's rewards into pending stake, as much as there is room for, and returns it.
    pub fn compound(&mut self, class: &Class, now: i64) -> Result<u64> {
        require!(self.own.due > 0, StakingError::NothingToClaim);
        let amount = self.own.due.min(self.room(class)?);
        self.stake(class, amount.max(1), now)?;
        self.own.due = self.own.due.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(amount)
    }

    /// Nothing leaves the owner's side below the open slash proposals.
    fn check_frozen(&self, leaving: u64) -> Result<()> {
        if self.frozen > 0 {
            let kept = self.own.total()?.saturating_sub(leaving);
            require_gte!(kept, self.frozen, StakingError::Frozen);
        }
        Ok(())
    }

    /// Co-stakers wait only while the proposals exceed the owner's side, which loses first.
    pub fn check_co_exit(&self) -> Result<()> {
        require_gte!(self.own.total()?, self.frozen, StakingError::CoExitFrozen);
        Ok(())
    }

    /// Credits a report's leaf: what the node earned in its life, of which it was credited a part, but no more
    /// than `most` now. Returns the newly credited amount and how the two sides share it. What had to wait
    /// is credited later by the same leaf, or a newer one; until then the node is not credited past it.
    pub fn credit(&mut self, lifetime: u64, through: i64, most: u64, now: i64) -> Result<(u64, Split)> {
        require!(!self.is_terminal(), StakingError::NodeTerminal);
        require_gt!(self.active()?, 0, StakingError::NoActiveStake);
        let reward = self.creditable(lifetime, most, now)?;
        let commission = self.commission_until(through);
        let parts =
            split(reward, self.own.active, self.co.active, commission).ok_or(StakingError::Overflow)?;
        if parts.co > 0 {
            let next = self.co.accumulator().add(parts.co, self.co.active).ok_or(StakingError::Overflow)?;
            self.co.set_accumulator(next);
        }
        self.co.owed = self.co.owed.checked_add(parts.co).ok_or(StakingError::Overflow)?;
        self.own.due = self.own.due.checked_add(parts.owner).ok_or(StakingError::Overflow)?;
        self.count(reward, lifetime, through)?;
        Ok((reward, parts))
    }

    /// How much of a leaf is credited now.
    fn creditable(&self, lifetime: u64, most: u64, now: i64) -> Result<u64> {
        require_gte!(now, self.credit_frozen_until, StakingError::CreditFrozen);
        let owed = lifetime.saturating_sub(self.credited);
        if owed > 0 && most == 0 {
            return Err(error!(StakingError::CreditLimit).with_values((most, owed)));
        }
        Ok(owed.min(most))
    }

    /// Counts what was credited of a leaf; all of it brings the node to the leaf's time.
    fn count(&mut self, reward: u64, lifetime: u64, through: i64) -> Result<()> {
        self.credited = self.credited.checked_add(reward).ok_or(StakingError::Overflow)?;
        if self.credited >= lifetime {
            self.credited_through = self.credited_through.max(through);
            self.settle_commission();
        }
        Ok(())
    }

    /// The commission for rewards up to `through`; across a change the lower rate applies.
    fn commission_until(&self, through: i64) -> u16 {
        if self.commission_at == 0 || through < self.commission_at {
            self.commission_bps
        } else if self.credited_through < self.commission_at {
            self.commission_bps.min(self.next_commission_bps)
        } else {
            self.next_commission_bps
        }
    }

    /// A change of the commission that lies wholly behind becomes the rate.
    fn settle_commission(&mut self) {
        if self.commission_at != 0 && self.credited_through >= self.commission_at {
            self.commission_bps = self.next_commission_bps;
            self.commission_at = 0;
        }
    }

    /// Announces a commission for `from` on: at most five points above the present one.
    pub fn set_commission(&mut self, bps: u16, now: i64, from: i64) -> Result<()> {
        require!(u64::from(bps) <= BPS, StakingError::CommissionOutOfBounds);
        // A change whose date has passed applies at the next credit; until then it must not be forgotten.
        let open = self.commission_at != 0 && now >= self.commission_at;
        require!(!open, StakingError::CommissionUndecided);
        let highest = self.commission_bps.saturating_add(COMMISSION_STEP_BPS);
        require_gte!(highest, bps, StakingError::CommissionStep);
        self.next_commission_bps = bps;
        self.commission_at = from;
        Ok(())
    }

    /// Counts rewards that a terminal node's leaf proves, no more than `most` now; they are to be burned.
    pub fn forfeit(&mut self, lifetime: u64, through: i64, most: u64, now: i64) -> Result<u64> {
        require!(self.is_terminal(), StakingError::NodeNotTerminal);
        let amount = self.creditable(lifetime, most, now)?;
        require_gt!(amount, 0, StakingError::NothingToClaim);
        self.count(amount, lifetime, through)?;
        Ok(amount)
    }

    /// Takes a processor in.
    pub fn attach(&mut self) -> Result<()> {
        require_gt!(MAX_UNITS, self.units, StakingError::TooManyDevices);
        self.units = self.units.saturating_add(1);
        Ok(())
    }

    /// Gives a processor up.
    pub fn detach(&mut self) -> Result<()> {
        require_gt!(self.units, 1, StakingError::LastDevice);
        self.units = self.units.saturating_sub(1);
        Ok(())
    }

    /// Leaves the market; stake and rewards go their usual ways.
    pub fn retire(&mut self, now: i64) -> Result<()> {
        require!(self.is_live(), StakingError::NodeNotLive);
        self.state = NodeState::Retired;
        self.retired_at = now;
        Ok(())
    }

    /// Comes back to the market for its device's owner. What was credited stays counted, and co-stakers
    /// keep what they have.
    pub fn reopen(&mut self, device: &Device, pool: Pool, args: NodeArgs, now: i64) -> Result<()> {
        let passed_on = self.owner != device.owner;
        if passed_on {
            // Another owner begins with an empty side, to which no proposal reaches.
            require!(self.own.total()? == 0 && self.frozen == 0, StakingError::NodeNotEmpty);
            self.network = Pubkey::default();
        }
        // The others are of the former owner, or of the former class.
        let alone = self.units == 1 || !passed_on && self.class == device.class;
        require!(alone, StakingError::DevicesAttached);
        let co = self.co.active.checked_add(self.co.pending).ok_or(StakingError::Overflow)?;
        let announced = (self.commission_at, self.next_commission_bps);
        if co > 0 {
            // Co-stakers came for this commission: it changes with notice, or not at all.
            require!(args.commission_bps == self.commission_bps, StakingError::CommissionNotice);
        }
        self.describe(args)?;
        if co > 0 {
            (self.commission_at, self.next_commission_bps) = announced;
        } else {
            self.commission_at = 0;
        }
        self.state = NodeState::Live;
        self.owner = device.owner;
        self.device_key = device.device_key;
        self.class = device.class;
        self.pool = pool;
        self.registered_at = now;
        Ok(())
    }

    /// Takes the whole side of an owner whose device has passed on, a cooldown after the node was retired.
    pub fn expel(&mut self, now: i64, cooldown: i64) -> Result<u64> {
        require!(self.is_retired(), StakingError::NodeNotRetired);
        require_gte!(now, self.retired_at.saturating_add(cooldown), StakingError::OwnerStays);
        let amount = self.own.total()?;
        require!(amount > 0, StakingError::NothingReady);
        self.own = OwnerSide::default();
        self.check_frozen(0)?;
        self.own_snapshot.set(now, 0);
        Ok(amount)
    }

    /// Applies what a challenge does to the node's credit.
    pub fn freeze_credit(&mut self, freeze: &CreditFreeze) -> Result<()> {
        let may = freeze.lifted || freeze.guardian || self.last_time >= self.quiet_until;
        require!(may, StakingError::ChallengedLately);
        self.quiet_until = self.quiet_until.max(freeze.quiet_until);
        let open =
            if freeze.lifted { self.challenges.checked_sub(1) } else { self.challenges.checked_add(1) };
        self.challenges = open.ok_or(StakingError::Overflow)?;
        self.credit_frozen_until = self.credit_frozen_until.max(freeze.until);
        if self.challenges == 0 {
            self.credit_frozen_until = 0;
        }
        self.min_report_seq = self.min_report_seq.max(freeze.min_report_seq);
        Ok(())
    }

    /// Accepts a registration's own words about the node.
    pub fn describe(&mut self, args: NodeArgs) -> Result<()> {
        require!(u64::from(args.commission_bps) <= BPS, StakingError::CommissionOutOfBounds);
        self.commission_bps = args.commission_bps;
        self.next_commission_bps = args.commission_bps;
        self.region = args.region;
        self.memory_gib = args.memory_gib;
        self.link_mbps = args.link_mbps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::class;
    use io_common::abi;
    use io_math::IO;

    const COOLDOWN: i64 = 14 * DAY;
    /// No limit.
    const ANY: u64 = u64::MAX;

    fn node(own: u64, co: u64) -> Node {
        let mut node: Node = bytemuck::Zeroable::zeroed();
        node.units = 1;
        node.own.active = own;
        node.co.active = co;
        node.co.shares = co;
        node.co.tokens = co;
        node
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        use core::mem::offset_of;
        let own = [
            ("version", offset_of!(Node, version)),
            ("bump", offset_of!(Node, bump)),
            ("state", offset_of!(Node, state)),
            ("units", offset_of!(Node, units)),
            ("class", offset_of!(Node, class)),
            ("pool", offset_of!(Node, pool)),
            ("banned", offset_of!(Node, banned)),
            ("owner", offset_of!(Node, owner)),
            ("offer", offset_of!(Node, offer)),
            ("device_key", offset_of!(Node, device_key)),
            ("credited", offset_of!(Node, credited)),
            ("last_proof", offset_of!(Node, last_proof)),
            ("minimum", offset_of!(Node, minimum)),
            ("owner_active", offset_of!(Node, own.active)),
        ];
        let (fields, size) = abi::Node::LAYOUT;
        assert_eq!(own.as_slice(), fields);
        assert!(size <= size_of::<Node>());
        assert_eq!(Node::DISCRIMINATOR, <abi::Node as abi::View>::DISCRIMINATOR);
    }

    #[test]
    fn the_stake_that_votes_lies_where_governance_reads_it() {
        use core::mem::offset_of;
        for (own, read) in [
            (offset_of!(Node, state), offset_of!(abi::NodeStake, state)),
            (offset_of!(Node, owner), offset_of!(abi::NodeStake, owner)),
            (offset_of!(Node, registered_at), offset_of!(abi::NodeStake, registered_at)),
            (offset_of!(Node, own_snapshot), offset_of!(abi::NodeStake, own_snapshot)),
            (offset_of!(Node, co_snapshot), offset_of!(abi::NodeStake, co_snapshot)),
        ] {
            assert_eq!(own, read);
        }
    }

    #[test]
    fn the_maximum_binds_both_sides_together() {
        // Minimum 200 IO, maximum 1,000 IO.
        let mut node = node(600 * IO, 300 * IO);
        assert!(node.stake(&class(10_000), 100 * IO + 1, 0).is_err());
        assert!(node.co_stake(&class(10_000), 100 * IO + 1).is_err());
        node.co_stake(&class(10_000), 100 * IO).unwrap();
        assert_eq!(node.co.pending, 100 * IO);
    }

    #[test]
    fn co_stake_is_at_most_half() {
        let mut node = node(200 * IO, 150 * IO);
        assert!(node.co_stake(&class(10_000), 50 * IO + 1).is_err());
        node.co_stake(&class(10_000), 50 * IO).unwrap();
        assert!(node.co_stake(&class(10_000), 1).is_err());
    }

    #[test]
    fn what_exceeds_the_minimum_and_the_co_stake_leaves_at_once() {
        let mut node = node(500 * IO, 300 * IO);
        node.own.pending = 10 * IO;
        let leaving = node.unstake(&class(10_000), 410 * IO, false, 0, COOLDOWN).unwrap();
        assert_eq!(leaving, Leaving { now: 210 * IO, cooling: 200 * IO });
        assert_eq!((node.own.active, node.own.pending), (100 * IO, 0));
        assert!(node.withdraw(COOLDOWN - 1).is_err());
        assert_eq!(node.withdraw(COOLDOWN).unwrap(), 200 * IO);
    }

    #[test]
    fn a_lease_locks_the_minimum_and_no_more() {
        let mut node = node(500 * IO, 0);
        assert!(node.unstake(&class(10_000), 300 * IO + 1, true, 0, COOLDOWN).is_err());
        node.unstake(&class(10_000), 300 * IO, true, 0, COOLDOWN).unwrap();
        node.own.pending = IO;
        node.unstake(&class(10_000), IO, true, 0, COOLDOWN).unwrap();
        (node.own.active, node.own.pending) = (50 * IO, 250 * IO);
        assert!(node.unstake(&class(10_000), 100 * IO + 1, true, 0, COOLDOWN).is_err());
        node.unstake(&class(10_000), 100 * IO, true, 0, COOLDOWN).unwrap();
    }

    #[test]
    fn nothing_leaves_the_owners_side_below_the_open_proposals() {
        let mut node = node(500 * IO, 0);
        node.frozen = 300 * IO;
        assert!(node.unstake(&class(10_000), 201 * IO, false, 0, COOLDOWN).is_err());
        node.unstake(&class(10_000), 200 * IO, false, 0, COOLDOWN).unwrap();
        node.own.due = 5;
        assert_eq!(node.claim().unwrap(), 5);
        node.frozen = 300 * IO + 1;
        node.own.due = 1;
        assert!(node.claim().is_err());
        assert!(node.check_co_exit().is_err());
    }

    #[test]
    fn a_leaf_is_credited_once_and_missed_hours_heal() {
        let mut node = node(600, 400);
        node.commission_bps = 1_000;
        assert_eq!(node.credit(100, 3_600, ANY, 0).unwrap(), (100, Split { owner: 64, co: 36 }));
        assert_eq!(node.credit(100, 7_200, ANY, 0).unwrap().0, 0);
        assert_eq!(node.credited_through, 7_200);
        assert_eq!(node.credit(350, 14_400, ANY, 0).unwrap().0, 250);
        assert_eq!(node.credit(300, 10_800, ANY, 0).unwrap().0, 0);
        assert_eq!((node.credited, node.credited_through), (350, 14_400));
        assert_eq!(node.own.due + node.co.owed, 350);
    }

    #[test]
    fn a_credit_across_a_change_of_commission_uses_the_lower_rate() {
        let mut node = node(500, 500);
        (node.commission_bps, node.next_commission_bps, node.commission_at) = (1_000, 2_000, 7_200);
        assert_eq!(node.credit(100, 3_600, ANY, 0).unwrap().1.co, 45);
        assert_eq!(node.credit(200, 10_800, ANY, 0).unwrap().1.co, 45);
        assert_eq!(node.credit(300, 14_400, ANY, 0).unwrap().1.co, 40);
    }

    #[test]
    fn what_exceeds_the_limit_waits_and_is_credited_by_the_same_leaf() {
        let mut node = node(500, 500);
        (node.commission_bps, node.next_commission_bps, node.commission_at) = (2_000, 1_000, 7_200);
        // The lower commission of the two holds for every part of the leaf, and nothing is skipped.
        assert_eq!(node.credit(300, 10_800, 100, 9).unwrap(), (100, Split { owner: 55, co: 45 }));
        assert_eq!((node.credited, node.credited_through, node.commission_bps), (100, 0, 2_000));
        assert!(node.credit(300, 10_800, 0, 9).is_err());
        assert_eq!(node.credit(300, 10_800, 100, 9).unwrap().1.co, 45);
        assert_eq!(node.credit(300, 10_800, 200, 9).unwrap(), (100, Split { owner: 55, co: 45 }));
        assert_eq!((node.credited, node.credited_through, node.commission_bps), (300, 10_800, 1_000));
        // A leaf without a new reward needs no room.
        assert_eq!(node.credit(300, 14_400, 0, 9).unwrap().0, 0);
        assert_eq!(node.credited_through, 14_400);
    }

    #[test]
    fn nothing_is_credited_without_active_stake_or_while_frozen() {
        let mut idle = node(0, 0);
        assert!(idle.credit(1, 1, ANY, 0).is_err());
        let mut frozen = node(1, 0);
        frozen.credit_frozen_until = 10;
        assert!(frozen.credit(1, 1, ANY, 9).is_err());
        frozen.credit(1, 1, ANY, 10).unwrap();
    }

    #[test]
    fn a_slash_takes_the_owners_side_first_and_ends_the_node_beyond_it() {
        let mut node = node(500, 300);
        (node.own.due, node.own.pending) = (10, 20);
        node.own.cooling.put(70, 5).unwrap();
        node.freeze(550).unwrap();
        node.slash(550, 9).unwrap();
        assert_eq!((node.own.due, node.own.active, node.own.pending), (0, 0, 0));
        assert_eq!((node.own.cooling.total().unwrap(), node.co.tokens, node.frozen), (50, 300, 0));
        assert!(node.is_live());
        assert!(node.freeze(351).is_err());
        node.freeze(200).unwrap();
        node.slash(200, 9).unwrap();
        assert_eq!((node.co.tokens, node.co.shares, node.state), (150, 300, NodeState::Terminal));
        assert_eq!(node.counted().unwrap(), 0);
        // Half of the tokens are left for each share, and the last one out takes all.
        assert_eq!(node.co.redeem(101).unwrap(), 50);
        assert_eq!(node.co.redeem(199).unwrap(), 100);
    }

    #[test]
    fn the_end_of_one_challenge_leaves_the_freeze_of_another() {
        let mut node = node(1, 0);
        let freeze = |until, lifted| CreditFreeze { until, lifted, ..CreditFreeze::default() };
        for until in [70, 90] {
            node.freeze_credit(&freeze(until, false)).unwrap();
        }
        // Whichever of them ends: the earlier, the later, or one that ends at the same time.
        node.freeze_credit(&freeze(0, true)).unwrap();
        assert_eq!((node.credit_frozen_until, node.challenges), (90, 1));
        node.freeze_credit(&freeze(90, false)).unwrap();
        node.freeze_credit(&freeze(0, true)).unwrap();
        assert_eq!(node.credit_frozen_until, 90);
        node.freeze_credit(&freeze(0, true)).unwrap();
        assert_eq!((node.credit_frozen_until, node.challenges), (0, 0));
        assert!(node.freeze_credit(&freeze(0, true)).is_err());
    }

    #[test]
    fn after_a_challenge_that_lapsed_only_the_guardian_makes_another_for_a_while() {
        let mut node = node(0, 0);
        node.freeze_credit(&CreditFreeze { until: 7, ..CreditFreeze::default() }).unwrap();
        node.freeze_credit(&CreditFreeze { lifted: true, quiet_until: 37, ..CreditFreeze::default() })
            .unwrap();
        let another = CreditFreeze { until: 50, ..CreditFreeze::default() };
        node.last_time = 36;
        assert_eq!(node.freeze_credit(&another), Err(StakingError::ChallengedLately.into()));
        node.freeze_credit(&CreditFreeze { guardian: true, ..another }).unwrap();
        node.last_time = 37;
        node.freeze_credit(&another).unwrap();
    }

    #[test]
    fn a_terminal_node_is_credited_nothing_and_its_leaf_is_forfeit() {
        let mut node = node(0, 300);
        node.freeze(1).unwrap();
        node.slash(1, 0).unwrap();
        assert!(node.credit(100, 1, ANY, 0).is_err());
        node.credit_frozen_until = 5;
        assert!(node.forfeit(100, 1, ANY, 4).is_err());
        assert_eq!(node.forfeit(100, 1, ANY, 5).unwrap(), 100);
        assert!(node.forfeit(100, 2, ANY, 6).is_err());
    }

    #[test]
    fn a_commission_rises_by_five_points_at_most_and_not_twice_at_once() {
        let mut node = node(1, 1);
        node.commission_bps = 1_000;
        assert!(node.set_commission(1_501, 0, 100).is_err());
        node.set_commission(1_500, 0, 100).unwrap();
        node.set_commission(200, 99, 199).unwrap();
        assert!(node.set_commission(300, 199, 299).is_err(), "the change of 199 is not applied yet");
        node.credit(0, 199, ANY, 199).unwrap();
        node.set_commission(300, 200, 300).unwrap();
        assert_eq!((node.commission_bps, node.next_commission_bps), (200, 300));
    }

    fn device(owner: Pubkey, class: u16) -> Device {
        let mut device: Device = bytemuck::Zeroable::zeroed();
        (device.owner, device.class) = (owner, class);
        device
    }

    fn args(commission_bps: u16) -> NodeArgs {
        NodeArgs { commission_bps, region: 1, memory_gib: 1, link_mbps: 1 }
    }

    #[test]
    fn reopening_neither_changes_co_stakers_commission_nor_activates_anything() {
        let mut node = node(500, 300);
        (node.commission_bps, node.commission_at, node.next_commission_bps) = (1_000, 70, 1_500);
        (node.credited, node.credited_through) = (9, 4);
        let mine = device(node.owner, 0);
        node.retire(5).unwrap();
        assert!(node.reopen(&mine, Pool::Gpu, args(10_000), 6).is_err());
        node.reopen(&mine, Pool::Gpu, args(1_000), 6).unwrap();
        assert_eq!((node.commission_bps, node.commission_at, node.next_commission_bps), (1_000, 70, 1_500));
        assert_eq!((node.credited, node.credited_through), (9, 4));
        (node.co.active, node.co.shares, node.co.tokens) = (0, 0, 0);
        node.retire(7).unwrap();
        node.reopen(&mine, Pool::Gpu, args(10_000), 8).unwrap();
        assert_eq!((node.commission_bps, node.commission_at), (10_000, 0));
    }

    #[test]
    fn another_owner_begins_with_an_empty_side_and_one_processor() {
        let mut node = node(500, 300);
        (node.units, node.network) = (2, Pubkey::new_unique());
        let theirs = device(Pubkey::new_unique(), 7);
        node.retire(5).unwrap();
        assert!(node.reopen(&theirs, Pool::Cpu, args(0), 6).is_err(), "500 are the first owner's");
        assert!(node.expel(5 + COOLDOWN - 1, COOLDOWN).is_err());
        node.frozen = 1;
        assert!(node.clone().expel(5 + COOLDOWN, COOLDOWN).is_err(), "a proposal holds it back");
        node.frozen = 0;
        assert_eq!(node.expel(5 + COOLDOWN, COOLDOWN).unwrap(), 500);
        assert_eq!((node.own.total().unwrap(), node.own_snapshot.now), (0, 0));
        assert!(
            node.reopen(&theirs, Pool::Cpu, args(0), 6).is_err(),
            "the other processor is the first owner's"
        );
        node.detach().unwrap();
        node.reopen(&theirs, Pool::Cpu, args(0), 6).unwrap();
        assert_eq!((node.owner, node.class, node.pool), (theirs.owner, 7, Pool::Cpu));
        assert_eq!((node.network, node.co.tokens), (Pubkey::default(), 300));
    }

    #[test]
    fn another_class_waits_until_the_other_processors_are_off() {
        let mut node = node(500, 0);
        node.units = 2;
        node.retire(5).unwrap();
        assert!(node.reopen(&device(node.owner, 7), Pool::Gpu, args(0), 6).is_err());
        node.reopen(&device(node.owner, 0), Pool::Gpu, args(0), 6).unwrap();
    }

    #[test]
    fn rewards_compound_up_to_the_nodes_maximum() {
        let mut node = node(900 * IO, 0);
        node.own.due = 150 * IO;
        assert_eq!(node.compound(&class(10_000), 5).unwrap(), 100 * IO);
        assert_eq!((node.own.pending, node.own.due), (100 * IO, 50 * IO));
        assert!(node.compound(&class(10_000), 5).is_err());
    }

    #[test]
    fn pending_stake_waits_for_a_credit_or_a_fortnight() {
        let mut node = node(1, 0);
        node.stake(&class(10_000), IO, 100).unwrap();
        assert!(node.activate(100 + ACTIVATION - 1).is_err());
        node.credited_through = 100;
        assert!(node.stake(&class(10_000), IO, 200).is_err(), "what is ready must not start to wait again");
        assert_eq!(node.activate(200).unwrap(), IO);
        assert_eq!(node.own_snapshot.now, IO + 1);
    }
}
