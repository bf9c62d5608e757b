//! Lets jobs be paid in a mint of the classic token program.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `UnknownPricing`, `PaymentFeeOutOfBounds`.
//!
//! Events: `CurrencySet`.

use crate::errors::JobsError;
use crate::events::CurrencySet;
use crate::state::{Config, Currency, CurrencyArgs, CURRENCY_SEED, FEES_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::Mint;
use io_common::ids;

#[derive(Accounts)]
pub struct CreateCurrency<'info> {
    /// The authority, who pays the rent.
    #[account(mut, constraint = config.load()?.roles.is_authority(authority.key) @ JobsError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::JOBS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// A mint of the classic token program.
    pub mint: Account<'info, Mint>,
    /// The new currency.
    #[account(init, payer = authority, space = Currency::SPACE, seeds = [CURRENCY_SEED, mint.key().as_ref()], bump)]
    pub currency: AccountLoader<'info, Currency>,
    pub system_program: Program<'info, System>,
}

pub fn handle_create_currency(ctx: Context<CreateCurrency>, args: CurrencyArgs) -> Result<()> {
    let mint = ctx.accounts.mint.key();
    let mut currency = ctx.accounts.currency.load_init()?;
    currency.version = 1;
    currency.bump = ctx.bumps.currency;
    currency.mint = mint;
    currency.decimals = ctx.accounts.mint.decimals;
    for (vault, shard) in currency.vaults.iter_mut().zip(0u8..) {
        let seeds: &[&[u8]] = &[FEES_SEED, mint.as_ref(), &[shard]];
        (*vault, _) = Pubkey::find_program_address(seeds, &ids::BUYBACK_PROGRAM);
    }
    currency.set(args)?;
    let seq = ctx.accounts.config.load_mut()?.next_seq();
    emit!(CurrencySet::new(seq, &currency, args));
    Ok(())
}
