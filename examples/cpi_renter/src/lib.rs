//! An example: a program that rents nodes. Each tenant has a renter of the program's own, an address that only this
//! program signs for: it pays the deposit, is the job's renter, and gets the refund. Only its tenant books with it, cancels
//! or stops what it rents, and takes its tokens and its SOL out.
//!
//! All that it knows of the market is the jobs program's IDL, in `idls/`.

use anchor_lang::prelude::*;
use anchor_lang::system_program;
use anchor_spl::token::{self, Token, TokenAccount, Transfer};

declare_program!(jobs);
declare_id!("cpiRenter1111111111111111111111111111111111");

/// Seed of a tenant's renter: `["renter", tenant]`.
#[constant]
pub const RENTER_SEED: &[u8] = b"renter";

#[program]
pub mod cpi_renter {
    use super::*;

    /// Books a node. The renter needs SOL for the rent of job and escrow, which it gets back when the job is closed.
    ///
    /// * args - What is booked, as the jobs program takes it.
    ///
    /// Caller: the tenant. Errors: those of `book` in the jobs program.
    pub fn book(ctx: Context<Book>, args: jobs::types::BookArgs) -> Result<()> {
        let accounts = &ctx.accounts;
        let renter = accounts.renter.to_account_info();
        let booking = jobs::cpi::accounts::Book {
            payer: renter.clone(),
            renter: renter.clone(),
            refund_to: renter,
            config: accounts.config.to_account_info(),
            node: accounts.node.to_account_info(),
            class: accounts.class.to_account_info(),
            attester_set: accounts.attester_set.to_account_info(),
            proofs_config: Some(accounts.proofs_config.to_account_info()),
            offer: accounts.offer.to_account_info(),
            currency: accounts.currency.to_account_info(),
            payout_currency: accounts.payout_currency.to_account_info(),
            price: accounts.price.to_account_info(),
            mint: accounts.mint.to_account_info(),
            job: accounts.job.to_account_info(),
            escrow: accounts.escrow.to_account_info(),
            source: accounts.source.to_account_info(),
            cluster: None,
            token_program: accounts.token_program.to_account_info(),
            system_program: accounts.system_program.to_account_info(),
            event_authority: accounts.event_authority.to_account_info(),
            program: accounts.jobs_program.to_account_info(),
        };
        let seeds = signer(accounts.tenant.key, &ctx.bumps.renter);
        jobs::cpi::book(CpiContext::new_with_signer(jobs::ID, booking, &[&seeds]), args)
    }

    /// Ends a job before its start; who then calls the jobs program's `refund`, anyone may, has the deposit paid to the
    /// renter, less the price of the time that the node was held.
    ///
    /// Caller: the tenant. Errors: those of `cancel` in the jobs program.
    pub fn cancel(ctx: Context<End>) -> Result<()> {
        let accounts = &ctx.accounts;
        let cancelling = jobs::cpi::accounts::Cancel {
            party: accounts.renter.to_account_info(),
            job: accounts.job.to_account_info(),
            offer: accounts.offer.to_account_info(),
            cluster: None,
        };
        let seeds = signer(accounts.tenant.key, &ctx.bumps.renter);
        jobs::cpi::cancel(CpiContext::new_with_signer(jobs::ID, cancelling, &[&seeds]))
    }

    /// Stops a running job; who then calls the jobs program's `refund`, anyone may, has the rest of the deposit paid to
    /// the renter.
    ///
    /// Caller: the tenant. Errors: those of `stop` in the jobs program.
    pub fn stop(ctx: Context<End>) -> Result<()> {
        let accounts = &ctx.accounts;
        let stopping = jobs::cpi::accounts::Stop {
            party: accounts.renter.to_account_info(),
            job: accounts.job.to_account_info(),
            offer: accounts.offer.to_account_info(),
        };
        let seeds = signer(accounts.tenant.key, &ctx.bumps.renter);
        jobs::cpi::stop(CpiContext::new_with_signer(jobs::ID, stopping, &[&seeds]))
    }

    /// Takes tokens out of the renter's account.
    ///
    /// * amount - Base units of the mint.
    ///
    /// Caller: the tenant.
    pub fn withdraw(ctx: Context<Withdraw>, amount: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        let transfer = Transfer {
            from: accounts.source.to_account_info(),
            to: accounts.destination.to_account_info(),
            authority: accounts.renter.to_account_info(),
        };
        let seeds = signer(accounts.tenant.key, &ctx.bumps.renter);
        token::transfer(CpiContext::new_with_signer(token::ID, transfer, &[&seeds]), amount)
    }

