//! Moves all that a former owner of the node's device has on the retired node out of the way, so that the
//! next owner can reopen it. It cools, and the former owner can withdraw it even if the node has another
//! owner by then.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `DeviceOwned`, `NodeNotRetired`, `OwnerStays`, `DisproofsOpen`,
//! `NothingReady`, `Frozen`, `FormerUnpaid`, `NodeLeased`, `NotNodeDevice`, `WrongOffer`, `WrongShard`.
//!
//! Events: `OwnerExpelled`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::OwnerExpelled;
use crate::state::{Config, Device, Node, StakeShard};
use anchor_lang::prelude::*;
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
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
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
    let event = OwnerExpelled {
        seq: state.next_seq(),
        node: accounts.node.key(),
        owner: state.owner,
        amount,
        ready_at: state.former.ready_at,
        totals: state.totals()?,
    };
    drop(state);
    emit_cpi!(ctx, event)?;
    Ok(())
}
