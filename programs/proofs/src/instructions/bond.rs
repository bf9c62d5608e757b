//! Where a challenge's bond goes.

use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, CloseAccount, Mint, Token, TokenAccount};
use io_common::ids;

const SEEDS: &[&[u8]] = &[b"config", &[ids::PROOFS.bump]];

/// Pays all that the vault holds to `to`.
pub fn give_back<'info>(
    config: &AccountLoader<'info, Config>,
    vault: &Account<'info, TokenAccount>,
    to: &Account<'info, TokenAccount>,
) -> Result<()> {
    io_common::token::transfer(vault.as_ref(), to.as_ref(), config.as_ref(), &[SEEDS], vault.amount)
}

/// Burns all that the vault holds.
pub fn burn<'info>(
    config: &AccountLoader<'info, Config>,
    vault: &Account<'info, TokenAccount>,
    mint: &Account<'info, Mint>,
) -> Result<()> {
    io_common::token::burn(vault.as_ref(), mint.as_ref(), config.as_ref(), &[SEEDS], vault.amount)
}

/// Closes the empty vault; its rent goes to `rent_payer`.
pub fn close<'info>(
    config: &AccountLoader<'info, Config>,
    vault: &Account<'info, TokenAccount>,
    rent_payer: AccountInfo<'info>,
    token_program: &Program<'info, Token>,
) -> Result<()> {
    let accounts = CloseAccount {
        account: vault.to_account_info(),
        destination: rent_payer,
        authority: config.to_account_info(),
    };
    token::close_account(CpiContext::new_with_signer(token_program.key(), accounts, &[SEEDS]))
}