    /// Takes SOL out of the renter, as what came back of the rent of its jobs.
    ///
    /// * lamports - How much; what is left is nothing, or the rent of an empty account at least.
    ///
    /// Caller: the tenant.
    pub fn withdraw_sol(ctx: Context<WithdrawSol>, lamports: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        let transfer = system_program::Transfer {
            from: accounts.renter.to_account_info(),
            to: accounts.destination.to_account_info(),
        };
        let seeds = signer(accounts.tenant.key, &ctx.bumps.renter);
        system_program::transfer(
            CpiContext::new_with_signer(system_program::ID, transfer, &[&seeds]),
            lamports,
        )
    }
}

/// What the program signs with for a tenant's renter.
fn signer<'a>(tenant: &'a Pubkey, bump: &'a u8) -> [&'a [u8]; 3] {
    [RENTER_SEED, tenant.as_ref(), core::slice::from_ref(bump)]
}

/// The jobs program checks what it is given; here only the renter is, since the program signs for it.
#[derive(Accounts)]
pub struct Book<'info> {
    /// Whose renter books.
    pub tenant: Signer<'info>,
    /// Pays, rents, and gets the refund.
    #[account(mut, seeds = [RENTER_SEED, tenant.key().as_ref()], bump)]
    pub renter: SystemAccount<'info>,
    /// The renter's tokens.
    #[account(mut, token::authority = renter)]
    pub source: Account<'info, TokenAccount>,
    /// The jobs program.
    pub jobs_program: Program<'info, jobs::program::Jobs>,
    /// Its configuration.
    /// CHECK: by the jobs program, as are all that follow.
    pub config: UncheckedAccount<'info>,
    /// The node.
    /// CHECK: as above.
    pub node: UncheckedAccount<'info>,
    /// The node's class.
    /// CHECK: as above.
    pub class: UncheckedAccount<'info>,
    /// The attester set of the proofs program.
    /// CHECK: as above.
    pub attester_set: UncheckedAccount<'info>,
    /// The proofs program's configuration.
    /// CHECK: as above.
    pub proofs_config: UncheckedAccount<'info>,
    /// The node's offer.
    /// CHECK: as above.
    #[account(mut)]
    pub offer: UncheckedAccount<'info>,
    /// The currency that the job is paid in.
    /// CHECK: as above.
    pub currency: UncheckedAccount<'info>,
    /// The currency that the supplier is paid in.
    /// CHECK: as above.
    pub payout_currency: UncheckedAccount<'info>,
    /// The currency's price account.
    /// CHECK: as above.
    pub price: UncheckedAccount<'info>,
    /// What the job is paid in.
    /// CHECK: as above.
    pub mint: UncheckedAccount<'info>,
    /// The new job.
    /// CHECK: as above.
    #[account(mut)]
    pub job: UncheckedAccount<'info>,
    /// The token account that holds the deposit.
    /// CHECK: as above.
    #[account(mut)]
    pub escrow: UncheckedAccount<'info>,
    /// Signs the jobs program's events.
    /// CHECK: as above.
    pub event_authority: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

#[derive(Accounts)]
pub struct End<'info> {
    /// Whose renter ends it.
    pub tenant: Signer<'info>,
    /// The job's renter.
    #[account(seeds = [RENTER_SEED, tenant.key().as_ref()], bump)]
    pub renter: SystemAccount<'info>,
    /// The jobs program.
    pub jobs_program: Program<'info, jobs::program::Jobs>,
    /// The job.
    /// CHECK: by the jobs program.
    #[account(mut)]
    pub job: UncheckedAccount<'info>,
    /// The node's offer.
    /// CHECK: by the jobs program.
    #[account(mut)]
    pub offer: UncheckedAccount<'info>,
}

#[derive(Accounts)]
pub struct Withdraw<'info> {
    /// Whose renter pays.
    pub tenant: Signer<'info>,
    /// The tokens' owner.
    #[account(seeds = [RENTER_SEED, tenant.key().as_ref()], bump)]
    pub renter: SystemAccount<'info>,
    /// The renter's tokens.
    #[account(mut, token::authority = renter)]
    pub source: Account<'info, TokenAccount>,
    /// Where they go, as the tenant wishes.
    #[account(mut)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

#[derive(Accounts)]
pub struct WithdrawSol<'info> {
    /// Whose renter pays.
    pub tenant: Signer<'info>,
    /// The SOL's owner.
    #[account(mut, seeds = [RENTER_SEED, tenant.key().as_ref()], bump)]
    pub renter: SystemAccount<'info>,
    /// Where it goes, as the tenant wishes.
    /// CHECK: any account.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}
