use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::NodeRetired;
use crate::state::{Config, Node};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct EvictNode<'info> {
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// CHECK: the node's offer, by address; it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

pub fn handle_evict_node(ctx: Context<EvictNode>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&ctx.accounts.offer, now)?;
    node.retire()?;
    emit!(NodeRetired { seq: node.next_seq(), node: ctx.accounts.node.key(), owner: node.owner });
    Ok(())
}
