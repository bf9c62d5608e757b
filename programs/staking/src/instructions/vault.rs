//! Movements out of a node's vault.

use crate::errors::StakingError;
use crate::state::{Node, NODE_SEED};
use anchor_lang::prelude::*;
use io_common::token;

/// Moves tokens out of a node's vault, which is no place to move them to: it would hold what nobody is said to have.
pub fn pay_out<'info>(
    node: &AccountLoader<'info, Node>,
    vault: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    require_keys_neq!(*vault.key, *to.key, StakingError::WrongDestination);
    let (device, bump) = seeds_of(node)?;
    let seeds: &[&[u8]] = &[NODE_SEED, device.as_ref(), &[bump]];
    token::transfer(vault, to, node.as_ref(), &[seeds], amount)
}

/// Burns tokens of a node's vault.
pub fn burn<'info>(
    node: &AccountLoader<'info, Node>,
    vault: &AccountInfo<'info>,
    mint: &AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    let (device, bump) = seeds_of(node)?;
    let seeds: &[&[u8]] = &[NODE_SEED, device.as_ref(), &[bump]];
    token::burn(vault, mint, node.as_ref(), &[seeds], amount)
}

fn seeds_of(node: &AccountLoader<Node>) -> Result<(Pubkey, u8)> {
    let state = node.load()?;
    Ok((state.device, state.bump))
}
