//! Sets the parameters, each within its bounds.
//!
//! Who may call: the treasury, by an executed proposal.
//!
//! Checks, each with its error: `NotTreasury`, `StakeOutOfBounds`, `BondOutOfBounds`, `VotingOutOfBounds`,
//! `ExtensionOutOfBounds`, `HoldUpOutOfBounds`, `QuorumOutOfBounds`, `ThresholdOutOfBounds`,
//! `OutflowOutOfBounds`, `TermsTooLong`.
//!
//! Events: `ParamsSet`.

use crate::errors::GovernanceError;
use crate::events::ParamsSet;
use crate::state::{Config, ParamsArgs};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct SetParams<'info> {
    /// The treasury, which signs for executed proposals only.
    #[account(address = ids::GOVERNANCE_TREASURY @ GovernanceError::NotTreasury)]
    pub treasury: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

pub fn handle_set_params(ctx: Context<SetParams>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}
