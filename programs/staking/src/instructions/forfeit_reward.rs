//! Burns what the leaf of a node that ended for fraud proves, instead of crediting it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NodeNotTerminal`, `NothingToClaim`, `CreditFrozen`, `CreditLimit`, and those
//! of a leaf in `credit_node`.
//!
//! Events: `Forfeited`.

use super::credit_node::{check_leaf, EMISSION_SEEDS};
use crate::errors::StakingError;
use crate::events::Forfeited;
use crate::state::{EmissionLedger, Node};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token};
use io_common::leaf::LeafArgs;
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct ForfeitReward<'info> {
    /// Emission's ledger, which counts what is credited.
    #[account(mut, address = ids::EMISSION_LEDGER)]
    pub emission_ledger: AccountLoader<'info, EmissionLedger>,
    /// Emission's vault.
    /// CHECK: by address.
    #[account(mut, address = emission_ledger.load()?.vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// The report that has the leaf.
    /// CHECK: read as a report of the proofs program.
    pub report: UncheckedAccount<'info>,
    /// The proofs program's configuration.
    /// CHECK: read as such.
    #[account(address = ids::PROOFS_CONFIG)]
    pub proofs_config: UncheckedAccount<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_forfeit_reward(ctx: Context<ForfeitReward>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut ledger = accounts.emission_ledger.load_mut()?;
    let reports = (accounts.report.as_ref(), accounts.proofs_config.as_ref(), None);
    let proven = check_leaf(&leaf, reports, (&accounts.node.key(), &node), &mut ledger.bound, now)?;
    let amount = node.forfeit(proven.earned, ledger.room(now), now)?;
    ledger.credit(amount, proven.total, now)?;
    let event = Forfeited {
        seq: node.next_seq(),
        node: accounts.node.key(),
        amount,
        credited: node.credited,
        credited_through: node.credited_through,
        credited_total: ledger.credited,
        credited_height: node.credited_height,
        partial: node.partial,
        bound_height: ledger.bound.min_height,
        bound_total: ledger.bound.total,
    };
    drop((node, ledger));
    let ledger = accounts.emission_ledger.as_ref();
    token::burn(&accounts.emission_vault, accounts.mint.as_ref(), ledger, EMISSION_SEEDS, amount)?;
    emit_cpi!(ctx, event)?;
    Ok(())
}
