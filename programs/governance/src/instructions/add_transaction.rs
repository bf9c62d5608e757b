//! Adds a transaction to a draft: one instruction, which only the treasury may have to sign.
//!
//! Who may call: the proposer.
//!
//! Checks, each with its error: `NotProposer`, `NotDraft`, `WrongIndex`, `TooManyTransactions`,
//! `TooManyAccounts`, `TooMuchData`, `ForeignSigner`, `SelfCall`.
//!
//! Events: `TransactionAdded`.

use crate::errors::GovernanceError;
use crate::events::TransactionAdded;
use crate::state::{Proposal, StoredTransaction, TransactionArgs, TRANSACTION_SEED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
#[instruction(index: u8, args: TransactionArgs)]
pub struct AddTransaction<'info> {
    /// The proposer, who pays the rent.
    #[account(mut, address = proposal.load()?.proposer @ GovernanceError::NotProposer)]
    pub proposer: Signer<'info>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The new transaction.
    #[account(
        init,
        payer = proposer,
        space = StoredTransaction::space(&args),
        seeds = [TRANSACTION_SEED, proposal.key().as_ref(), index.to_le_bytes().as_ref()],
        bump
    )]
    pub transaction: Account<'info, StoredTransaction>,
    pub system_program: Program<'info, System>,
}

pub fn handle_add_transaction(ctx: Context<AddTransaction>, index: u8, args: TransactionArgs) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let mut proposal = accounts.proposal.load_mut()?;
    proposal.add(index, &args)?;
    emit!(TransactionAdded {
        seq: proposal.next_seq(),
        proposal: accounts.proposal.key(),
        index,
        program_id: args.program_id,
        content_hash: proposal.content_hash,
        guardian_calls: proposal.guardian_calls,
    });
    accounts.transaction.set_inner(StoredTransaction {
        version: 1,
        bump: ctx.bumps.transaction,
        index,
        proposal: accounts.proposal.key(),
        rent_payer: accounts.proposer.key(),
        reserved: [0; 32],
        args,
    });
    Ok(())
}
