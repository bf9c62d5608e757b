//! Movements out of a node's vault.

use crate::state::{Node, NODE_SEED};
use anchor_lang::prelude::*;
use io_common::token;

/// Moves tokens out of a node's vault.
pub fn pay_out<'info>(
    node: &AccountLoader<'info, Node>,
    vault: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
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
