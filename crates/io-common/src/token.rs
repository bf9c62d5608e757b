//! Calls of the token program, built without the copies that Anchor's builders make.
//!
//! The token program itself checks who owns an account, its mint and its balance. Where the authority is an
//! account of the calling program, `seeds` sign for it.

use crate::ids::TOKEN_PROGRAM;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed;

/// Numbers of the token program's instructions.
const TRANSFER: u8 = 3;
const APPROVE: u8 = 4;
const MINT_TO: u8 = 7;
const BURN: u8 = 8;
const CLOSE: u8 = 9;

/// Moves `amount` from one token account to another.
pub fn transfer<'info>(
    from: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(TRANSFER, from, (to, true), authority, seeds, Some(amount))
}

/// Lets `delegate` spend `amount` out of a token account.
pub fn approve<'info>(
    account: &AccountInfo<'info>,
    delegate: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(APPROVE, account, (delegate, false), authority, seeds, Some(amount))
}

/// Mints `amount` into a token account.
pub fn mint_to<'info>(
    mint: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(MINT_TO, mint, (to, true), authority, seeds, Some(amount))
}

/// Burns `amount` out of a token account.
pub fn burn<'info>(
    from: &AccountInfo<'info>,
    mint: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: u64,
) -> Result<()> {
    call(BURN, from, (mint, true), authority, seeds, Some(amount))
}

/// Closes an empty token account; its rent goes to `rent_payer`.
pub fn close<'info>(
    account: &AccountInfo<'info>,
    rent_payer: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
) -> Result<()> {
    call(CLOSE, account, (rent_payer, true), authority, seeds, None)
}

/// Calls an instruction on an account that changes, a second one that may change, and an authority that signs.
fn call<'info>(
    number: u8,
    first: &AccountInfo<'info>,
    (second, second_changes): (&AccountInfo<'info>, bool),
    authority: &AccountInfo<'info>,
    seeds: &[&[&[u8]]],
    amount: Option<u64>,
) -> Result<()> {
    let mut data = Vec::with_capacity(9);
    data.push(number);
    if let Some(amount) = amount {
        data.extend_from_slice(&amount.to_le_bytes());
    }
    let accounts = vec![
        AccountMeta::new(*first.key, false),
        AccountMeta { pubkey: *second.key, is_signer: false, is_writable: second_changes },
        AccountMeta::new_readonly(*authority.key, true),
    ];
    let instruction = Instruction { program_id: TOKEN_PROGRAM, accounts, data };
    invoke_signed(&instruction, &[first.clone(), second.clone(), authority.clone()], seeds)?;
    Ok(())
}
