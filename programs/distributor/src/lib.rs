//! Vesting grants and airdrops of IO.
//!
//! Each has a vault of its own, filled when it is made: nothing is promised that is not there. What has
//! vested, and what an airdrop's leaf says, is paid to accounts of its recipient alone, whoever sends the
//! transaction. No pause and no role reaches what has vested or may be claimed.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::cast_possible_truncation))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{AirdropArgs, ClaimArgs, GrantArgs};

declare_id!("ioD6AuCTSDUE4Ujet18uvMf7hEtqjEZRVuXHu3qV5Qs");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO distributor",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod distributor {
    use super::*;

    /// Releases what has vested and was not released before, into an account of the beneficiary.
    ///
    /// Caller: anyone. Errors: `WrongVault`, `WrongDestination`, `NothingToRelease`.
    pub fn release(ctx: Context<Release>) -> Result<()> {
        handle_release(ctx)
    }

    /// Pays an airdrop's leaf into an account of its claimant, before the deadline.
    ///
    /// Caller: anyone. Errors: `WrongVault`, `WrongChunk`, `AirdropOver`, `UnknownIndex`, `AlreadyClaimed`,
    /// `WrongProof`, `ZeroAmount`, `Exhausted`.
    pub fn claim_airdrop(ctx: Context<ClaimAirdrop>, args: ClaimArgs) -> Result<()> {
        handle_claim_airdrop(ctx, args)
    }

    /// Pays an airdrop's leaf straight into its claimant's pending stake on a node.
    ///
    /// Caller: the claimant, who has a position there. Errors: those of `claim_airdrop` and of staking's
    /// `stake`, `NotStaked`.
    pub fn claim_into_stake(ctx: Context<ClaimIntoStake>, args: ClaimArgs) -> Result<()> {
        handle_claim_into_stake(ctx, args)
    }

    /// Creates the configuration.
    ///
    /// * treasury - Owns the accounts that revoked and unclaimed IO goes to.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    /// `NoTreasury`.
    pub fn initialize(ctx: Context<Initialize>, treasury: Pubkey) -> Result<()> {
        handle_initialize(ctx, treasury)
    }

    /// Creates a grant and fills its vault.
    ///
    /// * id - Any unused number; part of the address.
    ///
    /// Caller: the authority, out of its own IO. Errors: `NotAuthority`, `Paused`, `NoBeneficiary`,
    /// `UnknownAllocation`, `UnsoundSchedule`, `StartOutOfRange`.
    pub fn create_grant(ctx: Context<CreateGrant>, id: u64, args: GrantArgs) -> Result<()> {
        handle_create_grant(ctx, id, args)
    }

    /// Ends a revocable grant: what has vested stays with the beneficiary, the rest goes to the treasury.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `WrongVault`, `WrongDestination`, `NotRevocable`,
    /// `AlreadyRevoked`, `NothingToRevoke`.
    pub fn revoke(ctx: Context<Revoke>) -> Result<()> {
        handle_revoke(ctx)
    }

    /// Proposes a successor of the beneficiary, who has to accept.
    ///
    /// * successor - Becomes the beneficiary when it accepts; the default key withdraws the proposal.
    ///
    /// Caller: the beneficiary. Errors: `NotBeneficiary`.
    pub fn set_beneficiary(ctx: Context<SetBeneficiary>, successor: Pubkey) -> Result<()> {
        handle_set_beneficiary(ctx, successor)
    }

    /// Makes the proposed successor the beneficiary, also of what has vested and was not released.
    ///
    /// Caller: the successor. Errors: `NotPendingBeneficiary`.
    pub fn accept_beneficiary(ctx: Context<AcceptBeneficiary>) -> Result<()> {
        handle_accept_beneficiary(ctx)
    }

    /// Creates an airdrop with the Merkle root of its leaves, and fills its vault.
    ///
    /// * id - Any unused number; part of the address.
    ///
    /// Caller: the authority, out of its own IO. Errors: `NotAuthority`, `Paused`, `UnknownAllocation`,
    /// `ZeroAmount`, `NoLeaves`, `DeadlineOutOfRange`.
    pub fn create_airdrop(ctx: Context<CreateAirdrop>, id: u64, args: AirdropArgs) -> Result<()> {
        handle_create_airdrop(ctx, id, args)
    }

    /// Opens an account that marks the claims of 8,192 leaves; each is opened once.
    ///
    /// * number - Number of the account, from 0; its first leaf is `number · 8,192`.
    ///
    /// Caller: anyone, who pays the rent and gets it back when the account is closed. Errors: `UnknownChunk`,
    /// `AirdropOver`.
    pub fn open_claims(ctx: Context<OpenClaims>, number: u32) -> Result<()> {
        handle_open_claims(ctx, number)
    }

    /// Pays what nobody claimed to the treasury after the deadline, and closes the vault.
    ///
    /// Caller: anyone. Errors: `AirdropRunning`, `AlreadyReclaimed`, `WrongVault`, `WrongDestination`,
    /// `WrongRentPayer`.
    pub fn reclaim(ctx: Context<Reclaim>) -> Result<()> {
        handle_reclaim(ctx)
    }

    /// Closes an account of claims of an airdrop that was reclaimed; the rent goes back to the account that
    /// paid it.
    ///
    /// Caller: anyone. Errors: `WrongChunk`, `NotReclaimed`, `WrongRentPayer`.
    pub fn close_claims(ctx: Context<CloseClaims>) -> Result<()> {
        handle_close_claims(ctx)
    }

    /// Sets who may pause, and whose accounts revoked and unclaimed IO goes to from now on.
    ///
    /// * pauser - May pause.
    /// * treasury - Owns the accounts that revoked and unclaimed IO goes to.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `NoTreasury`, `TreasuryIsFinal`.
    pub fn set_params(ctx: Context<Administer>, pauser: Pubkey, treasury: Pubkey) -> Result<()> {
        handle_set_params(ctx, pauser, treasury)
    }

    /// Pauses `create_grant` and `create_airdrop`, or lifts the pauses.
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
