//! Books a node: the deposit goes into the job's own escrow, the job gets the lease.
//!
//! Who may call: anyone who pays, for any renter; the node's owner becomes its renter only by signing: else their
//! dispute would be the renter's. For a cluster its renter, who then signs, or its delegate, who then pays, and
//! takes no place that was added.
//!
//! Checks, each with its error: `Paused`, `WrongNode`, `NotANode`, `NodeNotLive`, `NodeBanned`,
//! `WrongClass`, `StakeBelowMinimum`, `NoVerdict`, `WrongProofsConfig`, `VerdictTooOld`, `OfferClosed`,
//! `Leased`, `DurationOutOfBounds`, `NonceOutOfBounds`, `FormerOwnersOffer`, `OwnerUnsigned`,
//! `CurrencyDisabled`, `MintNotTaken`, `WrongMint`, `WrongPayoutCurrency`, `WrongAttesterSet`,
//! `TooFewSeats`, `DepositAboveLimit`, `BelowPar`, those of prices, and in a cluster `WrongCluster`,
//! `NotClusterBooker`, `ClusterFull`, `ClusterBroken`, `ClusterManifest`.
//!
//! Events: `Booked`.

use super::bookable::{check_node, check_seats};
use super::pricing::priced;
use crate::errors::JobsError;
use crate::events::Booked;
use crate::state::{
    Cluster, Config, Currency, Job, Offer, Terms, ESCROW_SEED, JOB_SEED, PAUSE_BOOK, PAYOUT_SEED,
};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{abi, clock, emit_cpi, ids, pyth::Price, token};
use io_math::price::rental_usd;
use io_math::ratio::bps_ceil;

