//! Calls of the token program, built without the copies that Anchor's builders make.
//!
//! The token program itself checks who owns an account, its mint and its balance.

use crate::ids::TOKEN_PROGRAM;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed;

/// Numbers of the token program's instructions.
const TRANSFER: u8 = 3;
const BURN: u8 = 8;

/// Moves `amount` from one token account to another; `seeds` where the authority is the program's own.
pub fn transfer<'info>(
    from: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(TRANSFER, [from, to, authority], seeds, amount)
}

/// Burns `amount` out of a token account; `seeds` where the authority is the program's own.
pub fn burn<'info>(
    from: &AccountInfo<'info>,
    mint: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(BURN, [from, mint, authority], seeds, amount)
}

/// Two accounts that change, and who signs for it.
fn call<'info>(
    number: u8,
    [first, second, authority]: [&AccountInfo<'info>; 3],
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    let mut data = Vec::with_capacity(9);
    data.push(number);
    data.extend_from_slice(&amount.to_le_bytes());
    let accounts = vec![
        AccountMeta::new(*first.key, false),
        AccountMeta::new(*second.key, false),
        AccountMeta::new_readonly(*authority.key, true),
    ];
    let instruction = Instruction { program_id: TOKEN_PROGRAM, accounts, data };
    invoke_signed(&instruction, &[first.clone(), second.clone(), authority.clone()], seeds)?;
    Ok(())
}
