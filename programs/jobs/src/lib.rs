//! Jobs: what suppliers offer, who leases which node, and the escrow of every rental.
//!
//! One escrow a job: deposit = paid to the supplier + fees + refund + what it holds, at all times. Only
//! attested time is paid for, and each instruction pays one party.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]
#![cfg_attr(test, allow(clippy::indexing_slicing))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{AttestArgs, CurrencyArgs, OfferArgs, ParamsArgs};

declare_id!("ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO jobs",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod jobs {
    use super::*;

    /// Creates the configuration with the published defaults.
    ///
    /// * resolver - Decides disputes.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.
    pub fn initialize(ctx: Context<Initialize>, resolver: Pubkey) -> Result<()> {
        handle_initialize(ctx, resolver)
    }

    /// Lets jobs be paid in a mint of the classic token program.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `UnknownPricing`, `PaymentFeeOutOfBounds`.
    pub fn create_currency(ctx: Context<CreateCurrency>, args: CurrencyArgs) -> Result<()> {
        handle_create_currency(ctx, args)
    }

    /// Changes a currency for new jobs.
    ///
    /// Caller: the authority. Errors: those of `create_currency`.
    pub fn set_currency(ctx: Context<SetCurrency>, args: CurrencyArgs) -> Result<()> {
        handle_set_currency(ctx, args)
    }

    /// Creates a node's offer, with the account that carries its lease.
    ///
    /// Caller: the node's owner, once. Errors: `Paused`, `NotANode`, `NotNodeOwner`, `NodeNotLive`,
    /// `NodeBanned`, `StakeBelowMinimum`, `ZeroRate`, `RentalTooShort`, `RentalBoundsCrossed`, `UnknownPayout`, `NoCurrency`.
    pub fn offer(ctx: Context<MakeOffer>, args: OfferArgs) -> Result<()> {
        handle_offer(ctx, args)
    }

    /// Changes an offer for new jobs.
    ///
    /// Caller: the node's owner, also while offering is paused. Errors: those of `offer` but `Paused`;
    /// `WrongNode`.
    pub fn set_offer(ctx: Context<SetOffer>, args: OfferArgs) -> Result<()> {
        handle_set_offer(ctx, args)
    }

    /// Opens a cluster of jobs, none of which starts before all are booked.
    ///
    /// * id - Any 32 bytes that the renter has not used; part of the address.
    /// * size - Jobs of the cluster that start together, 1 to 255.
    ///
    /// Caller: the renter who will book them. Errors: `ClusterSize`.
    pub fn open_cluster(ctx: Context<OpenCluster>, id: [u8; 32], size: u8) -> Result<()> {
        handle_open_cluster(ctx, id, size)
    }

    /// Adds places for further jobs to a cluster that runs: nothing waits for them, and they break nothing.
    ///
    /// * places - How many, 1 to 255.
    ///
    /// Caller: the cluster's renter. Errors: `NotClusterRenter`, `ClusterBroken`, `ClusterIncomplete`, `ClusterOver`,
    /// `ClusterPlaces`.
    pub fn grow_cluster(ctx: Context<GrowCluster>, places: u8) -> Result<()> {
        handle_grow_cluster(ctx, places)
    }

    /// Names a delegate, who may also book and extend jobs of a cluster, and pays for what they book.
    ///
    /// * delegate - The delegate; the default key stands for nobody.
    ///
    /// Caller: the cluster's renter. Errors: `NotClusterRenter`.
    pub fn set_delegate(ctx: Context<SetDelegate>, delegate: Pubkey) -> Result<()> {
        handle_set_delegate(ctx, delegate)
    }

    /// Closes a cluster in which no job waits for its start or has booked time ahead; the rent goes back to
    /// its renter.
    ///
    /// Caller: anyone. Errors: `ClusterWaits`, `ClusterYoung`, `ClusterRuns`, `WrongRentPayer`.
    pub fn close_cluster(ctx: Context<CloseCluster>) -> Result<()> {
        handle_close_cluster(ctx)
    }

    /// Books a node: the deposit goes into the job's own escrow, the job gets the lease.
    ///
    /// Caller: anyone who pays, for any renter; for a cluster its renter, or its delegate. Errors: `Paused`,
    /// `WrongNode`, `NotANode`, `NodeNotLive`, `NodeBanned`, `WrongClass`, `StakeBelowMinimum`, `NoVerdict`,
    /// `WrongProofsConfig`, `VerdictTooOld`, `OfferClosed`, `Leased`, `DurationOutOfBounds`,
    /// `NonceOutOfBounds`, `CurrencyDisabled`, `MintNotTaken`, `WrongMint`, `WrongPayoutCurrency`,
    /// `WrongAttesterSet`, `TooFewSeats`, `DepositAboveLimit`, `BelowPar`, those of prices, and in a cluster
    /// `WrongCluster`, `NotClusterBooker`, `ClusterFull`, `ClusterBroken`, `ClusterManifest`.
    pub fn book(ctx: Context<Book>, args: BookArgs) -> Result<()> {
        handle_book(ctx, args)
    }

    /// Begins the booked time, within 20 minutes of the booking.
    ///
    /// Caller: the supplier, the device, or an attester. Errors: `MayNotStart`, `NotBooked`,
    /// `StartWindowOver`, `LeaseLost`, `NodeNotLive`, `NodeBanned`, `WrongOffer`, `WrongNode`, `WrongAttesterSet`,
    /// `WrongCluster`, `ClusterIncomplete`, `ClusterBroken`.
    pub fn start(ctx: Context<Start>) -> Result<()> {
        handle_start(ctx)
    }

    /// Confirms that an attester has the manifest of a job: if nobody starts the job then, it costs the
    /// renter nothing.
    ///
    /// Caller: an attester, within ten minutes of the booking. Errors: `WrongAttesterSet`, `NotAttester`,
    /// `NotBooked`, `ManifestLate`, `WrongCluster`, `ClusterIncomplete`, `ClusterBroken`.
    pub fn confirm_manifest(ctx: Context<ConfirmManifest>) -> Result<()> {
        handle_confirm_manifest(ctx)
    }

    /// Records how much of the time since the start a seat has looked at, and how much of it was good.
    ///
    /// Caller: an attester. Errors: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `SeatMoved`,
    /// `AttestationFalls`, `LoweredBefore`, `LoweredBelowPaid`, `AttestationAhead`, `AttestationOverlaps`,
    /// `BreakWithoutReason`, `NoTimelock`.
    pub fn attest(ctx: Context<Attest>, args: AttestArgs) -> Result<()> {
        handle_attest(ctx, args)
    }

    /// States that the node of a job is gone; the job ends when as many attesters as it has say so within an
    /// hour. Its attested time is paid, without the first hour.
    ///
    /// Caller: an attester. Errors: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `Over`, `SeatMoved`,
    /// `WrongOffer`, `WrongCluster`.
    pub fn lose(ctx: Context<Lose>) -> Result<()> {
        handle_lose(ctx)
    }

    /// Books more time for a job that is running, at its rate and at today's price of its currency.
    ///
    /// * seconds - Seconds to add.
    /// * max_deposit - The most that may be taken, fees included, base units.
    ///
    /// Caller: the renter, who gets the refund, or the delegate of the job's cluster; anyone pays. Errors:
    /// `NotRenter`, `WrongCluster`, `WrongAttesterSet`, `TooFewSeats`, `Paused`, `NotRunning`, `Over`,
    /// `Disputed`, `TooManyExtensions`, `OfferClosed`, `DurationOutOfBounds`, `LeaseLost`, `NodeNotLive`,
    /// `NodeBanned`, `NodePassedOn`, `CurrencyDisabled`, `WrongMint`, `DepositAboveLimit`, and those of prices.
    pub fn extend(ctx: Context<Extend>, seconds: u64, max_deposit: u64) -> Result<()> {
        handle_extend(ctx, seconds, max_deposit)
    }

    /// Pays the supplier what attested time has earned, from one hour after the start. Where the supplier is
    /// paid in IO and the renter pays in another mint, it goes to the job's payout account of the buyback.
    ///
    /// Caller: anyone. Errors: `NotRunning`, `FirstHour`, `Disputed`, `WrongEscrow`, `WrongDestination`,
    /// `WrongMint`.
    pub fn settle(ctx: Context<Settle>) -> Result<()> {
        handle_settle(ctx)
    }

    /// Pays the fees of an ended job into the buyback's vault.
    ///
    /// Caller: anyone. Errors: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongVault`.
    pub fn collect_fees(ctx: Context<CollectFees>) -> Result<()> {
        handle_collect_fees(ctx)
    }

    /// Refunds what is left of an ended job: to the renter, or to the wallet that the booking named.
    ///
    /// Caller: anyone. Errors: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongDestination`, `WrongMint`.
    pub fn refund(ctx: Context<Refund>) -> Result<()> {
        handle_refund(ctx)
    }

    /// Ends a job whose time is over, or that was stopped, once attesters have looked at all of it.
    ///
    /// Caller: anyone. Errors: `NotRunning`, `NotOver`, `NotAttestedToItsEnd`, `WrongOffer`.
    pub fn complete(ctx: Context<Complete>) -> Result<()> {
        handle_complete(ctx)
    }

    /// Ends a job that nobody started in 20 minutes, that cannot start because another job of its cluster has
    /// ended before its start, or whose attesters have been silent for a day.
    ///
    /// Caller: anyone. Errors: `StartWindowOpen`, `NotSilent`, `NotRunning`, `WrongOffer`, `WrongCluster`.
    pub fn expire(ctx: Context<Expire>) -> Result<()> {
        handle_expire(ctx)
    }

    /// Ends a job before its start. Costs the supplier nothing, and the renter the price of the time that the
    /// node was held, at least the booking fee.
    ///
    /// Caller: the renter, who gets the refund, or the supplier. Errors: `NotAParty`, `NotBooked`, `WrongOffer`, `WrongCluster`.
    pub fn cancel(ctx: Context<Cancel>) -> Result<()> {
        handle_cancel(ctx)
    }

    /// Stops a running job before its time. The renter pays for the first hour in any case; a supplier who
    /// leaves within it gets nothing.
    ///
    /// Caller: the renter, who gets the refund, or the supplier. Errors: `NotAParty`, `NotRunning`, `Over`, `WrongOffer`.
    pub fn stop(ctx: Context<Stop>) -> Result<()> {
        handle_stop(ctx)
    }

    /// Disputes the split of a job that is running, or that ended within a day: what is not paid yet is held
    /// back for 14 days at most. Needs a bond in the job's mint, a share of what is held back.
    ///
    /// * max_bond - The most that the bond may be, base units of the job's mint.
    /// * evidence_hash - SHA-256 of the party's evidence.
    ///
    /// Caller: the renter or the supplier, each once. Errors: `NotAParty`, `NotRunning`,
    /// `DisputeWindowOver`, `Disputed`, `DisputedBefore`, `AlreadyDecided`, `NothingToDispute`,
    /// `WrongMint`, `BondAboveLimit`.
    pub fn dispute(ctx: Context<MakeDispute>, max_bond: u64, evidence_hash: [u8; 32]) -> Result<()> {
        handle_dispute(ctx, max_bond, evidence_hash)
    }

    /// Decides a dispute: `gross` of the job's price is due, and the fees follow from it. Ends the job.
    ///
    /// * gross - Part of the job's price that is due, base units.
    ///
    /// Caller: the resolver. Errors: `NotResolver`, `NotDisputed`, `WrongDispute`, `SplitAbovePrice`,
    /// `SplitBelowPaid`, `WrongOffer`.
    pub fn resolve(ctx: Context<Resolve>, gross: u64) -> Result<()> {
        handle_resolve(ctx, gross)
    }

    /// Returns the bond of a dispute that is over, or pays it to the fee vault where the decision awarded the
    /// party no more than the attested split did.
    ///
    /// Caller: anyone. Errors: `DisputeOpen`, `WrongBond`, `WrongDestination`, `WrongRentPayer`.
    pub fn close_dispute(ctx: Context<CloseDispute>) -> Result<()> {
        handle_close_dispute(ctx)
    }

    /// Closes a job that has paid everyone; the rent goes back to the account that paid it.
    ///
    /// Caller: anyone. Errors: `NotSettled`, `WrongRentPayer`, `WrongEscrow`, `WrongVault`.
    pub fn close(ctx: Context<Close>) -> Result<()> {
        handle_close(ctx)
    }

    /// Sets roles, fees, price limits and attesters of new jobs.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `BookingFeeOutOfBounds`, `DisputeBondOutOfBounds`,
    /// `PriceAgeOutOfBounds`, `VerdictAgeOutOfBounds`, `ConfidenceOutOfBounds`, `EmaDistanceOutOfBounds`, `AttestersOutOfBounds`.
    pub fn set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Pauses offering, and booking with extending, or lifts the pauses. What is booked goes on.
    ///
    /// * paused - All entries to be paused, bits `PAUSE_*`.
    ///
    /// Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Proposes a successor of the authority, who has to accept.
    ///
    /// * successor - Becomes the authority when it accepts; the default key withdraws the proposal.
    ///
    /// Caller: the authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the proposed successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}
