//! Changes a currency for new jobs.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: those of `create_currency`.
//!
//! Events: `CurrencySet`.

use crate::errors::JobsError;
use crate::events::CurrencySet;
use crate::state::{Config, Currency, CurrencyArgs};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct SetCurrency<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ JobsError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::JOBS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The currency.
    #[account(mut)]
    pub currency: AccountLoader<'info, Currency>,
}

pub fn handle_set_currency(ctx: Context<SetCurrency>, args: CurrencyArgs) -> Result<()> {
    let mut currency = ctx.accounts.currency.load_mut()?;
    currency.set(args)?;
    let seq = ctx.accounts.config.load_mut()?.next_seq();
    emit!(CurrencySet::new(seq, &currency, args));
    Ok(())
}
