//! Merkle proofs over domain-separated SHA-256 leaves.
//!
//! A leaf's hash is `sha256(0x00 ‖ domain ‖ fields…)`, a node's `sha256(0x01 ‖ left ‖ right)`, so that
//! neither is ever read as the other. Levels are completed with the hash of an empty subtree, so a
//! proof has one hash a level, and the leaf's index says on which side each stands.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

pub type Hash = [u8; 32];

/// Domain of reward leaves.
pub const REWARD: &[u8] = b"ionet:reward";
/// Domain of the rate proof's leaves.
pub const RATE: &[u8] = b"ionet:poc";
/// Domain of the leaves of a residency proof's reads.
pub const READ: &[u8] = b"ionet:mem:read";
/// Domain of airdrop leaves.
pub const AIRDROP: &[u8] = b"ionet:airdrop";

/// The leaf that says that `claimant` gets `amount` base units of `airdrop` at `index`. It names the
/// airdrop, so that it is worth nothing in another.
pub fn airdrop_leaf(airdrop: &Pubkey, index: u32, claimant: &Pubkey, amount: u64) -> Hash {
    let (index, amount) = (index.to_le_bytes(), amount.to_le_bytes());
    hashv(&[&[0], AIRDROP, airdrop.as_ref(), &index, claimant.as_ref(), &amount]).to_bytes()
}

/// A leaf of a domain.
pub fn leaf(domain: &[u8], payload: &[u8]) -> Hash {
    hashv(&[&[0], domain, payload]).to_bytes()
}

/// The levels of a tree of `leaves` leaves: `⌈log2(leaves)⌉`.
pub fn depth(leaves: u32) -> u32 {
    u32::BITS.saturating_sub(leaves.saturating_sub(1).leading_zeros())
}

/// Whether `leaf` stands at `index` of the tree with `root`.
pub fn verify(root: &Hash, leaf: Hash, index: u32, proof: &[Hash]) -> bool {
    let mut node = leaf;
    let mut position = index;
    for sibling in proof {
        node = if position & 1 == 0 {
            hashv(&[&[1], &node, sibling]).to_bytes()
        } else {
            hashv(&[&[1], sibling, &node]).to_bytes()
        };
        position >>= 1;
    }
    // A leftover bit would let one leaf stand at several indices.
    position == 0 && node == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reward(id: u8) -> Hash {
        hashv(&[&[0], REWARD, &[id; 32]]).to_bytes()
    }

    fn join(left: &Hash, right: &Hash) -> Hash {
        hashv(&[&[1], left, right]).to_bytes()
    }

    #[test]
    fn each_leaf_is_found_at_its_index_and_nowhere_else() {
        let leaves: Vec<Hash> = (0u8..4).map(reward).collect();
        let (left, right) = (join(&leaves[0], &leaves[1]), join(&leaves[2], &leaves[3]));
        let root = join(&left, &right);
        assert!(verify(&root, leaves[2], 2, &[leaves[3], left]));
        assert!(!verify(&root, leaves[2], 3, &[leaves[3], left]));
        assert!(!verify(&root, leaves[2], 6, &[leaves[3], left]));
        assert!(!verify(&root, leaves[1], 2, &[leaves[3], left]));
    }

    #[test]
    fn an_inner_node_is_not_a_leaf() {
        let leaves: Vec<Hash> = (0u8..2).map(reward).collect();
        let root = join(&leaves[0], &leaves[1]);
        let mut fields = [0u8; 64];
        fields[..32].copy_from_slice(&leaves[0]);
        fields[32..].copy_from_slice(&leaves[1]);
        assert_ne!(hashv(&[&[0], &fields]).to_bytes(), root);
    }

    #[test]
    fn a_tree_has_as_many_levels_as_its_leaves_need() {
        for (leaves, levels) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (10_000, 14), (u32::MAX, 32)] {
            assert_eq!(depth(leaves), levels, "{leaves}");
        }
    }

    #[test]
    fn an_airdrops_leaf_is_the_published_hash() {
        // python: sha256(b"\0ionet:airdrop" + b"\1" * 32 + (5).to_bytes(4, "little") + b"\2" * 32
        //                + (9).to_bytes(8, "little"))
        let (airdrop, claimant) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let hex: String =
            airdrop_leaf(&airdrop, 5, &claimant, 9).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "a9094fdc4831668f82b131b7638906b57ab910014b6e8248fc7e21aade557d69");
    }
}
