//! Books more time for a job that is running, at its rate and at today's price of its currency.
//!
//! Who may call: the renter, who gets the refund, or the delegate of the job's cluster. Anyone may pay, and what
//! is given back goes where it was to go before.
//!
//! Checks, each with its error: `NotRenter`, `WrongCluster`, `WrongAttesterSet`, `TooFewSeats`, `Paused`,
//! `NotRunning`, `Over`, `Disputed`, `TooManyExtensions`, `OfferClosed`, `DurationOutOfBounds`, `LeaseLost`,
//! `NodeNotLive`, `NodeBanned`, `NodePassedOn`, `FormerOwnersOffer`, `CurrencyDisabled`, `WrongMint`, `DepositAboveLimit`, and those
//! of prices.
//!
//! Events: `Extended`.

use super::bookable::{check_hireable, check_seats};
use super::cluster;
use super::pricing::priced;
use crate::errors::JobsError;
use crate::events::Extended;
use crate::state::{Cluster, Config, Currency, Job, Offer, PAUSE_BOOK};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{abi, clock, emit_cpi, ids, token};
use std::cell::RefMut;

#[event_cpi]
#[derive(Accounts)]
pub struct Extend<'info> {
    /// Pays the deposit.
    pub payer: Signer<'info>,
    /// The renter, who gets the refund, or the delegate of the job's cluster.
    pub party: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::JOBS_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_BOOK) @ JobsError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    #[account(address = job.load()?.node @ JobsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The currency that the job is paid in.
    #[account(
        constraint = currency.load()?.mint == job.load()?.mint @ JobsError::WrongMint,
        constraint = currency.load()?.enabled == 1 @ JobsError::CurrencyDisabled
    )]
    pub currency: AccountLoader<'info, Currency>,
    /// The currency's price account.
    /// CHECK: read as a price of Pyth.
    #[account(address = currency.load()?.price_account @ JobsError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// The job's escrow.
    /// CHECK: by address.
    #[account(mut, address = job.load()?.escrow @ JobsError::WrongEscrow)]
    pub escrow: UncheckedAccount<'info>,
    /// Any token account of the mint that the payer may spend from, as its owner or its delegate.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// The job's cluster, if it is part of one.
    #[account(mut)]
    pub cluster: Option<AccountLoader<'info, Cluster>>,
    pub token_program: Program<'info, Token>,
}

impl Extend<'_> {
    /// Whoever wants more time may, and there are attesters for it; moves the end of the cluster along.
    fn check_party(&self, job: &Job) -> Result<Option<RefMut<'_, Cluster>>> {
        let (party, cluster) = (self.party.key, cluster::of(job, &self.cluster)?);
        let delegated = cluster.as_ref().is_some_and(|cluster| cluster.delegate == *party);
        require!(job.is_renting(party) || delegated, JobsError::NotRenter);
        check_seats(&self.attester_set, job.attesters)?;
        Ok(cluster)
    }

    /// The node works on, and for the same supplier.
    fn check_node(&self, job: &Job) -> Result<()> {
        let node = abi::read::<abi::Node>(&self.node).ok_or(JobsError::NotANode)?;
        check_hireable(&node)?;
        require_keys_eq!(node.owner, job.supplier, JobsError::NodePassedOn);
        self.offer.load()?.check_owner(&node.owner)
    }
}

pub fn handle_extend(ctx: Context<Extend>, seconds: u64, max_deposit: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.job.key();
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    accounts.check_node(&job)?;
    let cluster = accounts.check_party(&job)?;
    let limits = accounts.config.load()?.price_limits;
    let (usd, price, oracle) =
        priced(&*accounts.currency.load()?, &accounts.price, &limits, (job.rate, job.units, seconds), now)?;
    let fee = job.extend(seconds, price, now)?;
    let deposit = price.checked_add(fee).ok_or(JobsError::Overflow)?;
    require_gte!(max_deposit, deposit, JobsError::DepositAboveLimit);
    accounts.offer.load_mut()?.extend(&key, job.seconds, job.ends_at)?;
    if let Some(mut cluster) = cluster {
        cluster.hold_until(job.ends_at);
    }
    let (seq, ends_at, held) = (job.next_seq(), job.ends_at, job.held()?);
    drop(job);
    token::transfer(&accounts.source, &accounts.escrow, &accounts.payer, &[], deposit)?;
    let (payer, source) = (accounts.payer.key(), accounts.source.key());
    emit_cpi!(
        ctx,
        Extended {
            seq,
            job: key,
            payer,
            source,
            usd,
            price,
            fee,
            seconds,
            ends_at,
            held,
            currency_price: oracle.price,
            currency_exponent: oracle.exponent,
        }
    )?;
    Ok(())
}
