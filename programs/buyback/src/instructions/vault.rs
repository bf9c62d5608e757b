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
