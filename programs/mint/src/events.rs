use crate::state::PolicyKind;
use anchor_lang::prelude::*;
use io_common::abi::Allocation;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
    pub mint: Pubkey,
    pub start: i64,
}

#[event]
pub struct GenesisMinted {
    pub seq: u64,
    pub allocation: Allocation,
    pub amount: u64,
    pub destination: Pubkey,
    /// Minted at genesis so far.
    pub genesis_total: u64,
    pub supply: u64,
}

#[event]
pub struct Emitted {
    pub seq: u64,
    pub time: i64,
    /// Into the emission vault.
    pub paid: u64,
    /// Into the reserve.
    pub withheld: u64,
    /// Minted on the schedule so far.
    pub emitted_total: u64,
    pub withheld_total: u64,
    pub supply: u64,
}

#[event]
pub struct PolicySet {
    pub seq: u64,
    pub kind: PolicyKind,
    pub floor_bps: u16,
    pub per_burned_bps: u32,
}

#[event]
pub struct ReserveBurned {
    pub seq: u64,
    pub amount: u64,
    pub burned_total: u64,
    pub supply: u64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub pauser: Pubkey,
}

io_common::administration_events!();
