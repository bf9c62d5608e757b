//! One cell of the rate proof's product, made again. The specification is in docs/proofs.md.

/// Entries of a word: four bits each.
pub const ENTRIES_PER_WORD: u32 = 16;
/// Entries of a leaf of the commitment.
pub const CHUNK: u32 = 64;
/// Smallest and largest number of rows.
pub const MIN_M: u32 = 64;
pub const MAX_M: u32 = 65_536;
/// Largest inner length of which a transaction can make a cell again.
pub const MAX_K: u32 = 65_536;

/// Largest inner length of a product.
pub const MAX_INNER: u32 = 4_194_304;

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
/// The lowest entry of each 16 bits.
const LANES: u64 = 0x000F_000F_000F_000F;
/// The lower entry of each byte.
const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
/// Adds up the bytes of a word in its highest byte.
const BYTES: u64 = 0x0101_0101_0101_0101;

/// Whether a product of these sizes is specified, and a cell of it can be made again here.
pub fn sizes_fit(m: u32, k: u32) -> bool {
    let rows = m.is_power_of_two() && (MIN_M..=MAX_M).contains(&m);
    rows && (ENTRIES_PER_WORD..=MAX_K).contains(&k) && k.is_multiple_of(ENTRIES_PER_WORD)
}

/// Whether a product of these sizes is specified, whatever its cells cost.
pub fn is_specified(m: u32, k: u32) -> bool {
    let rows = m.is_power_of_two() && (MIN_M..=MAX_M).contains(&m);
    rows && (ENTRIES_PER_WORD..=MAX_INNER).contains(&k) && k.is_multiple_of(ENTRIES_PER_WORD)
}

/// SplitMix64's output for a state.
fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The sum of the products of two words' entries, before 8 is taken off each. Four entries are multiplied at
/// once: with the order of one factor's lanes turned round, the highest lane of the product is their sum.
fn dot(a: u64, b: u64) -> u64 {
    let part = |shift: u32| {
        let turned = ((b >> shift) & LANES).swap_bytes() >> 8;
        ((a >> shift) & LANES).wrapping_mul(turned)
    };
    // A lane is at most 4 · 4 · 15², so no lane carries into the next.
    part(0).wrapping_add(part(4)).wrapping_add(part(8)).wrapping_add(part(12)) >> 48
}

/// The sum of a word's entries, before 8 is taken off each.
fn sum(word: u64) -> u64 {
    (word & LOW).wrapping_add((word >> 4) & LOW).wrapping_mul(BYTES) >> 56
}

/// `C[row][column]`, of streams with these keys and `k` entries to a row of A and a column of B.
pub fn cell(a_key: u64, b_key: u64, k: u32, row: u32, column: u32) -> i64 {
    let words = u64::from(k) >> 4;
    let before =
        |key: u64, line: u32| key.wrapping_add(u64::from(line).wrapping_mul(words).wrapping_mul(GAMMA));
    let (mut a, mut b) = (before(a_key, row), before(b_key, column));
    let (mut products, mut entries) = (0u64, 0u64);
    for _ in 0..words {
        a = a.wrapping_add(GAMMA);
        b = b.wrapping_add(GAMMA);
        let (left, right) = (mix(a), mix(b));
        products = products.wrapping_add(dot(left, right));
        entries = entries.wrapping_add(sum(left)).wrapping_add(sum(right));
    }
    // Σ (a − 8)(b − 8) = Σ ab − 8 Σ (a + b) + 64 k; below 2²⁹ for any k there is.
    let whole = products.wrapping_add(u64::from(k).wrapping_mul(64)).wrapping_sub(entries.wrapping_mul(8));
    whole.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The specification's own words.
    fn slow(a_key: u64, b_key: u64, k: u32, row: u32, column: u32) -> i64 {
        let words = u64::from(k / 16);
        let stream = |key: u64, line: u32, w: u64| {
            let index = u64::from(line) * words + w;
            mix(key.wrapping_add((index + 1).wrapping_mul(GAMMA)))
        };
        let mut total = 0;
        for w in 0..words {
            let (a, b) = (stream(a_key, row, w), stream(b_key, column, w));
            for j in 0..16 {
                let entry = |word: u64| i64::try_from((word >> (4 * j)) & 15).unwrap() - 8;
                total += entry(a) * entry(b);
            }
        }
        total
    }

    #[test]
    fn a_cell_is_that_of_the_vectors() {
        // The keys of the streams of tests/sdk/proof_vectors.json, k = 32.
        let (a, b) = (0xBB82D2F5185F9568, 0x0211756C2E14AF7C);
        for (row, column, value) in [(0, 0, 45), (63, 1, -214), (7, 42, 30)] {
            assert_eq!(cell(a, b, 32, row, column), value);
        }
    }

    #[test]
    fn sizes_are_those_of_the_specification() {
        for (m, k) in [(64, 16), (4_096, 65_536), (65_536, 4_096)] {
            assert!(sizes_fit(m, k), "{m} {k}");
        }
        for (m, k) in [(32, 16), (96, 16), (131_072, 16), (64, 0), (64, 24), (64, 65_552)] {
            assert!(!sizes_fit(m, k), "{m} {k}");
        }
    }

    proptest! {
        #[test]
        fn a_cell_is_the_sum_that_the_specification_says(
            a_key: u64, b_key: u64, words in 1u32..40, row in 0u32..65_536, column in 0u32..65_536,
        ) {
            let k = words * 16;
            prop_assert_eq!(cell(a_key, b_key, k, row, column), slow(a_key, b_key, k, row, column));
        }

        #[test]
        fn words_of_the_largest_and_smallest_entries_do_not_overflow(a: u64, b: u64) {
            let entries = |word: u64| (0..16).map(move |j| (word >> (4 * j)) & 15);
            for (a, b) in [(a, b), (u64::MAX, u64::MAX), (0, u64::MAX), (a, u64::MAX)] {
                prop_assert_eq!(dot(a, b), entries(a).zip(entries(b)).map(|(x, y)| x * y).sum::<u64>());
                prop_assert_eq!(sum(a), entries(a).sum::<u64>());
            }
        }
    }
}
