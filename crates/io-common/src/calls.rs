//! Calls of one program by another, without a dependency between them.

use crate::abi::{CreditFreeze, Disproof};
use crate::ids::{PROOFS, PROOFS_CONFIG, STAKING_PROGRAM};
use crate::leaf::Verdict;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::{invoke, invoke_signed};

/// `sha256("global:<name>")[..8]`.
const fn discriminator(name: &str) -> [u8; 8] {
    let hash = const_crypto::sha2::Sha256::new().update(b"global:").update(name.as_bytes()).finalize();
    match hash.first_chunk::<8>() {
        Some(first) => *first,
        None => [0; 8],
    }
}

/// `staking.freeze_credit`, signed by the proofs program's configuration.
pub fn freeze_credit<'info>(
    proofs_config: AccountInfo<'info>,
    node: AccountInfo<'info>,
    freeze: &CreditFreeze,
) -> Result<()> {
    let mut data = discriminator("freeze_credit").to_vec();
    freeze.serialize(&mut data)?;
    call_staking(proofs_config, node, data)
}

/// `staking.set_last_proof`, signed by the proofs program's configuration.
pub fn set_last_proof<'info>(
    proofs_config: AccountInfo<'info>,
    node: AccountInfo<'info>,
    verdict: &Verdict,
) -> Result<()> {
    let mut data = discriminator("set_last_proof").to_vec();
    verdict.serialize(&mut data)?;
    call_staking(proofs_config, node, data)
}

/// `staking.slash_disproved`, signed by the proofs program's configuration: configuration, payer, node, slash,
/// shard, system program, event authority, program.
pub fn slash_disproved(accounts: [AccountInfo; 8], disproof: &Disproof) -> Result<()> {
    const WRITABLE: [bool; 8] = [false, true, true, true, true, false, false, false];
    const SIGNS: [bool; 8] = [true, true, false, false, false, false, false, false];
    let mut data = discriminator("slash_disproved").to_vec();
    disproof.serialize(&mut data)?;
    let metas = accounts.iter().zip(WRITABLE).zip(SIGNS).map(|((account, is_writable), is_signer)| {
        AccountMeta { pubkey: *account.key, is_signer, is_writable }
    });
    let instruction = Instruction { program_id: STAKING_PROGRAM, accounts: metas.collect(), data };
    invoke_signed(&instruction, &accounts, &[&[b"config", &[PROOFS.bump]]])?;
    Ok(())
}

/// `staking.stake`, signed by the holder as the transaction's signer: holder, configuration, class, node,
/// position, vault, source, token program, event authority, program.
pub fn stake(accounts: [AccountInfo; 10], amount: u64) -> Result<()> {
    const WRITABLE: [bool; 10] = [false, false, false, true, true, true, true, false, false, false];
    let mut data = discriminator("stake").to_vec();
    amount.serialize(&mut data)?;
    let [holder, ..] = &accounts;
    let metas = accounts.iter().zip(WRITABLE).map(|(account, is_writable)| AccountMeta {
        pubkey: *account.key,
        is_signer: account.key == holder.key,
        is_writable,
    });
    let instruction = Instruction { program_id: STAKING_PROGRAM, accounts: metas.collect(), data };
    invoke(&instruction, &accounts)?;
    Ok(())
}

fn call_staking<'info>(proofs: AccountInfo<'info>, node: AccountInfo<'info>, data: Vec<u8>) -> Result<()> {
    let accounts = vec![AccountMeta::new_readonly(PROOFS_CONFIG, true), AccountMeta::new(*node.key, false)];
    let instruction = Instruction { program_id: STAKING_PROGRAM, accounts, data };
    invoke_signed(&instruction, &[proofs, node], &[&[b"config", &[PROOFS.bump]]])?;
    Ok(())
}
