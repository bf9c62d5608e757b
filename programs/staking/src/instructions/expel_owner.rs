//! Pays a former owner of the node's device all that is theirs on the retired node, so that the next owner
//! can reopen it; a cooldown after the retirement, as for anyone who leaves.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `DeviceOwned`, `NodeNotRetired`, `OwnerStays`, `NothingReady`, `Frozen`,
//! `NodeLeased`, `NotNodeDevice`, `WrongDestination`, `WrongOffer`, `WrongShard`, `WrongVault`.
//!
//! Events: `Withdrawn`.

use super::lease::check_free;
use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Withdrawn;
use crate::state::{Config, Device, Node, StakeShard};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct ExpelOwner<'info> {
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's first device.
    #[account(
        address = node.load()?.device @ StakingError::NotNodeDevice,
        constraint = device.load()?.owner != node.load()?.owner @ StakingError::DeviceOwned
    )]
    pub device: AccountLoader<'info, Device>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
    /// The part of all active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the node's former owner.
    #[account(mut, constraint = destination.owner == node.load()?.owner @ StakingError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_expel_owner(ctx: Context<ExpelOwner>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    check_free(&accounts.offer, now)?;
    let before = state.counted()?;
    let amount = state.expel(now, accounts.config.load()?.cooldown)?;
    accounts.shard.load_mut()?.adjust(now, before, state.counted()?)?;
    let (seq, holder, totals) = (state.next_seq(), state.owner, state.totals()?);
    drop(state);
    pay_out(&accounts.node, &accounts.vault, accounts.destination.as_ref(), amount)?;
    emit_cpi!(ctx, Withdrawn { seq, node: accounts.node.key(), holder, amount, totals })?;
    Ok(())
}
