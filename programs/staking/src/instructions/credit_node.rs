//! Credits a node with a final report's leaf: what it earned in its life, less what it was credited before.
//! Where that exceeds what may be credited in seven days, the rest is credited by a later call.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotAReport`, `ReportNotFinal`, `ReportHeld`, `ReportTooOld`, `ReportCorrected`,
//! `LeafBeyondReport`, `LeafOutOfOrder`,
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
use io_common::leaf::LeafArgs;
use io_common::{abi, clock, emit_cpi, ids, token};

/// With these the emission vault's owner signs.
pub const EMISSION_SEEDS: &[&[&[u8]]] = &[&[EMISSION_SEED, &[ids::EMISSION.bump]]];

/// Most positions that one credit settles.
#[constant]
pub const MAX_SETTLED: u8 = 4;

/// May be followed by the report at the leaf's previous height, where that one is no longer creditable and the node
/// was not credited its leaf; and by the node's stake shard and up to four of its positions: what the credit makes
/// due of pending stake and late weights is then settled.
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
    /// The proofs program's configuration.
    /// CHECK: read as such.
    #[account(address = ids::PROOFS_CONFIG)]
    pub proofs_config: UncheckedAccount<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

/// What a report says of a node, and of all.
pub struct Proven {
    /// The node's leaf.
    pub earned: Earned,
    /// The most that credits may sum up to.
    pub total: u64,
}

/// Checks that a node's leaf stands in a final report whose hours can be credited now: not held back any more,
/// and not too old, but for the time in which the node's credit was stopped.
pub fn check_leaf(
    leaf: &LeafArgs,
    (report, config, previous): (&AccountInfo, &AccountInfo, Option<&AccountInfo>),
    (key, node): (&Pubkey, &Node),
    bound: &mut abi::CreditBound,
    now: i64,
) -> Result<Proven> {
    let report = abi::read::<abi::Report>(report).ok_or(StakingError::NotAReport)?;
    let config = abi::read::<abi::ProofsConfig>(config).ok_or(StakingError::NotAReport)?;
    require!(report.state == abi::ReportState::Final, StakingError::ReportNotFinal);
    require_gte!(now, report.creditable_from, StakingError::ReportHeld);
    require_gte!(last_second(&report, node), now, StakingError::ReportTooOld);
    require_gte!(report.height, config.min_height, StakingError::ReportCorrected);
    require_gte!(report.period_end, leaf.through, StakingError::LeafBeyondReport);
    require_gte!(report.seq, node.min_report_seq, StakingError::ReportRefuted);
    require!(leaf.stands_in(&report.root, key), StakingError::WrongProof);
    if leaf.previous_height > node.credited_height && node.is_changing() && node.fraud == 0 {
        // Without its predecessor, stake that was there in the earlier hours would share the later ones.
        let corrected = leaf.previous_height < config.min_height;
        let over = previous
            .and_then(abi::read::<abi::Report>)
            .is_some_and(|one| is_over(&one, leaf.previous_height, node, now));
        require!(corrected || over, StakingError::LeafOutOfOrder);
    }
    let earned = Earned { lifetime: leaf.lifetime, through: leaf.through, height: report.height };
    Ok(Proven { earned, total: bound.raise(&config, &report) })
}

/// The last second in which a report's leaf of a node is creditable.
fn last_second(report: &abi::Report, node: &Node) -> i64 {
    report.creditable_until.saturating_add(node.stopped)
}

/// Whether it is the report at a height, and no longer creditable: too old, or refuted.
fn is_over(report: &abi::Report, height: u64, node: &Node, now: i64) -> bool {
    let is_it = report.state == abi::ReportState::Final && report.height == height;
    is_it && (now > last_second(report, node) || report.seq < node.min_report_seq)
}

/// The report at the previous height, where the further accounts begin with one, and the others.
fn split_previous<'a, 'info>(
    accounts: &'a [AccountInfo<'info>],
) -> (Option<&'a AccountInfo<'info>>, &'a [AccountInfo<'info>]) {
    match accounts.split_first() {
        Some((report, others)) if *report.owner == ids::PROOFS_PROGRAM => (Some(report), others),
        _ => (None, accounts),
    }
}

pub fn handle_credit_node<'info>(ctx: Context<'info, CreditNode<'info>>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut ledger = accounts.emission_ledger.load_mut()?;
    let (previous, changes) = split_previous(ctx.remaining_accounts);
    let reports = (accounts.report.as_ref(), accounts.proofs_config.as_ref(), previous);
    let key = accounts.node.key();
    let proven = check_leaf(&leaf, reports, (&key, &node), &mut ledger.bound, now)?;
    let bounds = Bounds { most: ledger.room(now), hour_bps: accounts.config.load()?.reward_bound_bps };
    let (amount, parts) = node.credit(proven.earned, bounds, now)?;
    ledger.credit(amount, proven.total, now)?;
    let event = Credited {
        seq: node.next_seq(),
        node: accounts.node.key(),
        amount,
        owner_part: parts.owner,
        co_part: parts.co,
        credited: node.credited,
        credited_through: node.credited_through,
        credited_total: ledger.credited,
        credited_height: node.credited_height,
        partial: node.partial,
        bound_height: ledger.bound.min_height,
        bound_total: ledger.bound.total,
        acc: node.co.acc,
        rem: node.co.rem,
        totals: node.totals()?,
    };
    // Before the changes that it makes due, as it is numbered.
    emit_cpi!(ctx, event)?;
    if let Some((shard, positions)) = changes.split_first() {
        require_gte!(usize::from(MAX_SETTLED), positions.len(), StakingError::TooManyPositions);
        let shard = AccountLoader::<StakeShard>::try_from(shard)?;
        require!(shard.load()?.index == StakeShard::index_of(&key), StakingError::WrongShard);
        settle(key, &mut node, &mut *shard.load_mut()?, positions, now)?;
    }
    drop(node);
    drop(ledger);
    if amount > 0 {
        let ledger = accounts.emission_ledger.as_ref();
        token::transfer(&accounts.emission_vault, &accounts.vault, ledger, EMISSION_SEEDS, amount)?;
    }
    Ok(())
}
