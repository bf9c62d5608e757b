//! Registers a node with a registered device as its first.
//!
//! Who may call: the device's owner.
//!
//! Checks, each with its error: `Paused`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`, `WrongClass`,
//! `ClassDisabled`, `CommissionOutOfBounds`.
//!
//! Events: `NodeRegistered`.

use crate::errors::StakingError;
use crate::events::NodeRegistered;
use crate::state::{
    Class, Config, Device, Node, NodeArgs, NODE_SEED, OFFER_SEED, PAUSE_REGISTER, VAULT_SEED,
};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct RegisterNode<'info> {
    /// The device's owner, who will own the node; pays the rent.
    #[account(mut)]
    pub owner: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REGISTER) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The device's hardware class.
    #[account(
        constraint = class.load()?.id == device.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.enabled == 1 @ StakingError::ClassDisabled
    )]
    pub class: AccountLoader<'info, Class>,
    /// The node's first processor.
    #[account(
        mut,
        constraint = device.load()?.owner == owner.key() @ StakingError::NotDeviceOwner,
        constraint = device.load()?.node == Pubkey::default() @ StakingError::DeviceInUse,
        constraint = device.load()?.banned == 0 @ StakingError::DeviceBanned
    )]
    pub device: AccountLoader<'info, Device>,
    /// The new node.
    #[account(init, payer = owner, space = Node::SPACE, seeds = [NODE_SEED, device.key().as_ref()], bump)]
    pub node: AccountLoader<'info, Node>,
    /// The node's token account.
    #[account(init, payer = owner, seeds = [VAULT_SEED, node.key().as_ref()], bump, token::mint = mint, token::authority = node)]
    pub vault: Account<'info, TokenAccount>,
    /// The IO mint.
    #[account(address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_register_node(ctx: Context<RegisterNode>, args: NodeArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.node.key();
    let now = clock::now(0)?;
    let (offer, _) = Pubkey::find_program_address(&[OFFER_SEED, key.as_ref()], &ids::JOBS_PROGRAM);
    let mut device = accounts.device.load_mut()?;
    device.node = key;
    let mut node = accounts.node.load_init()?;
    node.version = 1;
    node.bump = ctx.bumps.node;
    node.units = 1;
    node.class = device.class;
    node.pool = accounts.class.load()?.pool;
    node.set_minimum(accounts.class.load()?.minimum_stake(1)?, now);
    node.owner = accounts.owner.key();
    node.offer = offer;
    node.device_key = device.device_key;
    node.device = accounts.device.key();
    node.vault = accounts.vault.key();
    node.registered_at = now;
    node.last_time = now;
    node.credited_through = now;
    node.describe(args)?;
    emit!(NodeRegistered::new(key, &mut node));
    Ok(())
}
