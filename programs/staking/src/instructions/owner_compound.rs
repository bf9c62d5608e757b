//! Turns the owner's rewards into pending stake, as much as there is room for.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`, `NothingToClaim`,
//! `MaximumStake`, `ActivateFirst`.
//!
//! Events: `Compounded`.

use crate::errors::StakingError;
use crate::events::Compounded;
use crate::state::{Class, Config, Node, PositionSums, PAUSE_STAKE};
use anchor_lang::prelude::*;
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct OwnerCompound<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_STAKE) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The node's hardware class.
    #[account(constraint = class.load()?.id == node.load()?.class @ StakingError::WrongClass)]
    pub class: AccountLoader<'info, Class>,
    /// The node.
    #[account(mut, constraint = node.load()?.is_live() @ StakingError::NodeNotLive)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_owner_compound(ctx: Context<OwnerCompound>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let amount = node.compound(&*ctx.accounts.class.load()?, now)?;
    let (seq, totals) = (node.next_seq(), node.totals()?);
    drop(node);
    let (node, holder) = (ctx.accounts.node.key(), ctx.accounts.owner.key());
    let position = PositionSums::default();
    emit_cpi!(ctx, Compounded { seq, node, holder, amount, totals, position })?;
    Ok(())
}
