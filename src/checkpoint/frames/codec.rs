//! Numbers and byte strings as they stand in a payload: little endian, lengths as short as they are.
//!
//! ```text
//! number   8 (or 4, 1) bytes, little endian
//! length   7 bits a byte, lowest first; the top bit says that more follow
//! bytes    length, then so many bytes
//! ```
//!
//! [`Take`] reads bytes that anybody may have written: whatever they are, it gives what is there or
//! `None`, never panics, and never allocates.

/// Appends a length.
pub fn put_len(out: &mut Vec<u8>, mut len: u64) {
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
}

/// Appends bytes and, before them, how many they are.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes values off the front of a payload.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a>(pub &'a [u8]);

impl<'a> Take<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*front)
    }

    /// A byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A number of 4 bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of 8 bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of 8 bytes that may be negative.
    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A length.
    pub fn len(&mut self) -> Option<u64> {
        let mut len = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            len |= bits << shift;
            if byte < 0x80 {
                return Some(len);
            }
        }
        None
    }

    /// So many bytes.
    pub fn raw(&mut self, len: u64) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(front)
    }

    /// Bytes that follow their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.len()?;
        self.raw(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_back_and_are_as_short_as_they_can_be() {
        for len in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_len(&mut out, len);
            assert_eq!(out.len(), (64 - len.max(1).leading_zeros()).div_ceil(7) as usize);
            let mut take = Take(&out);
            assert_eq!(take.len(), Some(len));
            assert!(take.0.is_empty());
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_nothing() {
        assert_eq!(Take(&[0xff; 12]).len(), None);
        assert_eq!(Take(&[0x80]).len(), None);
        assert_eq!(Take(&[200, 1, 7]).bytes(), None);
        assert_eq!(Take(&[1, 2, 3]).u32(), None);
    }
}
