//! Executes the next transaction of a queued proposal, once; the treasury signs. What leaves the treasury is
//! limited in any seven days.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongProposal`, `WrongAccounts`, `NotQueued`, `HeldUp`, `Expired`,
//! `WrongIndex`, `NotVotedOn`, `TreasuryChanged`, `TreasuryDelegated`, `OutflowMissing`, `OutflowLimit`, and
//! those of the program that it calls.
//!
//! Events: `Executed`.

use super::holdings::{check_kept, Holdings};
use crate::errors::GovernanceError;
use crate::events::{Executed, Payment};
use crate::state::{AssetOutflow, Config, Proposal, StoredTransaction, TREASURY_SEED};
use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::invoke_signed;
use io_common::{clock, emit_cpi, ids};

/// The transaction's accounts follow as remaining accounts, in its order, and behind them the outflow
/// account of each asset that leaves the treasury.
#[event_cpi]
#[derive(Accounts)]
pub struct Execute<'info> {
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The proposal.
    #[account(mut, address = transaction.proposal @ GovernanceError::WrongProposal)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The transaction.
    pub transaction: Account<'info, StoredTransaction>,
    /// The program that the transaction calls.
    /// CHECK: by address.
    #[account(address = transaction.args.program_id @ GovernanceError::WrongAccounts)]
    pub callee: UncheckedAccount<'info>,
}

pub fn handle_execute<'info>(ctx: Context<'info, Execute<'info>>) -> Result<()> {
    let accounts = &ctx.accounts;
    let args = &accounts.transaction.args;
    let (given, outflows) =
        ctx.remaining_accounts.split_at_checked(args.accounts.len()).ok_or(GovernanceError::WrongAccounts)?;
    let instruction = accounts.transaction.instruction(given)?;
    let index = accounts.transaction.index;
    let (seq, now, done) = {
        let mut proposal = accounts.proposal.load_mut()?;
        let now = clock::now(proposal.last_time)?;
        proposal.last_time = now;
        // Done before the call: nothing that it calls can have it executed again.
        proposal.execute(index, args, now)?;
        (proposal.next_seq(), now, proposal.executed == proposal.transactions)
    };
    let limit_bps = accounts.config.load()?.outflow_bps;

    let before = Holdings::of(given)?;
    let mut infos = given.to_vec();
    infos.push(accounts.callee.to_account_info());
    invoke_signed(&instruction, &infos, &[&[TREASURY_SEED, &[ids::TREASURY.bump]]])?;
    check_kept(given)?;
    let after = Holdings::of(given)?;
    let payments = before
        .left(&after)
        .map(|(asset, held, amount)| book(outflows, asset, held, amount, limit_bps, now))
        .collect::<Result<Vec<_>>>()?;
    emit_cpi!(
        ctx,
        Executed {
            seq,
            proposal: accounts.proposal.key(),
            index,
            program_id: args.program_id,
            done,
            payments,
        }
    )?;
    Ok(())
}

/// Counts what leaves the treasury in its asset's outflow account.
fn book<'info>(
    outflows: &'info [AccountInfo<'info>],
    asset: Pubkey,
    held: u64,
    amount: u64,
    limit_bps: u16,
    now: i64,
) -> Result<Payment> {
    for info in outflows {
        let loader = AccountLoader::<AssetOutflow>::try_from(info)?;
        if loader.load()?.asset == asset {
            let mut outflow = loader.load_mut()?;
            outflow.book(amount, held, limit_bps, now)?;
            return Ok(Payment { seq: outflow.seq, asset, amount, total: outflow.total });
        }
    }
    err!(GovernanceError::OutflowMissing)
}
