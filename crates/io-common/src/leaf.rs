//! The leaf of a report: what a node has earned, and how its compute proofs were judged.
//!
//! Its canonical bytes are `node ‖ lifetime u64 ‖ through i64 ‖ previous_height u64 ‖ verdict`, the verdict's
//! `time i64 ‖ score_bps u32 ‖ reason u8 ‖ passed u8 ‖ evidence_hash`, integers little endian: 102 bytes. Its
//! hash is `sha256(0x00 ‖ "ionet:reward" ‖ bytes)`.

use crate::abi::ProofReason;
use crate::merkle::{self, Hash};
use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 102;

/// How a node's compute proofs were judged in an hour.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// End of the hour that it holds for, unix time; 0 while the node was never judged.
    pub time: i64,
    /// Measured speed against the class's reference, bps.
    pub score_bps: u32,
    /// Why it failed, or that it passed.
    pub reason: ProofReason,
    /// Whether it passed.
    pub passed: bool,
    /// SHA-256 of what it was judged from; zeros where the hour has none of its own.
    pub evidence_hash: [u8; 32],
}

/// What a report says of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// The node.
    pub node: Pubkey,
    /// Earned in the node's whole life, base units of IO.
    pub lifetime: u64,
    /// Time until which it was earned, unix time.
    pub through: i64,
    /// Height of the report before, if that has a leaf for the node; 0 otherwise.
    pub previous_height: u64,
    /// How its compute proofs were judged.
    pub verdict: Verdict,
}

impl Leaf {
    /// The hash of its canonical bytes, which can be read as nothing else.
    pub fn hash(&self) -> Hash {
        hashv(&[&[0], merkle::REWARD, &self.to_bytes()]).to_bytes()
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Verdict { time, score_bps, reason, passed, evidence_hash } = self.verdict;
        let mut bytes = Vec::with_capacity(LEAF_BYTES);
        bytes.extend_from_slice(self.node.as_ref());
        bytes.extend_from_slice(&self.lifetime.to_le_bytes());
        bytes.extend_from_slice(&self.through.to_le_bytes());
        bytes.extend_from_slice(&self.previous_height.to_le_bytes());
        bytes.extend_from_slice(&time.to_le_bytes());
        bytes.extend_from_slice(&score_bps.to_le_bytes());
        bytes.extend_from_slice(&[reason.number(), u8::from(passed)]);
        bytes.extend_from_slice(&evidence_hash);
        bytes
    }
}

/// A leaf of a report with its place and proof; the node is one of the instruction's accounts.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, Default)]
pub struct LeafArgs {
    /// Earned in the node's whole life, base units of IO.
    pub lifetime: u64,
    /// Time until which it was earned, unix time.
    pub through: i64,
    /// Height of the report before, if that has a leaf for the node; 0 otherwise.
    pub previous_height: u64,
    /// How its compute proofs were judged.
    pub verdict: Verdict,
    /// Number of the leaf in the report, from 0.
    pub index: u32,
    /// One hash a level, from the leaf up.
    pub proof: Vec<[u8; 32]>,
}

impl LeafArgs {
    /// What it says of `node`.
    pub fn of(&self, node: &Pubkey) -> Leaf {
        let Self { lifetime, through, previous_height, verdict, .. } = *self;
        Leaf { node: *node, lifetime, through, previous_height, verdict }
    }

    /// Whether a report with this root has the leaf for `node`.
    pub fn stands_in(&self, root: &Hash, node: &Pubkey) -> bool {
        merkle::verify(root, self.of(node).hash(), self.index, &self.proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            node: Pubkey::new_from_array([7; 32]),
            lifetime: 5,
            through: 9,
            previous_height: 3,
            verdict: Verdict {
                time: 8,
                score_bps: 9_500,
                reason: ProofReason::Slow,
                passed: false,
                evidence_hash: [4; 32],
            },
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn a_leaf_is_the_published_hash() {
        // python: sha256(b"\0ionet:reward" + struct.pack("<32sQqQqIBB32s", b"\7" * 32, 5, 9, 3, 8, 9500, 9, 0,
        //                b"\4" * 32))
        assert_eq!(hex(&leaf().hash()), "a92fc5e34d9d0ca2cbd8887627a5d6ef96f4329b91cc2ff04de61b40f749696b");
        // … struct.pack("<32sQqQqIBB32s", bytes(32), 0, 0, 0, 0, 0, 0, 0, bytes(32))
        assert_eq!(
            hex(&Leaf::default().hash()),
            "3471fc0b63d49f1a29b70e033217b767958de148b4bfc5211457cb59b9800264"
        );
    }

    #[test]
    fn a_leaf_has_as_many_bytes_as_its_fields() {
        assert_eq!(leaf().to_bytes().len(), LEAF_BYTES);
    }

    #[test]
    fn every_field_changes_the_hash() {
        let verdict = leaf().verdict;
        let others = [
            Leaf { node: Pubkey::default(), ..leaf() },
            Leaf { lifetime: 6, ..leaf() },
            Leaf { through: 10, ..leaf() },
            Leaf { previous_height: 4, ..leaf() },
            Leaf { verdict: Verdict { time: 9, ..verdict }, ..leaf() },
            Leaf { verdict: Verdict { score_bps: 0, ..verdict }, ..leaf() },
            Leaf { verdict: Verdict { reason: ProofReason::Passed, ..verdict }, ..leaf() },
            Leaf { verdict: Verdict { passed: true, ..verdict }, ..leaf() },
            Leaf { verdict: Verdict { evidence_hash: [5; 32], ..verdict }, ..leaf() },
        ];
        for other in others {
            assert_ne!(other.hash(), leaf().hash(), "{other:?}");
        }
    }

    #[test]
    fn a_leaf_stands_in_its_report_for_its_node_only() {
        let Leaf { node, lifetime, through, previous_height, verdict } = leaf();
        let args = LeafArgs { lifetime, through, previous_height, verdict, index: 0, proof: vec![] };
        assert!(args.stands_in(&leaf().hash(), &node));
        assert!(!args.stands_in(&leaf().hash(), &Pubkey::default()));
        assert!(!LeafArgs { previous_height: 2, ..args }.stands_in(&leaf().hash(), &node));
    }
}
