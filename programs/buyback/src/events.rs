use anchor_lang::prelude::*;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
}

#[event]
pub struct VaultOpened {
    pub seq: u64,
    pub mint: Pubkey,
    pub shard: u8,
    pub vault: Pubkey,
}

#[event]
pub struct FeesBurned {
    pub seq: u64,
    /// Counts burns from 1.
    pub receipt: u64,
    pub time: i64,
    pub shard: u8,
    pub amount: u64,
    /// Burned so far.
    pub burned_total: u64,
    pub supply_before: u64,
    pub supply_after: u64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub pauser: Pubkey,
}

#[event]
pub struct PausedSet {
    pub seq: u64,
    pub by: Pubkey,
    pub paused: u64,
}

#[event]
pub struct AuthorityProposed {
    pub seq: u64,
    pub authority: Pubkey,
    pub successor: Pubkey,
}

#[event]
pub struct AuthorityAccepted {
    pub seq: u64,
    pub authority: Pubkey,
}
