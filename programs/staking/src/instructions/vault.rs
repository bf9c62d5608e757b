//! Movements between wallets and a node's vault.

use crate::state::Node;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Token, Transfer};

/// Moves tokens of `authority` into a vault.
pub fn pay_in<'info>(
    from: AccountInfo<'info>,
    vault: AccountInfo<'info>,
    authority: &Signer<'info>,
    token_program: &Program<'info, Token>,
    amount: u64,
) -> Result<()> {
    let accounts = Transfer { from, to: vault, authority: authority.to_account_info() };
    token::transfer(CpiContext::new(token_program.key(), accounts), amount)
}

/// Moves tokens out of a node's vault.
pub fn pay_out<'info>(
    node: &AccountLoader<'info, Node>,
    vault: AccountInfo<'info>,
    to: AccountInfo<'info>,
    token_program: &Program<'info, Token>,
    amount: u64,
) -> Result<()> {
    let (device, bump) = {
        let state = node.load()?;
        (state.device, state.bump)
    };
    let seeds: &[&[u8]] = &[b"node", device.as_ref(), &[bump]];
    let accounts = Transfer { from: vault, to, authority: node.to_account_info() };
    token::transfer(CpiContext::new_with_signer(token_program.key(), accounts, &[seeds]), amount)
}
