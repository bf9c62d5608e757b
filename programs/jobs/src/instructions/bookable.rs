//! What has to hold of a node and its attesters before time on it is sold.

use crate::errors::JobsError;
use anchor_lang::prelude::*;
use io_common::abi::{self, NodeState};

/// Checks that a node may be leased: live, of no banned device, with its owner's own stake, and shown to
/// compute at most `max_age` seconds ago.
pub fn check_node(node: &abi::Node, class: &AccountInfo, max_age: u32, now: i64) -> Result<()> {
    check_hireable(node)?;
    let class = abi::read::<abi::Class>(class).ok_or(JobsError::WrongClass)?;
    require_eq!(class.id, node.class, JobsError::WrongClass);
    let minimum = class.minimum_stake(node.units).ok_or(JobsError::Overflow)?;
    require_gte!(node.owner_active, minimum, JobsError::StakeBelowMinimum);
    require_eq!(node.last_proof.passed, 1, JobsError::NoVerdict);
    let age = now.saturating_sub(node.last_proof.time);
    require_gte!(i64::from(max_age), age, JobsError::VerdictTooOld);
    Ok(())
}

/// Checks that a node takes part, and that its device is not banned.
pub fn check_hireable(node: &abi::Node) -> Result<()> {
    require!(node.state == NodeState::Live, JobsError::NodeNotLive);
    require_eq!(node.banned, 0, JobsError::NodeBanned);
    Ok(())
}

/// Checks that the attester set has the seats that a job needs: with fewer nothing of it is ever attested.
pub fn check_seats(attester_set: &AccountInfo, needed: u8) -> Result<()> {
    let set = abi::read::<abi::AttesterSet>(attester_set).ok_or(JobsError::WrongAttesterSet)?;
    require_gte!(set.taken(), usize::from(needed), JobsError::TooFewSeats);
    Ok(())
}
