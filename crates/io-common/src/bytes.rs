//! Fixed-size fields of account data.

/// The `N` bytes at `offset`, where there are as many.
pub fn at<const N: usize>(data: &[u8], offset: usize) -> Option<[u8; N]> {
    data.get(offset..)?.first_chunk::<N>().copied()
}
