//! Checksums of any part of some bytes, in about the same time however long the part is.
//!
//! A CRC is linear: that of `a` and then `b` is that of `a`, shifted by as many zero bytes as `b` has,
//! plus that of `b`. So where the sums of all beginnings are known, the sum of a part follows from two
//! of them, and nobody reads the part:
//!
//! ```text
//! |------------- upto(to) -------------|
//! |--- upto(from) ---|----- part ------|      part = upto(to) + shifted(upto(from), to - from)
//! ```
//!
//! The sum of each 64th beginning is kept; others are finished from there. Plus is exclusive or.

use std::ops::Range;

/// After so many bytes a sum is kept.
const STRIDE: usize = 64;

/// CRC-32C's polynomial; the lowest power is the highest bit.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// One, in that order of bits.
const ONE: u32 = 1 << 31;

#[cfg(test)]
thread_local! {
    /// How many bytes this thread has read for sums.
    pub static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// The sum of what has the sum `before` and of `bytes` after it.
pub fn append(before: u32, bytes: &[u8]) -> u32 {
    #[cfg(test)]
    READ.set(READ.get() + bytes.len() as u64);
    crc32c::crc32c_append(before, bytes)
}

/// The sums of some bytes.
#[derive(Debug)]
pub struct Sums<'a> {
    bytes: &'a [u8],
    kept: Vec<u32>,
    /// What a shift by `byte << 8 * place` bytes multiplies with.
    shifts: Vec<[u32; 256]>,
}

impl<'a> Sums<'a> {
    /// Reads all bytes once.
    pub fn new(bytes: &'a [u8]) -> Sums<'a> {
        let mut kept = vec![0];
        for stride in bytes.chunks_exact(STRIDE) {
            kept.push(append(kept[kept.len() - 1], stride));
        }
        // Eight times x is a byte.
        let (mut step, mut shifts) = (ONE >> 8, Vec::new());
        for _ in 0..size_of::<u32>() {
            let mut powers = [ONE; 256];
            for power in 1..powers.len() {
                powers[power] = product(powers[power - 1], step);
            }
            step = product(powers[255], step);
            shifts.push(powers);
        }
        Sums { bytes, kept, shifts }
    }

    /// What [`append`] makes of `before` and these bytes, which are less than 4 GiB.
    pub fn append(&self, before: u32, part: Range<usize>) -> u32 {
        let (from, to) = (self.upto(part.start), self.upto(part.end));
        to ^ self.shifted(before ^ from, part.len())
    }

    fn upto(&self, end: usize) -> u32 {
        let stride = end / STRIDE;
        append(self.kept[stride], &self.bytes[stride * STRIDE..end])
    }

    fn shifted(&self, sum: u32, len: usize) -> u32 {
        let bytes = len.to_le_bytes();
        let factors = self.shifts.iter().zip(bytes).filter(|(_, byte)| *byte > 0);
        factors.fold(sum, |sum, (powers, byte)| product(sum, powers[usize::from(byte)]))
    }
}

/// The product of two polynomials, modulo that of the checksum.
fn product(a: u32, mut b: u32) -> u32 {
    let mut sum = 0;
    for power in (0..u32::BITS).rev() {
        // No branches: whoever writes the bytes would choose the slow ones.
        sum ^= b & 0_u32.wrapping_sub(a >> power & 1);
        b = (b >> 1) ^ (POLYNOMIAL & 0_u32.wrapping_sub(b & 1));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sum_of_a_part_is_that_which_reading_it_gives(
            bytes in prop::collection::vec(any::<u8>(), 0..70_000),
            before in any::<u32>(), one in any::<usize>(), other in any::<usize>()
        ) {
            let [one, other] = [one, other].map(|at| at % (bytes.len() + 1));
            let part = one.min(other)..one.max(other);
            let sum = Sums::new(&bytes).append(before, part.clone());
            prop_assert_eq!(sum, crc32c::crc32c_append(before, &bytes[part]));
        }
    }

    #[test]
    fn long_parts_and_empty_ones_are_right_too() {
        let bytes: Vec<u8> = (0..(1 << 24) + 70_000).map(|at| (at % 251) as u8).collect();
        let sums = Sums::new(&bytes);
        for part in [0..bytes.len(), 3..(1 << 24) + 3, 64..64, 100..(1 << 16) + 100, 0..0] {
            let sum = crc32c::crc32c_append(7, &bytes[part.clone()]);
            assert_eq!(sums.append(7, part), sum);
        }
    }
}