/// What a renter books.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookArgs {
    /// Part of the job's address: 1 to 256 above the offer's latest nonce.
    pub nonce: u64,
    /// Seconds to book.
    pub seconds: u64,
    /// The most that may be taken, fees included, base units.
    pub max_deposit: u64,
    /// `sha256` of the manifest that says what is to be run.
    pub manifest_hash: [u8; 32],
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(args: BookArgs)]
pub struct Book<'info> {
    /// Pays the deposit and the rent, and gets the rent back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The renter, whose job it becomes. Signs only where the job joins a cluster whose delegate is not the
    /// payer, or where they own the node.
    /// CHECK: a wallet.
    pub renter: UncheckedAccount<'info>,
    /// The wallet that gets the refund.
    /// CHECK: a wallet, of the payer's choice.
    pub refund_to: UncheckedAccount<'info>,
    /// The program's configuration.
    #[account(
        address = ids::JOBS_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_BOOK) @ JobsError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    #[account(address = offer.load()?.node @ JobsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The node's class.
    /// CHECK: read as a class of the staking program.
    pub class: UncheckedAccount<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The proofs program's configuration, where the node's verdict is older than `verdict_age` and has to be
    /// the head's. Else it may be left out: so three bookings fit into a transaction.
    /// CHECK: read as that configuration.
    #[account(address = ids::PROOFS_CONFIG @ JobsError::WrongProofsConfig)]
    pub proofs_config: Option<UncheckedAccount<'info>>,
    /// The node's offer.
    #[account(mut)]
    pub offer: AccountLoader<'info, Offer>,
    /// The currency that the job is paid in.
    #[account(
        constraint = currency.load()?.enabled == 1 @ JobsError::CurrencyDisabled,
        constraint = offer.load()?.takes(&mint.key()) @ JobsError::MintNotTaken
    )]
    pub currency: AccountLoader<'info, Currency>,
    /// The currency that the supplier is paid in: IO's, or the job's own.
    #[account(
        constraint = payout_currency.load()?.mint == offer.load()?.paid_in(&mint.key()) @ JobsError::WrongPayoutCurrency
    )]
    pub payout_currency: AccountLoader<'info, Currency>,
    /// The currency's price account.
    /// CHECK: read as a price of Pyth.
    #[account(address = currency.load()?.price_account @ JobsError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// What the job is paid in.
    #[account(address = currency.load()?.mint @ JobsError::WrongMint)]
    pub mint: Box<Account<'info, Mint>>,
    /// The new job.
    #[account(
        init,
        payer = payer,
        space = Job::SPACE,
        seeds = [JOB_SEED, offer.key().as_ref(), args.nonce.to_le_bytes().as_ref()],
        bump
    )]
    pub job: AccountLoader<'info, Job>,
    /// The token account that holds the deposit.
    #[account(init, payer = payer, seeds = [ESCROW_SEED, job.key().as_ref()], bump, token::mint = mint, token::authority = job)]
    pub escrow: Box<Account<'info, TokenAccount>>,
    /// Any token account of the mint that the payer may spend from, as its owner or its delegate.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// The renter's cluster, if the job is to be part of one.
    #[account(mut)]
    pub cluster: Option<AccountLoader<'info, Cluster>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl Book<'_> {
    /// The price of the rental of a node that may be leased, with its micro-dollars and the oracle's price.
    fn terms(&self, seconds: u64, now: i64) -> Result<(Terms, u64, Price)> {
        let (config, currency, offer) = (self.config.load()?, self.currency.load()?, self.offer.load()?);
        let node = abi::read::<abi::Node>(&self.node).ok_or(JobsError::NotANode)?;
        offer.check_owner(&node.owner)?;
        require!(self.renter.is_signer || *self.renter.key != node.owner, JobsError::OwnerUnsigned);
        let longest = config.max_verdict_age(node.last_proof.time, self.head_period_end()?);
        check_node(&node, &self.class, longest, now)?;
        let (rate, units) = (offer.rate, u32::from(node.units));
        let daily = rental_usd(rate, units, io_math::DAY.unsigned_abs()).ok_or(JobsError::Overflow)?;
        let (usd, price, oracle) =
            priced(&currency, &self.price, &config.price_limits, (rate, units, seconds), now)?;
        let attesters = config.attesters_for(daily);
        check_seats(&self.attester_set, attesters)?;
        let fee_bps = u64::from(config.booking_bps).saturating_add(currency.payment_bps.into());
        let terms = Terms {
            supplier: node.owner,
            price,
            fee: bps_ceil(price, fee_bps).ok_or(JobsError::Overflow)?,
            seconds,
            rate,
            units,
            booking_bps: config.booking_bps,
            renter_payment_bps: currency.payment_bps,
            supplier_payment_bps: self.payout_currency.load()?.payment_bps,
            attesters,
            verdict_at: node.last_proof.time,
        };
        Ok((terms, usd, oracle))
    }

    /// The end of the period of the report at the head; 0 if there is none, or its account was left out.
    fn head_period_end(&self) -> Result<i64> {
        let Some(account) = &self.proofs_config else { return Ok(0) };
        let proofs = abi::read::<abi::ProofsConfig>(account).ok_or(JobsError::WrongProofsConfig)?;
        Ok(proofs.head_period_end)
    }

    /// Fills the job's account and gives it the lease; says what was booked.
    fn book(
        &self,
        args: &BookArgs,
        (terms, usd, oracle): (Terms, u64, Price),
        bump: u8,
        now: i64,
    ) -> Result<Booked> {
        let key = self.job.key();
        let mut job = self.job.load_init()?;
        let mut offer = self.offer.load_mut()?;
        job.version = 1;
        job.bump = bump;
        job.book(terms, now);
        // The start window's last second is still the job's.
        let until = job.start_by().saturating_add(1);
        offer.lease(key, args.nonce, args.seconds, now, until)?;
        offer.last_time = now;
        job.payout = offer.payout;
        job.cluster_size = 1;
        if let Some(account) = &self.cluster {
            let mut cluster = account.load_mut()?;
            cluster.check_booker(&self.renter, self.payer.key)?;
            job.replaces = cluster.join(&args.manifest_hash, self.renter.is_signer)? as u8;
            (job.cluster, job.cluster_size) = (account.key(), cluster.size);
        }
        job.offer = self.offer.key();
        job.node = offer.node;
        job.renter = self.renter.key();
        job.mint = self.mint.key();
        if offer.paid_in(&job.mint) != job.mint {
            let seeds: &[&[u8]] = &[PAYOUT_SEED, key.as_ref()];
            (job.payout_vault, _) = Pubkey::find_program_address(seeds, &ids::BUYBACK_PROGRAM);
        }
        job.escrow = self.escrow.key();
        job.fee_vault = self.currency.load()?.vault_of(&key);
        (job.rent_payer, job.refund_to) = (self.payer.key(), self.refund_to.key());
        job.manifest_hash = args.manifest_hash;
        job.nonce = args.nonce;
        job.next_seq();
        Ok(Booked::of(key, &job, usd, oracle, self.source.key()))
    }
}

pub fn handle_book(ctx: Context<Book>, args: BookArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let now = clock::now(accounts.offer.load()?.last_time)?;
    let priced = accounts.terms(args.seconds, now)?;
    let (terms, ..) = &priced;
    let deposit = terms.price.checked_add(terms.fee).ok_or(JobsError::Overflow)?;
    require_gte!(args.max_deposit, deposit, JobsError::DepositAboveLimit);
    let booked = accounts.book(&args, priced, ctx.bumps.job, now)?;
    let escrow = accounts.escrow.to_account_info();
    token::transfer(&accounts.source, &escrow, &accounts.payer, &[], deposit)?;
    emit_cpi!(ctx, booked)?;
    Ok(())
}
