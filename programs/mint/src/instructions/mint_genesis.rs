//! Mints one genesis allocation in full, each at most once.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `UnknownAllocation`, `AlreadyAllocated`, `CapExceeded`,
//! `WrongMint`.
//!
//! Events: `GenesisMinted`.

use super::emit::mint_io;
use crate::errors::MintError;
use crate::events::GenesisMinted;
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::abi::Allocation;
use io_common::{emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct MintGenesis<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ MintError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::MINT_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// Receives the allocation.
    #[account(mut, constraint = destination.mint == mint.key() @ MintError::WrongMint)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_mint_genesis(ctx: Context<MintGenesis>, allocation: Allocation) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let mut config = accounts.config.load_mut()?;
    let amount = config.allocate(allocation)?;
    let (seq, genesis_total) = (config.next_seq(), config.genesis);
    drop(config);
    mint_io(&accounts.config, &accounts.mint, accounts.destination.as_ref(), amount)?;
    accounts.mint.reload()?;
    emit_cpi!(
        ctx,
        GenesisMinted {
            seq,
            allocation,
            amount,
            destination: ctx.accounts.destination.key(),
            genesis_total,
            supply: ctx.accounts.mint.supply,
        }
    )?;
    Ok(())
}
