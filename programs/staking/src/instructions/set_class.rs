//! Changes a hardware class; stake that exists already stays.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: those of `create_class`.
//!
//! Events: `ClassSet`.

use crate::errors::StakingError;
use crate::events::ClassSet;
use crate::state::{Class, ClassArgs, Config, CLASS_SEED};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
#[instruction(id: u16)]
pub struct SetClass<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ StakingError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The class.
    #[account(mut, seeds = [CLASS_SEED, id.to_le_bytes().as_ref()], bump = class.load()?.bump)]
    pub class: AccountLoader<'info, Class>,
}

pub fn handle_set_class(ctx: Context<SetClass>, id: u16, args: ClassArgs) -> Result<()> {
    let mut class = ctx.accounts.class.load_mut()?;
    let bump = class.bump;
    class.set(id, bump, args)?;
    let seq = ctx.accounts.config.load_mut()?.next_seq();
    emit!(ClassSet::new(seq, id, args));
    Ok(())
}
