//! Opens an account that marks the claims of 8,192 leaves; each is opened once.
//!
//! Who may call: anyone, who pays for it and gets that back in the end.
//!
//! Checks, each with its error: `UnknownChunk`, `AirdropOver`.
//!
//! Events: `ClaimsOpened`.

use crate::events::ClaimsOpened;
use crate::state::{Airdrop, Claims, CLAIMS_SEED};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
#[instruction(number: u32)]
pub struct OpenClaims<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The airdrop.
    #[account(mut)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The new account of claims.
    #[account(
        init,
        payer = payer,
        space = Claims::SPACE,
        seeds = [CLAIMS_SEED, airdrop.key().as_ref(), number.to_le_bytes().as_ref()],
        bump
    )]
    pub claims: AccountLoader<'info, Claims>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_claims(ctx: Context<OpenClaims>, number: u32) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut airdrop = accounts.airdrop.load_mut()?;
    airdrop.check_chunk(number)?;
    // Afterwards one that was closed could be opened again, with nothing marked.
    airdrop.check_running(clock::now(airdrop.last_time)?)?;
    let mut claims = accounts.claims.load_init()?;
    claims.version = 1;
    claims.bump = ctx.bumps.claims;
    claims.number = number;
    claims.airdrop = accounts.airdrop.key();
    claims.payer = accounts.payer.key();
    emit!(ClaimsOpened { seq: airdrop.next_seq(), airdrop: claims.airdrop, number });
    Ok(())
}
