//! Addresses that are fixed at compile time: the programs, and the accounts of which there is one.

use anchor_lang::prelude::*;
use const_crypto::ed25519;

pub const MINT_PROGRAM: Pubkey = pubkey!("iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV");
pub const PROOFS_PROGRAM: Pubkey = pubkey!("ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF");
pub const STAKING_PROGRAM: Pubkey = pubkey!("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY");
pub const JOBS_PROGRAM: Pubkey = pubkey!("ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA");
pub const BUYBACK_PROGRAM: Pubkey = pubkey!("ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8");
pub const GOVERNANCE_PROGRAM: Pubkey = pubkey!("iogC7NKioP1989xDJ7kgkT1H4vizYuy5UduYNquSX7E");
pub const DISTRIBUTOR_PROGRAM: Pubkey = pubkey!("ioD6AuCTSDUE4Ujet18uvMf7hEtqjEZRVuXHu3qV5Qs");

/// The classic SPL Token program.
pub const TOKEN_PROGRAM: Pubkey = pubkey!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// What the runtime knows of the transaction's instructions.
pub const INSTRUCTIONS: Pubkey = pubkey!("Sysvar1nstructions1111111111111111111111111");
/// The hashes of the latest slots.
pub const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");
/// The runtime's own program that checks signatures before a transaction runs.
pub const ED25519_PROGRAM: Pubkey = pubkey!("Ed25519SigVerify111111111111111111111111111");
/// Owner of every Pyth price account (Pyth's receiver program).
pub const PYTH_RECEIVER: Pubkey = pubkey!("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");

/// An address derived from a program, with its bump.
#[derive(Clone, Copy)]
pub struct Pda {
    pub address: Pubkey,
    pub bump: u8,
}

impl Pda {
    /// The address that `find_program_address(&[seed], program)` gives, computed by the compiler.
    pub const fn of(seed: &[u8], program: Pubkey) -> Self {
        let (address, bump) = ed25519::derive_program_address(&[seed], program.as_array());
        Self { address: Pubkey::new_from_array(address), bump }
    }
}

/// Every program keeps its parameters at its own `["config"]`.
pub const MINT: Pda = Pda::of(b"config", MINT_PROGRAM);
pub const PROOFS: Pda = Pda::of(b"config", PROOFS_PROGRAM);
pub const STAKING: Pda = Pda::of(b"config", STAKING_PROGRAM);
pub const JOBS: Pda = Pda::of(b"config", JOBS_PROGRAM);
pub const BUYBACK: Pda = Pda::of(b"config", BUYBACK_PROGRAM);
pub const GOVERNANCE: Pda = Pda::of(b"config", GOVERNANCE_PROGRAM);
pub const DISTRIBUTOR: Pda = Pda::of(b"config", DISTRIBUTOR_PROGRAM);

/// The IO mint.
pub const IO: Pda = Pda::of(b"mint", MINT_PROGRAM);
/// Emission's ledger in staking, and the owner of the token account that emissions are paid to.
pub const EMISSION: Pda = Pda::of(b"emission", STAKING_PROGRAM);
/// Signs staking's events; Anchor's name for it.
pub const STAKING_EVENT_AUTHORITY: Pda = Pda::of(b"__event_authority", STAKING_PROGRAM);
/// The attester set.
pub const ATTESTERS: Pda = Pda::of(b"attesters", PROOFS_PROGRAM);
/// Holds what governance spends, and signs what it executes.
pub const TREASURY: Pda = Pda::of(b"treasury", GOVERNANCE_PROGRAM);

pub const MINT_CONFIG: Pubkey = MINT.address;
pub const PROOFS_CONFIG: Pubkey = PROOFS.address;
pub const STAKING_CONFIG: Pubkey = STAKING.address;
pub const JOBS_CONFIG: Pubkey = JOBS.address;
pub const BUYBACK_CONFIG: Pubkey = BUYBACK.address;
pub const GOVERNANCE_CONFIG: Pubkey = GOVERNANCE.address;
pub const DISTRIBUTOR_CONFIG: Pubkey = DISTRIBUTOR.address;
pub const IO_MINT: Pubkey = IO.address;
pub const EMISSION_LEDGER: Pubkey = EMISSION.address;
pub const STAKING_EVENTS: Pubkey = STAKING_EVENT_AUTHORITY.address;
pub const ATTESTER_SET: Pubkey = ATTESTERS.address;
pub const GOVERNANCE_TREASURY: Pubkey = TREASURY.address;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_addresses_are_those_of_the_runtime() {
        for (pda, seed, program) in [
            (MINT, "config", MINT_PROGRAM),
            (PROOFS, "config", PROOFS_PROGRAM),
            (STAKING, "config", STAKING_PROGRAM),
            (JOBS, "config", JOBS_PROGRAM),
            (BUYBACK, "config", BUYBACK_PROGRAM),
            (GOVERNANCE, "config", GOVERNANCE_PROGRAM),
            (DISTRIBUTOR, "config", DISTRIBUTOR_PROGRAM),
            (IO, "mint", MINT_PROGRAM),
            (EMISSION, "emission", STAKING_PROGRAM),
            (STAKING_EVENT_AUTHORITY, "__event_authority", STAKING_PROGRAM),
            (ATTESTERS, "attesters", PROOFS_PROGRAM),
            (TREASURY, "treasury", GOVERNANCE_PROGRAM),
        ] {
            let found = Pubkey::find_program_address(&[seed.as_bytes()], &program);
            assert_eq!((pda.address, pda.bump), found);
        }
    }
}
