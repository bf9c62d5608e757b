//! What the vaults' instructions share.

use crate::errors::BuybackError;
use anchor_lang::prelude::*;
use core::cell::Ref;
use io_common::abi;

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
