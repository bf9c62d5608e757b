//! Registers a device that nobody owns for a new owner.
//!
//! Who may call: the owner to be, the device's key, and an attester that has challenged it.
//!
//! Checks, each with its error: `Paused`, `DeviceOwned`, `DeviceBanned`, `ClassDisabled`, `WrongAttesterSet`,
//! `NotAttester`.
//!
//! Events: `DeviceRegistered`.

use crate::errors::StakingError;
use crate::events::DeviceRegistered;
use crate::state::{Class, Config, Device, PAUSE_REGISTER};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct ClaimDevice<'info> {
    /// The owner-to-be, who pays the rent.
    pub owner: Signer<'info>,
    /// The device's own key.
    pub device_key: Signer<'info>,
    /// An attester that has challenged the device.
    pub attester: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REGISTER) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The device's hardware class.
    #[account(constraint = class.load()?.enabled == 1 @ StakingError::ClassDisabled)]
    pub class: AccountLoader<'info, Class>,
    /// The device.
    #[account(
        mut,
        constraint = device.load()?.owner == Pubkey::default() @ StakingError::DeviceOwned,
        constraint = device.load()?.banned == 0 @ StakingError::DeviceBanned
    )]
    pub device: AccountLoader<'info, Device>,
}

pub fn handle_claim_device(ctx: Context<ClaimDevice>) -> Result<()> {
    let accounts = &ctx.accounts;
    let (seat, _) = abi::read::<abi::AttesterSet>(&accounts.attester_set)
        .ok_or(StakingError::WrongAttesterSet)?
        .seat_of(accounts.attester.key)
        .ok_or(StakingError::NotAttester)?;
    let mut device = accounts.device.load_mut()?;
    device.owner = accounts.owner.key();
    device.device_key = accounts.device_key.key();
    device.class = accounts.class.load()?.id;
    device.seat = seat;
    device.registered_at = clock::now(device.registered_at)?;
    emit!(DeviceRegistered {
        seq: device.next_seq(),
        device: accounts.device.key(),
        fingerprint: device.fingerprint,
        device_key: device.device_key,
        owner: device.owner,
        class: device.class,
        seat,
    });
    Ok(())
}
