//! Unstakes on the owner's side. Pending stake leaves at once, all active stake cools. While the node is
//! leased the minimum stays.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `ZeroAmount`, `MoreThanStaked`, `LeaseLocksMinimum`,
//! `NoFreeSlot`, `Frozen`, `WrongClass`, `WrongOffer`, `WrongShard`, `WrongVault`,
//! `WrongDestination`.
//!
//! Events: `Unstaked`.

use super::lease::is_leased;
use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Unstaked;
use crate::state::{Class, Config, Node, PositionSums, StakeShard};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct OwnerUnstake<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node's hardware class.
    #[account(constraint = class.load()?.id == node.load()?.class @ StakingError::WrongClass)]
    pub class: AccountLoader<'info, Class>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// Any IO account that the owner names.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_owner_unstake(ctx: Context<OwnerUnstake>, amount: u64) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    let leased = is_leased(&accounts.offer, now);
    let cooldown = accounts.config.load()?.cooldown;
    let minimum = accounts.class.load()?.minimum_stake(state.units)?;
    let before = state.counted()?;
    let leaving = state.unstake(minimum, amount, leased, now, cooldown)?;
    accounts.shard.load_mut()?.adjust(now, before, state.counted()?)?;
    let (seq, totals) = (state.next_seq(), state.totals()?);
    drop(state);
    if leaving.now > 0 {
        pay_out(&accounts.node, &accounts.vault, &accounts.destination, leaving.now)?;
    }
    emit_cpi!(
        ctx,
        Unstaked {
            seq,
            node: accounts.node.key(),
            holder: accounts.owner.key(),
            left: leaving.now,
            cooling: leaving.cooling,
            ready_at: now.saturating_add(cooldown),
            totals,
            position: PositionSums::default(),
        }
    )?;
    Ok(())
}
