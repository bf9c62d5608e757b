//! Burns what was set apart for a slash, within limits for seven days: 1 % of all active stake without a
//! decision, and `decided_limit_bps` of it by decision.
//!
//! Who may call: anyone, at any time.
//!
//! Checks, each with its error: `NotExecutable`, `SlashLimit`, `ShardsMissing`, `WrongShard`, `WrongNode`,
//! `WrongVault`.
//!
//! Events: `Slashed`.

use super::vault::burn;
use crate::errors::StakingError;
use crate::events::Slashed;
use crate::state::{Config, Node, Slash, StakeShard, STAKE_SHARDS};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token};
use io_common::{clock, emit_cpi, ids};

/// The other 15 stake shards follow as remaining accounts, in any order.
#[event_cpi]
#[derive(Accounts)]
pub struct ExecuteSlash<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut)]
    pub slash: AccountLoader<'info, Slash>,
    /// The shard of active stake that the node counts in.
    #[account(constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_execute_slash<'info>(ctx: Context<'info, ExecuteSlash<'info>>) -> Result<()> {
    let accounts = &ctx.accounts;
    let stake = all_stake(&accounts.shard, ctx.remaining_accounts)?;
    let (mut config, mut node) = (accounts.config.load_mut()?, accounts.node.load_mut()?);
    let mut slash = accounts.slash.load_mut()?;
    let now = clock::now(node.last_time.max(config.last_time))?;
    (node.last_time, config.last_time) = (now, now);
    require_gt!(slash.apart, 0, StakingError::NotExecutable);
    let by_decision = slash.is_decided();
    let amount = config.burn(slash.apart, by_decision, stake, now)?;
    node.take_apart(amount)?;
    slash.execute(amount)?;
    let event = Slashed {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        amount,
        left: slash.apart,
        by_decision,
        totals: node.totals()?,
    };
    drop((config, node, slash));
    burn(&accounts.node, &accounts.vault, accounts.mint.as_ref(), amount)?;
    emit_cpi!(ctx, event)?;
    Ok(())
}

/// Active stake of all nodes: the sum of all shards, each given once.
pub fn all_stake<'info>(
    own: &AccountLoader<'info, StakeShard>,
    others: &'info [AccountInfo<'info>],
) -> Result<u64> {
    let first = own.load()?;
    let mut seen = 1u32.checked_shl(u32::from(first.index)).unwrap_or(0);
    let mut sum = first.active.now;
    for info in others {
        let loader = AccountLoader::<StakeShard>::try_from(info)?;
        let shard = loader.load()?;
        let bit = 1u32.checked_shl(u32::from(shard.index)).unwrap_or(0);
        require!(seen & bit == 0, StakingError::ShardsMissing);
        seen |= bit;
        sum = sum.checked_add(shard.active.now).ok_or(StakingError::Overflow)?;
    }
    require!(seen.count_ones() == u32::from(STAKE_SHARDS), StakingError::ShardsMissing);
    Ok(sum)
}
