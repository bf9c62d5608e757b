//! What the vaults' instructions share.

use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Transfer};
use core::cell::Ref;
use io_common::{abi, ids};

/// The configuration's signature, which every vault obeys.
pub const SEEDS: [&[u8]; 2] = [b"config", &[ids::BUYBACK.bump]];

/// Moves tokens out of a vault.
pub fn send<'info>(
    config: AccountInfo<'info>,
    vault: AccountInfo<'info>,
    to: AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    let transfer = Transfer { from: vault, to, authority: config };
    token::transfer(CpiContext::new_with_signer(token::ID, transfer, &[&SEEDS]), amount)
}

/// The jobs program's currency of `mint`.
pub fn currency<'a>(account: &'a AccountInfo, mint: &Pubkey) -> Result<Ref<'a, abi::Currency>> {
    let currency = abi::read::<abi::Currency>(account).ok_or(BuybackError::WrongCurrency)?;
    require_keys_eq!(currency.mint, *mint, BuybackError::WrongCurrency);
    Ok(currency)
}

/// The same, where one token has to count as a dollar.
pub fn currency_at_par<'a>(account: &'a AccountInfo, mint: &Pubkey) -> Result<Ref<'a, abi::Currency>> {
    let currency = currency(account, mint)?;
    require!(currency.at_par(), BuybackError::NotAtPar);
    Ok(currency)
}
