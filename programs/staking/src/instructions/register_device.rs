//! Registers a device by its fingerprint; each device is registered once.
//!
//! Who may call: the owner, the device's key, and an attester that has challenged the device.
//!
//! Checks, each with its error: `Paused`, `WrongAttesterSet`, `NotAttester`, `ClassDisabled`.
//!
//! Events: `DeviceRegistered`.

use crate::errors::StakingError;
use crate::events::DeviceRegistered;
use crate::state::{Class, Config, Device, DEVICE_SEED, PAUSE_REGISTER};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(fingerprint: [u8; 32])]
pub struct RegisterDevice<'info> {
    /// The device's owner, who pays the rent.
    #[account(mut)]
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
    /// The new device.
    #[account(init, payer = owner, space = Device::SPACE, seeds = [DEVICE_SEED, fingerprint.as_ref()], bump)]
    pub device: AccountLoader<'info, Device>,
    pub system_program: Program<'info, System>,
}

pub fn handle_register_device(ctx: Context<RegisterDevice>, fingerprint: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    let (seat, _) = abi::read::<abi::AttesterSet>(&accounts.attester_set)
        .ok_or(StakingError::WrongAttesterSet)?
        .seat_of(accounts.attester.key)
        .ok_or(StakingError::NotAttester)?;
    let class = accounts.class.load()?.id;
    let mut device = accounts.device.load_init()?;
    device.version = 1;
    device.bump = ctx.bumps.device;
    device.seat = seat;
    device.class = class;
    device.fingerprint = fingerprint;
    device.device_key = accounts.device_key.key();
    device.owner = accounts.owner.key();
    device.registered_at = clock::now(0)?;
    emit!(DeviceRegistered {
        seq: device.next_seq(),
        device: accounts.device.key(),
        fingerprint,
        device_key: device.device_key,
        owner: device.owner,
        class,
        seat,
    });
    Ok(())
}
