//! Stake that the staking program's accounts show.

use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use io_common::abi::{self, NodeStake, Position, StakeShard, STAKE_SHARDS};
use io_common::Snapshot;

/// What a snapshot says of the start of a week.
pub fn at(snapshot: &Snapshot, week: u64) -> Result<u64> {
    snapshot.at(week).ok_or_else(|| error!(GovernanceError::SnapshotGone))
}

/// Active stake that somebody has had since the start of `week` and still has: of nodes that they own, and
/// of positions that they hold, each followed by its node. In ascending order, so that nothing counts twice.
pub fn held(accounts: &[AccountInfo], holder: &Pubkey, week: u64) -> Result<u64> {
    let (mut sum, mut last, mut rest) = (0u64, Pubkey::default(), accounts);
    while let Some((first, others)) = rest.split_first() {
        require_gt!(*first.key, last, GovernanceError::StakeOrder);
        last = *first.key;
        let snapshot = if let Some(position) = abi::read::<Position>(first) {
            require_keys_eq!(position.holder, *holder, GovernanceError::NotProposersStake);
            let (node, others) = others.split_first().ok_or(GovernanceError::WrongNode)?;
            rest = others;
            require_keys_eq!(position.node, *node.key, GovernanceError::WrongNode);
            let node = abi::read::<NodeStake>(node).ok_or(GovernanceError::WrongNode)?;
            // A loss ends a node without touching its positions: they have no vote any more.
            require_gt!(node.co_snapshot.now, 0, GovernanceError::NotProposersStake);
            position.snapshot
        } else {
            let node = abi::read::<NodeStake>(first).ok_or(GovernanceError::NotProposersStake)?;
            rest = others;
            require_keys_eq!(node.owner, *holder, GovernanceError::NotProposersStake);
            node.own_snapshot
        };
        let stake = at(&snapshot, week)?.min(snapshot.now);
        sum = sum.checked_add(stake).ok_or(GovernanceError::Overflow)?;
    }
    Ok(sum)
}

/// All active stake at the start of `week`: the sum of all shards, in order.
pub fn total(shards: &[AccountInfo], week: u64) -> Result<u64> {
    require!(shards.len() == usize::from(STAKE_SHARDS), GovernanceError::ShardsMissing);
    let mut sum = 0u64;
    for (index, account) in (0..STAKE_SHARDS).zip(shards) {
        let shard = abi::read::<StakeShard>(account).ok_or(GovernanceError::ShardsMissing)?;
        require_eq!(shard.index, index, GovernanceError::ShardsMissing);
        sum = sum.checked_add(at(&shard.active, week)?).ok_or(GovernanceError::Overflow)?;
    }
    Ok(sum)
}
