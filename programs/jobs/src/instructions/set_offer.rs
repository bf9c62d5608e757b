//! Changes an offer for new jobs.
//!
//! Who may call: the node's owner, also while offering is paused.
//!
//! Checks, each with its error: those of `offer` but `Paused`; `WrongNode`.
//!
//! Events: `OfferSet`.

use super::offer::check_listing;
use crate::errors::JobsError;
use crate::events::OfferSet;
use crate::state::{Offer, OfferArgs};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct SetOffer<'info> {
    /// The node's owner.
    pub owner: Signer<'info>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    #[account(address = offer.load()?.node @ JobsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The node's offer.
    #[account(mut)]
    pub offer: AccountLoader<'info, Offer>,
}

pub fn handle_set_offer(ctx: Context<SetOffer>, args: OfferArgs) -> Result<()> {
    check_listing(&ctx.accounts.node, ctx.accounts.owner.key, args.open)?;
    let mut offer = ctx.accounts.offer.load_mut()?;
    offer.set(ctx.accounts.owner.key(), args)?;
    emit!(OfferSet::new(ctx.accounts.offer.key(), &mut offer));
    Ok(())
}
