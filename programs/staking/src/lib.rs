//! Staking: hardware classes, devices, nodes, the stake of owners and co-stakers, and the rewards that
//! reports credit to them.
//!
//! A node's vault always holds exactly what its account says: the owner's stake and rewards, the
//! co-stakers' tokens, and the rewards owed to them.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{ClassArgs, NodeArgs, ParamsArgs};

declare_id!("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO staking",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod staking {
    use super::*;

    // The dispatcher compares discriminators in this order: what is called most comes first.

    /// Credits a node with a final report's leaf: what it earned in its life, less what it was
    /// credited before.
    ///
    /// Caller: anyone. Errors: `NotAReport`, `ReportNotFinal`, `ReportTooOld`, `LeafBeyondReport`,
    /// `WrongProof`, `ReportExhausted`, `NoActiveStake`, `NodeTerminal`, `CreditFrozen`, `WrongVault`.
    pub fn credit_node(ctx: Context<CreditNode>, leaf: LeafArgs) -> Result<()> {
        handle_credit_node(ctx, leaf)
    }

    /// Adds to a position's pending stake.
    ///
    /// Caller: its holder. Errors: `Paused`, `NodeNotLive`, `NotHolder`, `WrongNode`, `WrongClass`,
    /// `WrongVault`, `ZeroAmount`, `MaximumStake`, `CoStakeAboveHalf`, `ActivateFirst`.
    pub fn stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
        handle_stake(ctx, amount)
    }

    /// Lets a position's rewards leave.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingToClaim`, `WrongVault`.
    pub fn claim(ctx: Context<Claim>) -> Result<()> {
        handle_claim(ctx)
    }

    /// Adds to the owner's pending stake.
    ///
    /// Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    /// `WrongVault`, `ZeroAmount`, `MaximumStake`, `ActivateFirst`.
    pub fn owner_stake(ctx: Context<OwnerStake>, amount: u64) -> Result<()> {
        handle_owner_stake(ctx, amount)
    }

    /// Lets the owner's rewards leave.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `NothingToClaim`, `Frozen`, `WrongVault`.
    pub fn owner_claim(ctx: Context<OwnerClaim>) -> Result<()> {
        handle_owner_claim(ctx)
    }

    /// Creates the configuration and emission's ledger.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    /// `SlasherIsResolver`.
    pub fn initialize(ctx: Context<Initialize>, slasher: Pubkey, resolver: Pubkey) -> Result<()> {
        handle_initialize(ctx, slasher, resolver)
    }

    /// Creates one of the 16 accounts that sum active stake.
    ///
    /// Caller: anyone, who pays its rent. Errors: `UnknownShard`.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        handle_open_shard(ctx, index)
    }

    /// Creates a hardware class.
    ///
    /// Caller: authority. Errors: `NotAuthority`, `UnknownPool`, `MaximumOutOfBounds`,
    /// `MinimumOutOfBounds`, `MultiplierOutOfBounds`.
    pub fn create_class(ctx: Context<CreateClass>, id: u16, args: ClassArgs) -> Result<()> {
        handle_create_class(ctx, id, args)
    }

    /// Changes a hardware class; stake that is there already stays.
    ///
    /// Caller: authority. Errors: those of `create_class`.
    pub fn set_class(ctx: Context<SetClass>, id: u16, args: ClassArgs) -> Result<()> {
        handle_set_class(ctx, id, args)
    }

    /// Registers a processor by its fingerprint, once for ever.
    ///
    /// Callers: the owner, the device's key, and an attester that has challenged the device. Errors:
    /// `Paused`, `WrongAttesterSet`, `NotAttester`, `ClassDisabled`.
    pub fn register_device(ctx: Context<RegisterDevice>, fingerprint: [u8; 32]) -> Result<()> {
        handle_register_device(ctx, fingerprint)
    }

    /// Makes a node of a registered device.
    ///
    /// Caller: the device's owner. Errors: `Paused`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`,
    /// `WrongClass`, `CommissionOutOfBounds`.
    pub fn register_node(ctx: Context<RegisterNode>, args: NodeArgs) -> Result<()> {
        handle_register_node(ctx, args)
    }

    /// Makes the owner's pending stake active: at once on a node without active stake, else when the
    /// node was credited past it or after 14 days.
    ///
    /// Caller: anyone. Errors: `NothingPending`, `StillPending`, `WrongShard`.
    pub fn owner_activate(ctx: Context<OwnerActivate>) -> Result<()> {
        handle_owner_activate(ctx)
    }

    /// Takes the owner's stake off. Pending stake, and what exceeds the minimum and the co-stake,
    /// leaves at once; the rest cools. While the node is hired the minimum stays.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `ZeroAmount`, `MoreThanStaked`,
    /// `LeaseLocksMinimum`, `NoFreeSlot`, `Frozen`, `WrongClass`, `WrongOffer`, `WrongShard`, `WrongVault`.
    pub fn owner_unstake(ctx: Context<OwnerUnstake>, amount: u64) -> Result<()> {
        handle_owner_unstake(ctx, amount)
    }

    /// Lets the owner's cooled stake leave.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `NothingReady`, `Frozen`, `WrongVault`.
    pub fn owner_withdraw(ctx: Context<OwnerWithdraw>) -> Result<()> {
        handle_owner_withdraw(ctx)
    }

    /// Opens an empty co-staker's position.
    ///
    /// Caller: its holder. Errors: `OwnerIsNoCoStaker`, `NodeNotLive`.
    pub fn open_position(ctx: Context<OpenPosition>) -> Result<()> {
        handle_open_position(ctx)
    }

    /// Makes a position's pending stake active, under the conditions of `owner_activate`.
    ///
    /// Caller: anyone. Errors: `NothingPending`, `StillPending`, `WrongNode`, `WrongShard`.
    pub fn activate(ctx: Context<Activate>) -> Result<()> {
        handle_activate(ctx)
    }

    /// Takes a position's stake off: pending stake leaves at once, active stake cools.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `ZeroAmount`, `MoreThanStaked`,
    /// `NoFreeSlot`, `CoExitFrozen`, `WrongShard`, `WrongVault`.
    pub fn unstake(ctx: Context<Unstake>, amount: u64) -> Result<()> {
        handle_unstake(ctx, amount)
    }

    /// Lets a position's cooled stake leave.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingReady`, `CoExitFrozen`, `WrongVault`.
    pub fn withdraw(ctx: Context<Withdraw>) -> Result<()> {
        handle_withdraw(ctx)
    }

    /// Sets roles and the cooldown.
    ///
    /// Caller: authority. Errors: `NotAuthority`, `CooldownOutOfBounds`, `SlasherIsResolver`.
    pub fn set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Sets the paused entries (bit 0: registering, bit 1: staking). Exits are never paused.
    ///
    /// Caller: authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Names a successor of the authority; the default key takes it back.
    ///
    /// Caller: authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the named successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}
