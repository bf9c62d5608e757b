//! Events that a truncated log cannot lose: a program calls itself, and the call's data is the event.
//!
//! What is sent is what Anchor's own `emit_cpi!` sends; it is written into one buffer once, where Anchor
//! copies it twice.

use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed;
use anchor_lang::{Discriminator, Event};

/// Calls `program` with an event, signed by its event authority.
pub fn record<E: Event + AnchorSerialize + Discriminator>(
    program: Pubkey,
    authority: &AccountInfo,
    bump: u8,
    event: &E,
) -> Result<()> {
    // An event is no longer in Borsh than in memory, and its tag and discriminator take 16 bytes.
    let mut data = Vec::with_capacity(size_of::<E>().saturating_add(16));
    data.extend_from_slice(EVENT_IX_TAG_LE);
    data.extend_from_slice(E::DISCRIMINATOR);
    event.serialize(&mut data)?;
    let accounts = vec![AccountMeta::new_readonly(*authority.key, true)];
    let instruction = Instruction { program_id: program, accounts, data };
    let seeds: &[&[u8]] = &[b"__event_authority", &[bump]];
    invoke_signed(&instruction, core::slice::from_ref(authority), &[seeds])?;
    Ok(())
}

/// `emit_cpi!(ctx, event)?`, in an instruction marked `#[event_cpi]`.
// The calling program is the one that is meant.
#[allow(clippy::crate_in_macro_def)]
#[macro_export]
macro_rules! emit_cpi {
    ($ctx:expr, $event:expr) => {
        $crate::events::record(
            crate::ID,
            &$ctx.accounts.event_authority,
            crate::EVENT_AUTHORITY_AND_BUMP.1,
            &$event,
        )
    };
}
