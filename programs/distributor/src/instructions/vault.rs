//! Movements of the vaults that grants and airdrops own.

use crate::state::{Airdrop, Grant};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Approve, CloseAccount, Token, Transfer};

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
        Ok(Self { account: grant.to_account_info(), seed: Grant::SEED, id: state.id, bump: state.bump })
    }

    pub fn airdrop(airdrop: &AccountLoader<'info, Airdrop>) -> Result<Self> {
        let state = airdrop.load()?;
        Ok(Self { account: airdrop.to_account_info(), seed: Airdrop::SEED, id: state.id, bump: state.bump })
    }

    /// Pays out of the vault.
    pub fn pay(
        &self,
        vault: AccountInfo<'info>,
        to: AccountInfo<'info>,
        token_program: &Program<'info, Token>,
        amount: u64,
    ) -> Result<()> {
        let accounts = Transfer { from: vault, to, authority: self.account.clone() };
        self.signed(|seeds| {
            token::transfer(CpiContext::new_with_signer(token_program.key(), accounts, seeds), amount)
        })
    }

    /// Lets `delegate` spend `amount` out of the vault, until it has.
    pub fn lend(
        &self,
        vault: AccountInfo<'info>,
        delegate: AccountInfo<'info>,
        token_program: &Program<'info, Token>,
        amount: u64,
    ) -> Result<()> {
        let accounts = Approve { to: vault, delegate, authority: self.account.clone() };
        self.signed(|seeds| {
            token::approve(CpiContext::new_with_signer(token_program.key(), accounts, seeds), amount)
        })
    }

    /// Closes the empty vault.
    pub fn close(
        &self,
        vault: AccountInfo<'info>,
        rent_payer: AccountInfo<'info>,
        token_program: &Program<'info, Token>,
    ) -> Result<()> {
        let accounts =
            CloseAccount { account: vault, destination: rent_payer, authority: self.account.clone() };
        self.signed(|seeds| {
            token::close_account(CpiContext::new_with_signer(token_program.key(), accounts, seeds))
        })
    }

    fn signed(&self, call: impl FnOnce(&[&[&[u8]]]) -> Result<()>) -> Result<()> {
        let (id, bump) = (self.id.to_le_bytes(), [self.bump]);
        call(&[&[self.seed, &id, &bump]])
    }
}

/// Fills a new vault with tokens of `authority`.
pub fn fund<'info>(
    from: AccountInfo<'info>,
    vault: AccountInfo<'info>,
    authority: &Signer<'info>,
    token_program: &Program<'info, Token>,
    amount: u64,
) -> Result<()> {
    let accounts = Transfer { from, to: vault, authority: authority.to_account_info() };
    token::transfer(CpiContext::new(token_program.key(), accounts), amount)
}
