//! Creates a hardware class.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `UnknownPool`, `MaximumOutOfBounds`, `MinimumOutOfBounds`,
//! `MultiplierOutOfBounds`.
//!
//! Events: `ClassSet`.

use crate::errors::StakingError;
use crate::events::ClassSet;
use crate::state::{Class, ClassArgs, Config, CLASS_SEED};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
#[instruction(id: u16)]
pub struct CreateClass<'info> {
    /// The authority, who pays the rent.
    #[account(mut, constraint = config.load()?.roles.is_authority(authority.key) @ StakingError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The new class.
    #[account(init, payer = authority, space = Class::SPACE, seeds = [CLASS_SEED, id.to_le_bytes().as_ref()], bump)]
    pub class: AccountLoader<'info, Class>,
    pub system_program: Program<'info, System>,
}

pub fn handle_create_class(ctx: Context<CreateClass>, id: u16, args: ClassArgs) -> Result<()> {
    ctx.accounts.class.load_init()?.set(id, ctx.bumps.class, args)?;
    let seq = ctx.accounts.config.load_mut()?.next_seq();
    emit!(ClassSet::new(seq, id, args));
    Ok(())
}
