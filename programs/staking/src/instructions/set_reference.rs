//! Sets what the devices of a class are judged by: times that were measured, or zeros.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `ProductUnknown`, `MemoryUnknown`, `ReferenceOutOfBounds`.
//!
//! Events: `ReferenceSet`.

use super::SetClass;
use crate::events::ReferenceSet;
use crate::state::Reference;
use anchor_lang::prelude::*;

pub fn handle_set_reference(ctx: Context<SetClass>, id: u16, reference: Reference) -> Result<()> {
    ctx.accounts.class.load_mut()?.set_reference(reference)?;
    let seq = ctx.accounts.config.load_mut()?.next_seq();
    emit!(ReferenceSet { seq, id, reference });
    Ok(())
}
