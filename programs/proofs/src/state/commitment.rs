use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::merkle::Hash;
use io_common::{bytes, ids};
use solana_instructions_sysvar::{load_current_index_checked, load_instruction_at_checked};
use solana_sha256_hasher::hashv;

/// What a device signs of a product: where its message begins.
pub const RATE_MESSAGE: &[u8; 16] = b"ionet:poc:commit";
/// What a device signs of the reads that it opens.
pub const READS_MESSAGE: &[u8; 16] = b"ionet:mem:answer";
/// Most processors of a node: what `unit` counts to.
pub const UNITS: u32 = 8;

/// Where Ed25519's instruction has its only signature's key and message.
const KEY_AT: usize = 6;
const MESSAGE_AT: usize = 10;

/// What a device signed: the root of all that it had computed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commitment {
    /// Which of the node's processors, from 0.
    pub unit: u32,
    /// Which of its commitments of the hour, from 0.
    pub number: u32,
    /// m and k of a product; blocks and rounds of a memory.
    pub sizes: [u32; 2],
    /// Root of the tree.
    pub root: [u8; 32],
}

impl Commitment {
    /// The message: 104 bytes.
    pub fn message(&self, domain: &[u8; 16], hour: u64, node: &Pubkey) -> Vec<u8> {
        let [first, second] = self.sizes.map(u32::to_le_bytes);
        let (unit, number) = (self.unit.to_le_bytes(), self.number.to_le_bytes());
        [domain.as_slice(), &hour.to_le_bytes(), node.as_ref(), &unit, &number, &first, &second, &self.root]
            .concat()
    }

    /// The keys of the two streams of its product.
    pub fn streams(&self, node: &Pubkey, hour_seed: &Hash) -> Result<(u64, u64)> {
        // Every processor and every commitment has a challenge of its own.
        let attempt = self.number.checked_mul(UNITS).and_then(|first| first.checked_add(self.unit));
        let attempt = attempt.ok_or(ProofsError::OutsideProof)?.to_le_bytes();
        let seed = hashv(&[b"ionet:poc:seed", &[0; 32], node.as_ref(), &attempt, hour_seed]).to_bytes();
        let key = |matrix: &[u8]| {
            let [a, b, c, d, e, f, g, h, ..] = hashv(&[b"ionet:poc:", matrix, &seed]).to_bytes();
            u64::from_le_bytes([a, b, c, d, e, f, g, h])
        };
        Ok((key(b"A"), key(b"B")))
    }

    /// The seed of its memory.
    pub fn memory(&self, device: &Pubkey, hour_seed: &Hash) -> Hash {
        hashv(&[b"ionet:mem:seed", hour_seed, device.as_ref(), &self.unit.to_le_bytes()]).to_bytes()
    }
}

/// Who signed `message`, by the runtime's own check in the instruction before this one. Its key and message have
/// to stand in its own data: elsewhere they would be bytes that somebody else may choose.
pub fn signer_of(instructions: &AccountInfo, message: &[u8]) -> Result<Pubkey> {
    let current = load_current_index_checked(instructions).map_err(|_| ProofsError::NotSigned)?;
    let before = usize::from(current).checked_sub(1).ok_or(ProofsError::NotSigned)?;
    let check = load_instruction_at_checked(before, instructions).map_err(|_| ProofsError::NotSigned)?;
    require_keys_eq!(check.program_id, ids::ED25519_PROGRAM, ProofsError::NotSigned);
    let key = signed_in(&check.data, message).ok_or(ProofsError::NotSigned)?;
    Ok(Pubkey::new_from_array(key))
}

/// The key of the only signature of Ed25519's instruction, where it is of `message`: one byte that counts
/// signatures, one that is ignored, and for each signature seven u16: offset and instruction of signature and key,
/// offset, length and instruction of the message. 65,535 stands for this same instruction.
fn signed_in(data: &[u8], message: &[u8]) -> Option<[u8; 32]> {
    let field = |at: usize| bytes::at::<2>(data, at).map(u16::from_le_bytes);
    let own = [4, 8, 14].into_iter().all(|at| field(at) == Some(u16::MAX));
    let length = usize::from(field(12)?);
    if *data.first()? != 1 || !own || length != message.len() {
        return None;
    }
    let start = usize::from(field(MESSAGE_AT)?);
    let signed = data.get(start..start.checked_add(length)?)? == message;
    signed.then(|| bytes::at(data, usize::from(field(KEY_AT)?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn commitment() -> Commitment {
        Commitment { unit: 3, number: 2, sizes: [4_096, 65_536], root: [4; 32] }
    }

    #[test]
    fn a_message_is_the_published_bytes() {
        // python: b"ionet:poc:commit" + struct.pack("<Q32s4I32s", 9, b"\7" * 32, 3, 2, 4096, 65536, b"\4" * 32)
        let message = commitment().message(RATE_MESSAGE, 9, &Pubkey::new_from_array([7; 32]));
        assert_eq!(message.len(), 104);
        assert_eq!(hex(&message[16..24]), "0900000000000000");
        assert_eq!(hex(&message[56..72]), "03000000020000000010000000000100");
    }

    /// Ed25519's instruction as clients write it: signature, key, message behind the offsets.
    fn instruction(key: [u8; 32], message: &[u8]) -> Vec<u8> {
        let length = u16::try_from(message.len()).unwrap();
        let fields = [48, u16::MAX, 16, u16::MAX, 112, length, u16::MAX];
        let mut data = vec![1, 0];
        data.extend(fields.iter().flat_map(|field: &u16| field.to_le_bytes()));
        data.extend_from_slice(&key);
        data.extend_from_slice(&[9; 64]);
        data.extend_from_slice(message);
        data
    }

    #[test]
    fn a_signature_is_of_its_message_and_in_its_own_instruction() {
        let data = instruction([5; 32], b"message");
        assert_eq!(signed_in(&data, b"message"), Some([5; 32]));
        assert_eq!(signed_in(&data, b"massage"), None);
        assert_eq!(signed_in(&data, b"messag"), None);
        for at in [0, 4, 8, 14] {
            let mut changed = data.clone();
            changed[at] = 0;
            assert_eq!(signed_in(&changed, b"message"), None, "byte {at}");
        }
        assert_eq!(signed_in(&data[..15], b"message"), None);
        assert_eq!(signed_in(&data[..data.len() - 1], b"message"), None);
    }
}
