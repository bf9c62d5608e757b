use super::credit_node::check_leaf;
use crate::errors::StakingError;
use crate::events::Forfeited;
use crate::state::{EmissionLedger, Node};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Burn, Mint, Token};
use io_common::merkle::LeafArgs;
use io_common::{clock, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct ForfeitReward<'info> {
    #[account(mut, address = ids::EMISSION_LEDGER)]
    pub emission_ledger: AccountLoader<'info, EmissionLedger>,
    /// CHECK: emission's vault, by address.
    #[account(mut, address = emission_ledger.load()?.vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// CHECK: read as a report of the proofs program.
    pub report: UncheckedAccount<'info>,
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_forfeit_reward(ctx: Context<ForfeitReward>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let report_total = check_leaf(&leaf, &accounts.report, &accounts.node.key(), node.min_report_seq, now)?;
    let amount = node.forfeit(leaf.lifetime, leaf.through, now)?;
    let mut ledger = accounts.emission_ledger.load_mut()?;
    ledger.credit(amount, report_total)?;
    let event = Forfeited {
        seq: node.next_seq(),
        node: accounts.node.key(),
        amount,
        credited: node.credited,
        credited_total: ledger.credited,
    };
    drop((node, ledger));
    let burn = Burn {
        mint: accounts.mint.to_account_info(),
        from: accounts.emission_vault.to_account_info(),
        authority: accounts.emission_ledger.to_account_info(),
    };
    let seeds: &[&[u8]] = &[b"emission", &[ids::EMISSION.bump]];
    token::burn(CpiContext::new_with_signer(accounts.token_program.key(), burn, &[seeds]), amount)?;
    emit_cpi!(event);
    Ok(())
}
