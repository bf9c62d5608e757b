use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::Discriminator;
use io_common::ids;
use solana_sha256_hasher::hashv;
use std::io::{self, Read};

/// Most accounts of a transaction.
#[constant]
pub const MAX_ACCOUNTS: u16 = 32;
/// Most bytes of a transaction's data.
#[constant]
pub const MAX_DATA: u16 = 1_024;
/// Prefix of each transaction in its hash, followed by the hash of all before it.
#[constant]
pub const TRANSACTION_DOMAIN: &[u8] = b"ionet:transaction";
/// Seed of a transaction: `["transaction", proposal, index]`, the index in 1 byte.
#[constant]
pub const TRANSACTION_SEED: &[u8] = b"transaction";

/// An account of a transaction.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Address of the account.
    pub key: Pubkey,
    /// Whether it signs; only the treasury may.
    pub signer: bool,
    /// Whether the transaction may change it.
    pub writable: bool,
}

/// An instruction that a proposal executes, as `add_transaction` takes it.
#[derive(AnchorSerialize, Clone, Debug, PartialEq, Eq)]
pub struct TransactionArgs {
    /// The program that it calls.
    pub program_id: Pubkey,
    /// The accounts that it names, in order.
    pub accounts: Vec<Meta>,
    /// The instruction's data.
    pub data: Vec<u8>,
}

/// Reads no more than a transaction may have. A length beyond that, which may be any number, sets nothing aside
/// for what it promises: it is read as one more than there may be, for `check` to refuse.
impl AnchorDeserialize for TransactionArgs {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let program_id = Pubkey::deserialize_reader(reader)?;
        let length = u32::deserialize_reader(reader)?;
        if length > u32::from(MAX_ACCOUNTS) {
            let none = Meta { key: Pubkey::default(), signer: false, writable: false };
            return Ok(Self { program_id, accounts: vec![none; over(MAX_ACCOUNTS)], data: Vec::new() });
        }
        let accounts =
            (0..length).map(|_| Meta::deserialize_reader(reader)).collect::<io::Result<Vec<_>>>()?;
        let length = u32::deserialize_reader(reader)?;
        if length > u32::from(MAX_DATA) {
            return Ok(Self { program_id, accounts, data: vec![0; over(MAX_DATA)] });
        }
        let mut data = vec![0; usize::try_from(length).unwrap_or(0)];
        reader.read_exact(&mut data)?;
        Ok(Self { program_id, accounts, data })
    }
}

/// One more than the most.
fn over(most: u16) -> usize {
    usize::from(most).saturating_add(1)
}

impl TransactionArgs {
    /// Nobody's signature but the treasury's, and of this program only what sets its parameters.
    pub fn check(&self) -> Result<()> {
        require_gte!(usize::from(MAX_ACCOUNTS), self.accounts.len(), GovernanceError::TooManyAccounts);
        require_gte!(usize::from(MAX_DATA), self.data.len(), GovernanceError::TooMuchData);
        let signs = |meta: &Meta| meta.signer && meta.key != ids::GOVERNANCE_TREASURY;
        require!(!self.accounts.iter().any(signs), GovernanceError::ForeignSigner);
        let own = self.program_id == crate::ID;
        let allowed =
            self.sets_guardian() || self.data.starts_with(crate::instruction::SetParams::DISCRIMINATOR);
        require!(!own || allowed, GovernanceError::SelfCall);
        Ok(())
    }

    /// Whether it does nothing but set governance's guardian.
    pub fn sets_guardian(&self) -> bool {
        let set_guardian = crate::instruction::SetGuardian::DISCRIMINATOR;
        self.program_id == crate::ID && self.data.starts_with(set_guardian)
    }

    /// The hash of everything up to this transaction: `sha256("ionet:transaction" ‖ before ‖ borsh(self))`.
    pub fn hash_after(&self, before: &[u8; 32]) -> Result<[u8; 32]> {
        let mut content = Vec::new();
        self.serialize(&mut content)?;
        Ok(hashv(&[TRANSACTION_DOMAIN, before, &content]).to_bytes())
    }
}

/// A transaction of a proposal, never changed: `["transaction", proposal, index]`.
#[account]
#[derive(Debug)]
pub struct StoredTransaction {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Its number in the proposal, from 0.
    pub index: u8,
    /// The proposal.
    pub proposal: Pubkey,
    /// Who paid its rent.
    pub rent_payer: Pubkey,
    pub reserved: [u8; 32],
    /// The instruction that it executes.
    pub args: TransactionArgs,
}

impl StoredTransaction {
    /// Bytes of the account with these arguments.
    pub fn space(args: &TransactionArgs) -> usize {
        let accounts = args.accounts.len().saturating_mul(34);
        // Discriminator, leading fields, program, and two lengths.
        let fixed = 8 + 3 + 32 + 32 + 32 + 32 + 4 + 4;
        accounts.saturating_add(args.data.len()).saturating_add(fixed)
    }

