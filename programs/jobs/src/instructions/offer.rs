//! Creates a node's offer, with the account that carries its lease.
//!
//! Who may call: the node's owner, once.
//!
//! Checks, each with its error: `Paused`, `NotANode`, `NotNodeOwner`, `NodeNotLive`, `NodeBanned`,
//! `StakeBelowMinimum`, `ZeroRate`, `RentalTooShort`, `RentalBoundsCrossed`, `UnknownPayout`, `NoCurrency`.
//!
//! Events: `OfferSet`.

use super::bookable::check_hireable;
use crate::errors::JobsError;
use crate::events::OfferSet;
use crate::state::{Config, Offer, OfferArgs, OFFER_SEED, PAUSE_OFFER};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct MakeOffer<'info> {
    /// The node's owner, who pays the rent.
    #[account(mut)]
    pub owner: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::JOBS_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_OFFER) @ JobsError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    pub node: UncheckedAccount<'info>,
    /// The new offer.
    #[account(init, payer = owner, space = Offer::SPACE, seeds = [OFFER_SEED, node.key().as_ref()], bump)]
    pub offer: AccountLoader<'info, Offer>,
    pub system_program: Program<'info, System>,
}

pub fn handle_offer(ctx: Context<MakeOffer>, args: OfferArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    check_listing(&accounts.node, accounts.owner.key, args.open)?;
    let mut offer = accounts.offer.load_init()?;
    offer.version = 1;
    offer.bump = ctx.bumps.offer;
    offer.node = accounts.node.key();
    offer.last_time = clock::now(0)?;
    offer.set(accounts.owner.key(), args)?;
    emit!(OfferSet::new(accounts.offer.key(), &mut offer));
    Ok(())
}

/// Checks that `owner` owns the live node; and, where bookings are to be taken, that it may be leased: of no
/// banned device, with its owner's own stake.
pub fn check_listing(node: &AccountInfo, owner: &Pubkey, open: bool) -> Result<()> {
    let node = abi::read::<abi::Node>(node).ok_or(JobsError::NotANode)?;
    require_keys_eq!(node.owner, *owner, JobsError::NotNodeOwner);
    require!(node.state == abi::NodeState::Live, JobsError::NodeNotLive);
    if open {
        check_hireable(&node)?;
        require_gte!(node.owner_active, node.minimum, JobsError::StakeBelowMinimum);
    }
    Ok(())
}
