//! Movements of the vaults that grants and airdrops own.

use crate::state::{Airdrop, Grant, AIRDROP_SEED, GRANT_SEED};
use anchor_lang::prelude::*;
use io_common::token;

/// The grant or airdrop that owns a vault, and signs for it.
pub struct VaultOwner<'info> {
    account: AccountInfo<'info>,
    seed: &'static [u8],
    id: u64,
    bump: u8,
}

impl<'info> VaultOwner<'info> {
    pub fn grant(grant: &AccountLoader<'info, Grant>) -> Result<Self> {
        let state = grant.load()?;
        Ok(Self { account: grant.to_account_info(), seed: GRANT_SEED, id: state.id, bump: state.bump })
    }

    pub fn airdrop(airdrop: &AccountLoader<'info, Airdrop>) -> Result<Self> {
        let state = airdrop.load()?;
        Ok(Self { account: airdrop.to_account_info(), seed: AIRDROP_SEED, id: state.id, bump: state.bump })
    }

    /// Pays out of the vault.
    pub fn pay(&self, vault: &AccountInfo<'info>, to: &AccountInfo<'info>, amount: u64) -> Result<()> {
        self.signed(|seeds| token::transfer(vault, to, &self.account, seeds, amount))
    }

    /// Lets `delegate` spend `amount` out of the vault, until it has.
    pub fn lend(&self, vault: &AccountInfo<'info>, delegate: &AccountInfo<'info>, amount: u64) -> Result<()> {
        self.signed(|seeds| token::approve(vault, delegate, &self.account, seeds, amount))
    }

    /// Closes the empty vault.
    pub fn close(&self, vault: &AccountInfo<'info>, rent_payer: &AccountInfo<'info>) -> Result<()> {
        self.signed(|seeds| token::close(vault, rent_payer, &self.account, seeds))
    }

    fn signed(&self, call: impl FnOnce(&[&[&[u8]]]) -> Result<()>) -> Result<()> {
        let (id, bump) = (self.id.to_le_bytes(), [self.bump]);
        call(&[&[self.seed, &id, &bump]])
    }
}
