//! One block of the residency proof, and one read of a chain, made again. The specification is in
//! docs/proofs.md.

/// A block, or the state of a chain.
pub type Words = [u32; 32];

/// Most rounds of which a transaction can make a block again.
pub const MAX_ROUNDS: u32 = 2_048;
/// Fewest rounds of a block.
pub const MIN_ROUNDS: u32 = 8;
/// Most rounds of a block, whatever it costs.
const MOST_ROUNDS: u32 = 65_536;
/// Fewest and most chains, and most reads of each.
const MIN_CHAINS: u32 = 64;
const MAX_CHAINS: u32 = 1 << 28;
const MAX_READS: u32 = 65_536;
const READ_ROUNDS: u32 = 4;
const SHA256: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// Whether a memory and chains of these sizes are specified.
pub fn is_specified(blocks: u32, rounds: u32, chains: u32, reads: u32) -> bool {
    let ends = chains.is_power_of_two() && (MIN_CHAINS..=MAX_CHAINS).contains(&chains) && chains <= blocks;
    ends && (MIN_ROUNDS..=MOST_ROUNDS).contains(&rounds) && (1..=MAX_READS).contains(&reads)
}

/// ChaCha's quarter-round on a column, given by the numbers of its words in their rows.
macro_rules! column {
    ($x:ident, $a:expr, $b:expr, $c:expr, $d:expr) => {
        let (a, b, c, d) = ($x[$a], $x[8 + $b], $x[16 + $c], $x[24 + $d]);
        let a = a.wrapping_add(b);
        let d = (d ^ a).rotate_left(16);
        let c = c.wrapping_add(d);
        let b = (b ^ c).rotate_left(12);
        let a = a.wrapping_add(b);
        let d = (d ^ a).rotate_left(8);
        let c = c.wrapping_add(d);
        let b = (b ^ c).rotate_left(7);
        ($x[$a], $x[8 + $b], $x[16 + $c], $x[24 + $d]) = (a, b, c, d);
    };
}

/// Round r of eight: rows are not turned, but read from where earlier rounds would have turned them to.
macro_rules! round {
    ($x:ident, $r:literal) => {
        column!($x, 0, $r % 8, (2 * $r) % 8, (4 * $r) % 8);
        column!($x, 1, ($r + 1) % 8, (2 * $r + 1) % 8, (4 * $r + 1) % 8);
        column!($x, 2, ($r + 2) % 8, (2 * $r + 2) % 8, (4 * $r + 2) % 8);
        column!($x, 3, ($r + 3) % 8, (2 * $r + 3) % 8, (4 * $r + 3) % 8);
        column!($x, 4, ($r + 4) % 8, (2 * $r + 4) % 8, (4 * $r + 4) % 8);
        column!($x, 5, ($r + 5) % 8, (2 * $r + 5) % 8, (4 * $r + 5) % 8);
        column!($x, 6, ($r + 6) % 8, (2 * $r + 6) % 8, (4 * $r + 6) % 8);
        column!($x, 7, ($r + 7) % 8, (2 * $r + 7) % 8, (4 * $r + 7) % 8);
    };
}

/// Eight rounds, after which the rows stand where they began.
fn eight(x: &mut Words) {
    round!(x, 0);
    round!(x, 1);
    round!(x, 2);
    round!(x, 3);
    round!(x, 4);
    round!(x, 5);
    round!(x, 6);
    round!(x, 7);
}

fn one(x: &mut Words) {
    round!(x, 0);
    let [_, b, c, d] = x.as_chunks_mut::<8>().0 else { return };
    b.rotate_left(1);
    c.rotate_left(2);
    d.rotate_left(4);
}

fn stir(x: &mut Words, rounds: u32) {
    for _ in 0..rounds >> 3 {
        eight(x);
    }
    for _ in 0..rounds & 7 {
        one(x);
    }
}

/// Whether a memory of these sizes is specified, and a block of it can be made again here.
pub fn sizes_fit(blocks: u32, rounds: u32) -> bool {
    blocks > 0 && (MIN_ROUNDS..=MAX_ROUNDS).contains(&rounds)
}

