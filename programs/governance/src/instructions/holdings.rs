//! What the treasury holds, wherever it is held, and what leaves it.

use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::system_program;
use anchor_spl::token::{self, spl_token::native_mint};
use io_common::abi::{self, Grant, NodeShares, PositionWorth};
use io_common::{bytes, ids};

/// Stands for SOL where a mint would stand.
pub const SOL: Pubkey = Pubkey::new_from_array([0; 32]);

// SPL Token's account.
const SIZE: usize = 165;
const MINT: usize = 0;
const OWNER: usize = 32;
const AMOUNT: usize = 64;
const HAS_DELEGATE: usize = 72;
const HAS_CLOSE_AUTHORITY: usize = 129;

/// A token account of the treasury.
struct Purse {
    mint: Pubkey,
    amount: u64,
    /// Whether anybody else may spend or close it.
    shared: bool,
}

impl Purse {
    fn read(account: &AccountInfo) -> Option<Self> {
        if *account.owner != token::ID {
            return None;
        }
        let data = account.try_borrow_data().ok()?;
        let owner = Pubkey::new_from_array(bytes::at(&data, OWNER)?);
        if data.len() != SIZE || owner != ids::GOVERNANCE_TREASURY {
            return None;
        }
        let mint = Pubkey::new_from_array(bytes::at(&data, MINT)?);
        let has = |tag| bytes::at::<4>(&data, tag).is_some_and(|tag| tag != [0; 4]);
        Some(Self {
            mint,
            amount: u64::from_le_bytes(bytes::at(&data, AMOUNT)?),
            shared: has(HAS_DELEGATE) || has(HAS_CLOSE_AUTHORITY),
        })
    }
}

/// IO of the treasury's that another program keeps: what is left of a grant to it, and what it has staked.
fn kept(account: &AccountInfo, among: &[AccountInfo]) -> Result<u64> {
    if let Some(grant) = abi::read::<Grant>(account) {
        return Ok(grant.worth(&ids::GOVERNANCE_TREASURY).unwrap_or(0));
    }
    match abi::read::<PositionWorth>(account) {
        Some(position) if position.holder == ids::GOVERNANCE_TREASURY => {
            let node = among.iter().find(|other| *other.key == position.node);
            let node = node.and_then(abi::read::<NodeShares>);
            position.worth(node.as_deref()).ok_or_else(|| error!(GovernanceError::Overflow))
        }
        _ => Ok(0),
    }
}

/// Sums by asset of what some accounts hold for the treasury, itself included.
pub struct Holdings(Vec<(Pubkey, u64)>);

impl Holdings {
    /// Counts each account once, however often it is named.
    pub fn of(accounts: &[AccountInfo]) -> Result<Self> {
        let mut held = Self(Vec::new());
        for (place, account) in accounts.iter().enumerate() {
            if accounts.iter().take(place).any(|earlier| earlier.key == account.key) {
                continue;
            }
            if *account.key == ids::GOVERNANCE_TREASURY {
                held.add(SOL, account.lamports())?;
            } else if let Some(purse) = Purse::read(account) {
                // The rent of an account is SOL of its owner's, and so is what it has wrapped.
                held.add(SOL, account.lamports())?;
                if purse.mint != native_mint::ID {
                    held.add(purse.mint, purse.amount)?;
                }
            } else {
                held.add(ids::IO_MINT, kept(account, accounts)?)?;
            }
        }
        Ok(held)
    }

    fn add(&mut self, asset: Pubkey, amount: u64) -> Result<()> {
        match self.0.iter_mut().find(|(other, _)| *other == asset) {
            Some((_, sum)) => *sum = sum.checked_add(amount).ok_or(GovernanceError::Overflow)?,
            None if amount > 0 => self.0.push((asset, amount)),
            None => (),
        }
        Ok(())
    }

    /// What of each asset is less in `after`: the asset, what was held, and what has left.
    pub fn left<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = (Pubkey, u64, u64)> + 'a {
        self.0.iter().filter_map(|(asset, before)| {
            let kept = after.0.iter().find(|(other, _)| other == asset).map_or(0, |(_, sum)| *sum);
            let left = before.saturating_sub(kept);
            (left > 0).then_some((*asset, *before, left))
        })
    }
}

/// Nothing can leave later by what was done now: the treasury is an empty account of the System program, and
/// its token accounts are its own.
pub fn check_kept(accounts: &[AccountInfo]) -> Result<()> {
    for account in accounts {
        if *account.key == ids::GOVERNANCE_TREASURY {
            let plain = *account.owner == system_program::ID && account.data_is_empty();
            require!(plain, GovernanceError::TreasuryChanged);
        } else {
            let shared = Purse::read(account).is_some_and(|purse| purse.shared);
            require!(!shared, GovernanceError::TreasuryDelegated);
        }
    }
    Ok(())
}
