//! Finding delimiters, 64 bytes at a time.
//!
//! A block of 64 bytes is compared with up to two delimiters at once; the answer is a bit mask, and
//! the set bits are walked with `trailing_zeros`. A word of text costs a few cycles so, where a
//! search that is called afresh for every word costs ten times as much.
//!
//! ```text
//! bytes   t o   b e \n o r   n o t   t o   b e
//! mask    0 0 1 0 0 1 0 0 1 0 0 0 1 0 0 1 0 0
//! ```
//!
//! The bytes stand in an arena that goes on for [`PAD`] bytes after the last one that counts, so the
//! last block is loaded like the others and its surplus bits are masked off.

/// How many bytes an arena goes on after its last byte, so that a wide load needs no branch.
pub const PAD: usize = 64;

/// Calls `cut(start, end)` for each piece of `arena[..len]` that ends at `a` or at `b`.
///
/// The delimiter itself is not part of the piece. What follows the last delimiter is not reported.
/// With one delimiter to look for, give it twice.
///
/// # Panics
///
/// If `arena` is shorter than `len` and [`PAD`] together.
#[inline(always)]
pub fn cuts(arena: &[u8], len: usize, a: u8, b: u8, mut cut: impl FnMut(usize, usize)) {
    assert!(arena.len() >= len + PAD, "the arena is padded");
    let mut start = 0;
    for (index, block) in arena.as_chunks::<PAD>().0[..len.div_ceil(PAD)].iter().enumerate() {
        let base = index * PAD;
        let mut mask = mask(block, a, b);
        if base + PAD > len {
            mask &= (1 << (len - base)) - 1;
        }
        while mask != 0 {
            let end = base + mask.trailing_zeros() as usize;
            cut(start, end);
            start = end + 1;
            mask &= mask - 1;
        }
    }
}

/// The bytes of `block` that are `a` or `b`, as bits; the first byte is the lowest bit.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn mask(block: &[u8; PAD], a: u8, b: u8) -> u64 {
    // SAFETY: SSE2 is part of every x86-64; nothing else is asked of the caller.
    #[expect(unsafe_code, reason = "SSE2 is always there, but only an unsafe call can say so")]
    unsafe {
        sse2_mask(block, a, b)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn sse2_mask(block: &[u8; PAD], a: u8, b: u8) -> u64 {
    // Without pointers the intrinsics are safe. The two halves of each register are loaded as
    // integers; the compiler makes one unaligned load of them.
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    let (a, b) = (_mm_set1_epi8(a as i8), _mm_set1_epi8(b as i8));
    let mut bits = 0;
    for (index, lane) in block.as_chunks::<16>().0.iter().enumerate() {
        let half = |at: usize| i64::from_le_bytes(lane.as_chunks::<8>().0[at]);
        let bytes = _mm_set_epi64x(half(1), half(0));
        let equal = _mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b));
        bits |= u64::from(_mm_movemask_epi8(equal) as u16) << (16 * index);
    }
    bits
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn mask(block: &[u8; PAD], a: u8, b: u8) -> u64 {
    plain_mask(block, a, b)
}

/// The twin of `mask` for other processors, and the model that a test holds it against.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn plain_mask(block: &[u8; PAD], a: u8, b: u8) -> u64 {
    let bits = block.iter().map(|&byte| u64::from(byte == a || byte == b));
    bits.enumerate().fold(0, |mask, (index, bit)| mask | bit << index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wide_mask_equals_the_plain_one(
            block in prop::collection::vec(0u8..4, PAD), a in 0u8..4, b in 0u8..4, high: bool,
        ) {
            let shift = |byte: u8| if high { byte.wrapping_add(0xfe) } else { byte };
            let mut bytes = [0; PAD];
            bytes.iter_mut().zip(&block).for_each(|(to, &from)| *to = shift(from));
            let (a, b) = (shift(a), shift(b));
            prop_assert_eq!(mask(&bytes, a, b), plain_mask(&bytes, a, b));
        }

        #[test]
        fn pieces_are_those_of_a_plain_split(bytes in prop::collection::vec(0u8..5, 0..300)) {
            let mut arena = bytes.clone();
            arena.resize(bytes.len() + PAD, 1);
            let mut found = Vec::new();
            cuts(&arena, bytes.len(), 1, 2, |start, end| found.push(arena[start..end].to_vec()));
            let mut wanted: Vec<_> =
                bytes.split(|&byte| byte == 1 || byte == 2).map(<[u8]>::to_vec).collect();
            wanted.pop();
            prop_assert_eq!(found, wanted);
        }
    }
}
