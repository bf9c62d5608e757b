//! Opens the account that counts what leaves the treasury of a mint, or of SOL (the default key).
//!
//! Who may call: anyone, who pays for the account.
//!
//! Events: `OutflowOpened`.

use crate::events::OutflowOpened;
use crate::state::{AssetOutflow, OUTFLOW_SEED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
#[instruction(asset: Pubkey)]
pub struct OpenOutflow<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Counts what leaves the treasury of the asset.
    #[account(init, payer = payer, space = AssetOutflow::SPACE, seeds = [OUTFLOW_SEED, asset.as_ref()], bump)]
    pub outflow: AccountLoader<'info, AssetOutflow>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_outflow(ctx: Context<OpenOutflow>, asset: Pubkey) -> Result<()> {
    let mut outflow = ctx.accounts.outflow.load_init()?;
    outflow.version = 1;
    outflow.bump = ctx.bumps.outflow;
    outflow.asset = asset;
    emit!(OutflowOpened { asset });
    Ok(())
}
