//! Creates one of the 16 shards that sum active stake.
//!
//! Who may call: anyone, who pays its rent.
//!
//! Checks, each with its error: `UnknownShard`.
//!
//! Events: none.

use crate::errors::StakingError;
use crate::state::{StakeShard, SHARD_SEED, STAKE_SHARDS};
use anchor_lang::prelude::*;

#[derive(Accounts)]
#[instruction(index: u8)]
pub struct OpenShard<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The new shard.
    #[account(
        init,
        payer = payer,
        space = StakeShard::SPACE,
        seeds = [SHARD_SEED, index.to_le_bytes().as_ref()],
        bump,
        constraint = index < STAKE_SHARDS @ StakingError::UnknownShard
    )]
    pub shard: AccountLoader<'info, StakeShard>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
    let mut shard = ctx.accounts.shard.load_init()?;
    shard.version = 1;
    shard.bump = ctx.bumps.shard;
    shard.index = index;
    Ok(())
}
