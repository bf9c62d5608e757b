//! The hashes of the latest slots, at most 512 of them, as the runtime's sysvar holds them: the latest first.

use crate::bytes;

/// Bytes of a slot's entry: its number and its hash.
const ENTRY: usize = 40;

/// The sysvar's data.
pub struct SlotHashes<'a> {
    entries: &'a [u8],
}

impl<'a> SlotHashes<'a> {
    /// Reads the sysvar; `None` for data of another length than it says.
    pub fn read(data: &'a [u8]) -> Option<Self> {
        let count = usize::try_from(u64::from_le_bytes(bytes::at(data, 0)?)).ok()?;
        let end = count.checked_mul(ENTRY)?.checked_add(8)?;
        Some(Self { entries: data.get(8..end)? })
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = (u64, [u8; 32])> + use<'a> {
        self.entries.chunks_exact(ENTRY).filter_map(|entry| {
            let slot = u64::from_le_bytes(*entry.first_chunk::<8>()?);
            Some((slot, *entry.last_chunk::<32>()?))
        })
    }

    /// The latest slot that there is a hash of, with it.
    pub fn latest(&self) -> Option<(u64, [u8; 32])> {
        self.all().next()
    }

    /// The earliest slot of which the hash is still known.
    pub fn earliest(&self) -> Option<u64> {
        self.all().next_back().map(|(slot, _)| slot)
    }

    /// The first slot from `from` on that has a hash, with it; a slot without a block has none.
    pub fn first_from(&self, from: u64) -> Option<(u64, [u8; 32])> {
        self.all().take_while(|(slot, _)| *slot >= from).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(slots: &[u64]) -> Vec<u8> {
        let mut data = u64::try_from(slots.len()).unwrap().to_le_bytes().to_vec();
        for slot in slots {
            data.extend_from_slice(&slot.to_le_bytes());
            data.extend_from_slice(&[u8::try_from(*slot).unwrap(); 32]);
        }
        data.extend_from_slice(&[0; 80]);
        data
    }

    #[test]
    fn slots_are_found_with_their_hashes() {
        let data = data(&[9, 8, 6, 5]);
        let hashes = SlotHashes::read(&data).unwrap();
        assert_eq!(hashes.latest(), Some((9, [9; 32])));
        assert_eq!(hashes.earliest(), Some(5));
        assert_eq!(hashes.first_from(8), Some((8, [8; 32])));
        assert_eq!(hashes.first_from(7), Some((8, [8; 32])), "slot 7 had no block");
        assert_eq!(hashes.first_from(1), Some((5, [5; 32])));
        assert_eq!(hashes.first_from(10), None);
    }

    #[test]
    fn other_lengths_are_not_read() {
        assert!(SlotHashes::read(&[0; 7]).is_none());
        assert!(SlotHashes::read(&u64::MAX.to_le_bytes()).is_none());
        assert!(SlotHashes::read(&[0; 8]).unwrap().latest().is_none());
    }
}
