//! Opens one of the fee vaults of a mint; each is opened once.
//!
//! Who may call: anyone, who pays for the account.
//!
//! Checks, each with its error: `UnknownShard`.
//!
//! Events: `VaultOpened`.

use crate::errors::BuybackError;
use crate::events::VaultOpened;
use crate::state::{Config, FEES_SEED, FEE_SHARDS};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::ids;

#[derive(Accounts)]
#[instruction(shard: u8)]
pub struct OpenVault<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The program's configuration.
    #[account(
        mut,
        address = ids::BUYBACK_CONFIG,
        constraint = shard < FEE_SHARDS @ BuybackError::UnknownShard
    )]
    pub config: AccountLoader<'info, Config>,
    /// The mint that the vault holds: IO, or another currency that jobs are paid in.
    pub mint: Account<'info, Mint>,
    /// The new fee vault.
    #[account(
        init,
        payer = payer,
        seeds = [FEES_SEED, mint.key().as_ref(), shard.to_le_bytes().as_ref()],
        bump,
        token::mint = mint,
        token::authority = config
    )]
    pub vault: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_vault(ctx: Context<OpenVault>, shard: u8) -> Result<()> {
    let accounts = &ctx.accounts;
    emit!(VaultOpened {
        seq: accounts.config.load_mut()?.next_seq(),
        mint: accounts.mint.key(),
        shard,
        vault: accounts.vault.key(),
    });
    Ok(())
}
