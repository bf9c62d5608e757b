use crate::state::PolicyArgs;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;

/// The mint and its configuration were created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// The IO mint.
    pub mint: Pubkey,
    /// Unix time from which emission counts.
    pub start: i64,
    /// The first policy.
    pub policy: PolicyArgs,
}

/// A genesis allocation was minted.
#[event]
pub struct GenesisMinted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The allocation that was minted.
    pub allocation: Allocation,
    /// Amount, base units.
    pub amount: u64,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Minted at genesis so far, base units.
    pub genesis_total: u64,
    /// Supply of IO after it, base units.
    pub supply: u64,
}

/// What was due on the schedule was minted.
#[event]
pub struct Emitted {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// When it happened, unix time.
    pub time: i64,
    /// Minted into the emission vault, base units.
    pub paid: u64,
    /// Minted into the reserve, base units.
    pub withheld: u64,
    /// Minted on the schedule so far, base units.
    pub emitted_total: u64,
    /// Of that, minted into the reserve so far, base units.
    pub withheld_total: u64,
    /// Minted into the emission vault since the policy began, base units.
    pub policy_paid: u64,
    /// Supply of IO after it, base units.
    pub supply: u64,
}

/// A policy has begun.
#[event]
pub struct PolicySet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// All that was set.
    pub policy: PolicyArgs,
    /// Emitted by then, base units.
    pub emitted_before: u64,
    /// Burned by fees by then, base units; 0 where the policy does not look at it.
    pub burned_before: u64,
}

/// What policies have withheld was burned.
#[event]
pub struct ReserveBurned {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// Tokens, base units.
    pub amount: u64,
    /// Burned out of the reserve so far, base units.
    pub burned_total: u64,
    /// Supply of IO after it, base units.
    pub supply: u64,
}

/// The pauser was set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// May pause from now on.
    pub pauser: Pubkey,
}

io_common::administration_events!();