    /// The instruction that was voted on, given its accounts in its order.
    pub fn instruction(&self, accounts: &[AccountInfo]) -> Result<Instruction> {
        let metas = &self.args.accounts;
        require!(metas.len() == accounts.len(), GovernanceError::WrongAccounts);
        for (meta, given) in metas.iter().zip(accounts) {
            let fits = meta.key == *given.key && (given.is_writable || !meta.writable);
            require!(fits, GovernanceError::WrongAccounts);
        }
        // Of the stored metas, not of the given accounts: nobody's own signature is passed on.
        let accounts = metas
            .iter()
            .map(|meta| AccountMeta { pubkey: meta.key, is_signer: meta.signer, is_writable: meta.writable })
            .collect();
        Ok(Instruction { program_id: self.args.program_id, accounts, data: self.args.data.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> TransactionArgs {
        TransactionArgs {
            program_id: Pubkey::new_unique(),
            accounts: vec![
                Meta { key: ids::GOVERNANCE_TREASURY, signer: true, writable: true },
                Meta { key: Pubkey::new_unique(), signer: false, writable: true },
            ],
            data: vec![1, 2, 3],
        }
    }

    fn written(args: &TransactionArgs) -> Vec<u8> {
        let mut data = Vec::new();
        args.serialize(&mut data).unwrap();
        data
    }

    #[test]
    fn nobody_but_the_treasury_signs() {
        assert_eq!(args().check(), Ok(()));
        let mut forged = args();
        forged.accounts[1].signer = true;
        assert_eq!(forged.check(), Err(GovernanceError::ForeignSigner.into()));
    }

    #[test]
    fn accounts_and_data_have_their_bounds() {
        let full = TransactionArgs { accounts: vec![args().accounts[1]; 32], data: vec![0; 1_024], ..args() };
        assert_eq!(full.check(), Ok(()));
        let mut more = full.clone();
        more.accounts.push(args().accounts[1]);
        assert_eq!(more.check().unwrap_err(), GovernanceError::TooManyAccounts.into());
        let long = TransactionArgs { data: vec![0; 1_025], ..full };
        assert_eq!(long.check().unwrap_err(), GovernanceError::TooMuchData.into());
    }

    #[test]
    fn what_is_read_is_what_was_written_and_no_more_than_there_may_be() {
        let full = TransactionArgs { accounts: vec![args().accounts[1]; 32], data: vec![7; 1_024], ..args() };
        for args in [args(), full, TransactionArgs { accounts: vec![], data: vec![], ..args() }] {
            let written = written(&args);
            assert_eq!(TransactionArgs::deserialize(&mut written.as_slice()).unwrap(), args);
            assert!(TransactionArgs::deserialize(&mut &written[..written.len() - 1]).is_err());
        }
    }

    #[test]
    fn a_length_made_by_hand_is_read_as_one_too_many() {
        for length in [33u32, 1_025, u32::MAX] {
            let mut written = written(&args());
            written[32..36].copy_from_slice(&length.to_le_bytes());
            let read = TransactionArgs::deserialize(&mut written.as_slice()).unwrap();
            assert_eq!(read.check(), Err(GovernanceError::TooManyAccounts.into()));
        }
        for length in [1_025u32, u32::MAX] {
            let mut written = written(&args());
            written[36 + 2 * 34..40 + 2 * 34].copy_from_slice(&length.to_le_bytes());
            let read = TransactionArgs::deserialize(&mut written.as_slice()).unwrap();
            assert_eq!(read.check(), Err(GovernanceError::TooMuchData.into()));
        }
    }

    #[test]
    fn of_governance_only_parameters_and_the_guardian_are_set() {
        let call = |data: &[u8]| TransactionArgs { program_id: crate::ID, data: data.to_vec(), ..args() };
        let set_params = call(crate::instruction::SetParams::DISCRIMINATOR);
        assert_eq!((set_params.check(), set_params.sets_guardian()), (Ok(()), false));
        let set_guardian = call(crate::instruction::SetGuardian::DISCRIMINATOR);
        assert_eq!((set_guardian.check(), set_guardian.sets_guardian()), (Ok(()), true));
        for data in [
            crate::instruction::Execute::DISCRIMINATOR,
            &[],
            &[0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d],
        ] {
            assert_eq!(call(data).check(), Err(GovernanceError::SelfCall.into()));
        }
        let elsewhere = TransactionArgs { program_id: Pubkey::new_unique(), ..set_guardian };
        assert!(!elsewhere.sets_guardian());
    }

    #[test]
    fn every_part_of_a_transaction_and_its_place_change_the_hash() {
        let (fine, zeros) = (args(), [0; 32]);
        let hash = fine.hash_after(&zeros).unwrap();
        let changes: [fn(&mut TransactionArgs); 6] = [
            |args| args.program_id = Pubkey::new_unique(),
            |args| args.accounts.swap(0, 1),
            |args| args.accounts[0].signer = false,
            |args| args.accounts[1].writable = false,
            |args| args.data.push(0),
            |args| args.accounts.truncate(1),
        ];
        for change in changes {
            let mut other = fine.clone();
            change(&mut other);
            assert_ne!(other.hash_after(&zeros).unwrap(), hash);
        }
        assert_ne!(fine.hash_after(&hash).unwrap(), hash);
    }

    #[test]
    fn an_account_has_exactly_the_space_of_its_content() {
        let stored = StoredTransaction {
            version: 1,
            bump: 255,
            index: 0,
            proposal: Pubkey::new_unique(),
            rent_payer: Pubkey::new_unique(),
            reserved: [0; 32],
            args: args(),
        };
        let mut data = Vec::new();
        stored.try_serialize(&mut data).unwrap();
        assert_eq!(data.len(), StoredTransaction::space(&stored.args));
    }
}
