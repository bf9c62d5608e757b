//! Where a proposal's bond goes.

use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Burn, CloseAccount, Mint, Token, TokenAccount, Transfer};
use io_common::ids;

const SEEDS: &[&[u8]] = &[b"config", &[ids::GOVERNANCE.bump]];

/// Pays all that the vault holds to `to`.
pub fn give_back<'info>(
    config: &AccountLoader<'info, Config>,
    vault: &Account<'info, TokenAccount>,
    to: AccountInfo<'info>,
    token_program: &Program<'info, Token>,
) -> Result<()> {
    let accounts = Transfer { from: vault.to_account_info(), to, authority: config.to_account_info() };
    token::transfer(CpiContext::new_with_signer(token_program.key(), accounts, &[SEEDS]), vault.amount)
}

/// Burns all that the vault holds.
pub fn burn<'info>(
    config: &AccountLoader<'info, Config>,
    vault: &Account<'info, TokenAccount>,
    mint: &Account<'info, Mint>,
    token_program: &Program<'info, Token>,
) -> Result<()> {
    let accounts = Burn {
        mint: mint.to_account_info(),
        from: vault.to_account_info(),
        authority: config.to_account_info(),
    };
    token::burn(CpiContext::new_with_signer(token_program.key(), accounts, &[SEEDS]), vault.amount)
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
