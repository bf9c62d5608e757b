//! Names a guardian for twelve months from now, or nobody.
//!
//! Who may call: the treasury, by an executed proposal.
//!
//! Checks, each with its error: `NotTreasury`.
//!
//! Events: `GuardianSet`.

use crate::errors::GovernanceError;
use crate::events::GuardianSet;
use crate::state::Config;
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct SetGuardian<'info> {
    /// The treasury, which signs for executed proposals only.
    #[account(address = ids::GOVERNANCE_TREASURY @ GovernanceError::NotTreasury)]
    pub treasury: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

pub fn handle_set_guardian(ctx: Context<SetGuardian>, guardian: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    config.set_guardian(guardian, now);
    emit!(GuardianSet { seq: config.next_seq(), guardian, guardian_until: config.guardian_until });
    Ok(())
}
