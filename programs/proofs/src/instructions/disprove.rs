//! What `disprove_cell` and `disprove_read` have alike: whose commitment it is, and what follows when it is wrong.

use crate::errors::ProofsError;
use crate::state::{signer_of, Commitment, Config, Hour, UNITS};
use anchor_lang::prelude::*;
use io_common::abi::Disproof;
use io_common::merkle::{self, Hash};
use io_common::{abi, calls, clock, ids};
use solana_sha256_hasher::hash;

/// The hashes of the leaf's path follow as remaining accounts, from the bottom up: accounts come from a lookup
/// table in one byte each, and a path in the instruction's data would not fit a transaction.
#[derive(Accounts)]
pub struct Disprove<'info> {
    /// Pays the rent of the slash, and gets it back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The program's configuration, which signs the call to the staking program.
    #[account(address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The hour in which it was signed.
    pub hour: AccountLoader<'info, Hour>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    #[account(mut, constraint = abi::read::<abi::Node>(&node).is_some() @ ProofsError::NotANode)]
    pub node: UncheckedAccount<'info>,
    /// The new slash, `["disproof", node, seq of the hour]`.
    /// CHECK: the staking program makes it.
    #[account(mut)]
    pub slash: UncheckedAccount<'info>,
    /// The shard of active stake that the node counts in.
    /// CHECK: the staking program checks it.
    #[account(mut)]
    pub shard: UncheckedAccount<'info>,
    /// What the runtime knows of the transaction's instructions.
    /// CHECK: by address.
    #[account(address = ids::INSTRUCTIONS @ ProofsError::NotSigned)]
    pub instructions: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
    /// Signs the staking program's events.
    /// CHECK: by address.
    #[account(address = ids::STAKING_EVENTS)]
    pub staking_events: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

/// What a device has signed.
pub struct Claim {
    /// The device's key.
    pub device: Pubkey,
    /// The hour's seed.
    pub seed: Hash,
    disproof: Disproof,
}

impl<'info> Disprove<'info> {
    /// Checks that the node's device has signed the commitment, in an hour that can still be disproved, and that
    /// the leaf is in it.
    pub fn claim(
        &self,
        path: &[AccountInfo],
        domain: &[u8; 16],
        commitment: &Commitment,
        (leaf, place): (Hash, u32),
    ) -> Result<Claim> {
        let hour = self.hour.load()?;
        require_gte!(hour.disprove_until(), clock::now(0)?, ProofsError::HourTooOld);
        require_gt!(UNITS, commitment.unit, ProofsError::OutsideProof);
        let hashes: Vec<Hash> = path.iter().map(|account| account.key.to_bytes()).collect();
        require!(merkle::verify(&commitment.root, leaf, place, &hashes), ProofsError::WrongProof);
        let message = commitment.message(domain, hour.seq, self.node.key);
        let device = signer_of(&self.instructions, &message)?;
        let node = abi::read::<abi::Node>(&self.node).ok_or(ProofsError::NotANode)?;
        require_keys_eq!(node.device_key, device, ProofsError::ForeignCommitment);
        let evidence_hash = hash(&message).to_bytes();
        let disproof = Disproof { hour: hour.seq, period_end: hour.period_end, evidence_hash };
        Ok(Claim { device, seed: hour.seed, disproof })
    }

    /// Slashes the node, and writes its failed verdict.
    pub fn slash(&self, claim: &Claim) -> Result<()> {
        calls::slash_disproved(
            [
                self.config.to_account_info(),
                self.payer.to_account_info(),
                self.node.to_account_info(),
                self.slash.to_account_info(),
                self.shard.to_account_info(),
                self.system_program.to_account_info(),
                self.staking_events.to_account_info(),
                self.staking_program.to_account_info(),
            ],
            &claim.disproof,
        )
    }
}
