use crate::errors::StakingError;
use crate::events::Credited;
use crate::state::{EmissionLedger, Node};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Token, Transfer};
use io_common::{abi, clock, ids, merkle};

/// A node's leaf in a report, with its place and proof.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct LeafArgs {
    /// Earned in the node's whole life, base units.
    pub lifetime: u64,
    /// Until when.
    pub through: i64,
    pub index: u32,
    /// One hash a level, from the leaf up.
    pub proof: Vec<[u8; 32]>,
}

#[event_cpi]
#[derive(Accounts)]
pub struct CreditNode<'info> {
    #[account(mut, address = ids::EMISSION_LEDGER)]
    pub emission_ledger: AccountLoader<'info, EmissionLedger>,
    /// CHECK: emission's vault, by address.
    #[account(mut, address = emission_ledger.load()?.vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// CHECK: read as a report of the proofs program.
    pub report: UncheckedAccount<'info>,
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// CHECK: the node's vault, by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl CreditNode<'_> {
    /// Checks that the leaf stands in a final, recent report; returns the report's total.
    fn check_leaf(&self, leaf: &LeafArgs, now: i64) -> Result<u64> {
        let report = abi::read::<abi::Report>(&self.report).ok_or(StakingError::NotAReport)?;
        require!(report.state == abi::ReportState::Final as u8, StakingError::ReportNotFinal);
        let last = report.finalized_at.saturating_add(abi::CREDITABLE);
        require_gte!(last, now, StakingError::ReportTooOld);
        require_gte!(report.period_end, leaf.through, StakingError::LeafBeyondReport);
        let hash = merkle::reward_leaf(self.node.key().as_array(), leaf.lifetime, leaf.through);
        let stands = merkle::verify(&report.root, hash, leaf.index, &leaf.proof);
        require!(stands, StakingError::WrongProof);
        Ok(report.total)
    }
}

pub fn handle_credit_node(ctx: Context<CreditNode>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let report_total = accounts.check_leaf(&leaf, now)?;
    let (amount, parts) = node.credit(leaf.lifetime, leaf.through, now)?;
    let mut ledger = accounts.emission_ledger.load_mut()?;
    ledger.credit(amount, report_total)?;
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
    drop(node);
    drop(ledger);
    if amount > 0 {
        let transfer = Transfer {
            from: accounts.emission_vault.to_account_info(),
            to: accounts.vault.to_account_info(),
            authority: accounts.emission_ledger.to_account_info(),
        };
        let seeds: &[&[u8]] = &[b"emission", &[ids::EMISSION.bump]];
        let program = accounts.token_program.key();
        token::transfer(CpiContext::new_with_signer(program, transfer, &[seeds]), amount)?;
    }
    emit_cpi!(event);
    Ok(())
}
