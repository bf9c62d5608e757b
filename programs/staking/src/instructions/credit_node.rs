//! Credits a node with a final report's leaf: what it earned in its life, less what it was credited before.
//! Where that exceeds what may be credited in seven days, the rest is credited by a later call.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotAReport`, `ReportNotFinal`, `ReportTooOld`, `LeafBeyondReport`,
//! `WrongProof`, `ReportRefuted`, `ReportExhausted`, `CreditLimit`, `NodeTerminal`,
//! `CreditFrozen`, `CreditStopped`, `CreditTooSoon`, `HourNotEarned`, `RewardAboveBound`, `TooManyPositions`,
//! `WrongNode`, `WrongShard`, `WrongVault`.
//!
//! Events: `Credited`, `Activated`.

use super::settle_changes::settle;
use crate::errors::StakingError;
use crate::events::Credited;
use crate::state::{Bounds, Config, Earned, EmissionLedger, Node, StakeShard, EMISSION_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::merkle::LeafArgs;
use io_common::{abi, clock, emit_cpi, ids, token};

/// With these the emission vault's owner signs.
pub const EMISSION_SEEDS: &[&[&[u8]]] = &[&[EMISSION_SEED, &[ids::EMISSION.bump]]];

/// Most positions that one credit settles.
#[constant]
pub const MAX_SETTLED: u8 = 4;

/// May be followed by the node's stake shard and up to four of its positions: what the credit makes due of pending
/// stake and late weights is then settled.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditNode<'info> {
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
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
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

/// Checks that a node's leaf stands in a final, recent report; returns the report's total.
pub fn check_leaf(
    leaf: &LeafArgs,
    report: &AccountInfo,
    node: &Pubkey,
    first_seq: u64,
    now: i64,
) -> Result<u64> {
    let report = abi::read::<abi::Report>(report).ok_or(StakingError::NotAReport)?;
    require!(report.state == abi::ReportState::Final, StakingError::ReportNotFinal);
    let last = report.finalized_at.saturating_add(abi::CREDITABLE);
    require_gte!(last, now, StakingError::ReportTooOld);
    require_gte!(report.period_end, leaf.through, StakingError::LeafBeyondReport);
    require_gte!(report.seq, first_seq, StakingError::ReportRefuted);
    require!(leaf.stands_in(&report.root, node), StakingError::WrongProof);
    Ok(report.total)
}

pub fn handle_credit_node<'info>(ctx: Context<'info, CreditNode<'info>>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let report_total = check_leaf(&leaf, &accounts.report, &accounts.node.key(), node.min_report_seq, now)?;
    let mut ledger = accounts.emission_ledger.load_mut()?;
    let earned = Earned { lifetime: leaf.lifetime, through: leaf.through };
    let bounds = Bounds { most: ledger.room(now), hour_bps: accounts.config.load()?.reward_bound_bps };
    let (amount, parts) = node.credit(earned, bounds, now)?;
    ledger.credit(amount, report_total, now)?;
    let event = Credited {
        seq: node.next_seq(),
        node: accounts.node.key(),
        amount,
        owner_part: parts.owner,
        co_part: parts.co,
        credited: node.credited,
        credited_through: node.credited_through,
        credited_total: ledger.credited,
        totals: node.totals()?,
    };
    if let Some((shard, positions)) = ctx.remaining_accounts.split_first() {
        require_gte!(usize::from(MAX_SETTLED), positions.len(), StakingError::TooManyPositions);
        let shard = AccountLoader::<StakeShard>::try_from(shard)?;
        let key = accounts.node.key();
        require!(shard.load()?.index == StakeShard::index_of(&key), StakingError::WrongShard);
        settle(key, &mut node, &mut *shard.load_mut()?, positions, now)?;
    }
    drop(node);
    drop(ledger);
    if amount > 0 {
        let ledger = accounts.emission_ledger.as_ref();
        token::transfer(&accounts.emission_vault, &accounts.vault, ledger, EMISSION_SEEDS, amount)?;
    }
    emit_cpi!(ctx, event)?;
    Ok(())
}