/// The words of 128 bytes.
pub fn words(bytes: &[u8; 128]) -> Words {
    let mut words = [0; 32];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

/// Block `number` of a memory with this seed.
pub fn block(seed: &[u8; 32], number: u32, rounds: u32) -> Words {
    let mut x: Words = [0; 32];
    for (word, bytes) in x.iter_mut().zip(seed.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let [_, b, c, d] = x.as_chunks_mut::<8>().0 else { return x };
    *b = SHA256;
    *c = [number; 8];
    *d = [0, 1, 2, 3, 4, 5, 6, 7];
    stir(&mut x, rounds);
    x
}

/// Which of `blocks` a chain in this state reads next.
pub fn address(state: &Words, blocks: u32) -> u32 {
    let [first, ..] = state;
    let product = u64::from(*first).wrapping_mul(u64::from(blocks));
    // The upper half of the product of two u32.
    u32::try_from(product >> 32).unwrap_or(u32::MAX)
}

/// A chain's state after read number `read`, which found `block`.
pub fn next(state: &Words, block: &Words, read: u32) -> Words {
    let mut x = *state;
    for (word, read) in x.iter_mut().zip(block) {
        *word ^= read;
    }
    x[0] = x[0].wrapping_add(read);
    stir(&mut x, READ_ROUNDS);
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_begins_with_the_published_bytes() {
        let made = block(&[0; 32], 1, 8);
        assert_eq!(made[0].to_le_bytes(), [0x9f, 0xd3, 0xd7, 0xb0]);
        assert_eq!(made[1].to_le_bytes(), [0x65, 0xa7, 0x87, 0x6e]);
    }

    #[test]
    fn blocks_and_reads_are_those_of_the_vectors() {
        // From tests/sdk/proof_vectors.json: 300 blocks of 16 rounds, the first two reads of chain 2.
        let read = |text: &str| {
            let bytes: Vec<u8> =
                (0..256).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
            words(bytes.as_slice().try_into().unwrap())
        };
        let seed: [u8; 32] = [
            0xa2, 0x35, 0x09, 0xa0, 0x0c, 0xa2, 0x4f, 0xed, 0xc0, 0xb4, 0xdc, 0xc2, 0x60, 0x33, 0x82, 0xfd,
            0x0d, 0xe3, 0xe8, 0xc5, 0x87, 0x46, 0xe0, 0x5e, 0xc3, 0xd7, 0x1a, 0x3d, 0x4d, 0x62, 0x29, 0xa5,
        ];
        let start: [u8; 32] = [
            0x0a, 0x6f, 0x5a, 0x32, 0x3c, 0xf4, 0xc4, 0xac, 0x71, 0xb8, 0x31, 0x3f, 0x82, 0x9d, 0x85, 0x04,
            0x29, 0xb7, 0x4d, 0x0d, 0x75, 0x7a, 0x8c, 0x98, 0x33, 0x9d, 0x20, 0x19, 0xf3, 0xff, 0x3f, 0x82,
        ];
        let states = [
            concat!(
                "0bb6b824d49b7fd485967b8db4161366c1cc989a7cda822b9a115ae1e5fe3105220c5b36c19c83572e38316c",
                "e1f4ee3841a8ab6483ee0dfe34290a7bf83e850bb78806e706e32b905a16a3d9f863a0590ab0c3b269e36058",
                "061708579abb5fa1e99dd8320312f27d8c862aa5d22d1d2c0ce6b5b416a1d686c018c9f8846fc0fa",
            ),
            concat!(
                "a7e603f0aa30a25001a015ee29397f802f88849e3044241d2fff744d74619a60847fd00ed5b96a9ebb936db5",
                "b333f488c70db1c4568bec82b375e275306214eb6976f2b6ad76a75e540813eedb534221b516dad7eee2e73e",
                "655a82fc4a3a9c2833310031f30520c984baea45e26ea3e077a32164481dcf7f2995e5835c57beb8",
            ),
            concat!(
                "661fa54e6c679f879f20cb299d52da93a62863dfe29b2b26db287c6413bc94c1abc5102f1a25989db2d78ed0",
                "2296c208565b6be655b66f2d2e21fb5792d6bbe989c02e4dc3281e4d1e57ad285f9fec0c3b265a374ad93b54",
                "a4d99d71b7e22ddf986b24cea6c8b4f045f6ae448c5c9dba4a16868ffae67411afd33e1284ccc6ce",
            ),
        ];
        assert_eq!(block(&start, 2, 8), read(states[0]));
        for (number, blocks) in [(0, 43), (1, 281)] {
            let before = read(states[number as usize]);
            assert_eq!(address(&before, 300), blocks);
            let after = next(&before, &block(&seed, blocks, 16), number);
            assert_eq!(after, read(states[number as usize + 1]));
        }
    }

    proptest! {
        #[test]
        fn eight_rounds_at_once_are_eight_rounds(seed: [u8; 32], number: u32, rounds in 0u32..40) {
            let mut x = block(&seed, number, 0);
            for _ in 0..rounds {
                one(&mut x);
            }
            prop_assert_eq!(block(&seed, number, rounds), x);
        }

        #[test]
        fn an_address_is_one_of_the_blocks(first: u32, blocks in 1u32..) {
            let mut state = [7; 32];
            state[0] = first;
            prop_assert!(address(&state, blocks) < blocks);
        }
    }
}
