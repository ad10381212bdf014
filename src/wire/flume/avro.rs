//! What Avro data is made of: numbers, bytes, and blocks of items.
//!
//! ```text
//! long      zig-zag, 7 bits a byte, the lowest first      -1 is 01, 1 is 02, 64 is 80 01
//! bytes     long length | so many bytes                   strings and fixed-size values too
//! blocks    long count | items | ... | 0                  count < 0: -count items, and their size
//! ```
//!
//! Reading gives places in the message and copies nothing. A count is believed only as far as there are
//! bytes for so many items, so a short message cannot claim to have many.

use std::ops::Range;

use super::Wrong;

/// Reads a message from its front.
#[derive(Clone, Debug)]
pub struct Take<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Take<'a> {
    /// Begins with the first byte.
    pub fn new(bytes: &'a [u8]) -> Take<'a> {
        Take { bytes, at: 0 }
    }

    /// Where the next byte stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// One byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Wrong> {
        let byte = *self.bytes.get(self.at).ok_or_else(short)?;
        self.at += 1;
        Ok(byte)
    }

    /// A number: `int`, `long`, the index of a branch or of an enum.
    #[inline]
    pub fn long(&mut self) -> Result<i64, Wrong> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(Wrong::new("a number has more than 64 bits"))
    }

    /// So many bytes as they are.
    pub fn fixed(&mut self, count: usize) -> Result<Range<usize>, Wrong> {
        let start = self.at;
        if count > self.left() {
            return Err(short());
        }
        self.at += count;
        Ok(start..self.at)
    }

    /// `bytes` or a `string`: where it stands.
    #[inline]
    pub fn span(&mut self) -> Result<Range<usize>, Wrong> {
        let length = usize::try_from(self.long()?).map_err(|_| short())?;
        self.fixed(length)
    }

    /// The same, itself.
    pub fn bytes(&mut self) -> Result<&'a [u8], Wrong> {
        let bytes = self.bytes;
        Ok(&bytes[self.span()?])
    }

    /// How many items the next block has, of which each takes at least `least` bytes; 0 at the end.
    pub fn block(&mut self, least: usize) -> Result<usize, Wrong> {
        let mut count = self.long()?;
        if count < 0 {
            let size = self.long()?;
            if size < 0 {
                return Err(Wrong::new("a block has a negative size"));
            }
            count = count.checked_neg().ok_or_else(short)?;
        }
        let fits = |count: &usize| *count <= self.left() / least.max(1);
        usize::try_from(count).ok().filter(fits).ok_or_else(short)
    }

    /// Passes a map, and returns where it stands, to be read by [`entries`].
    pub fn map(&mut self) -> Result<Range<usize>, Wrong> {
        let start = self.at;
        loop {
            let count = self.block(2)?;
            if count == 0 {
                return Ok(start..self.at);
            }
            for _ in 0..count {
                self.span()?;
                self.span()?;
            }
        }
    }
}

/// The entries of a map that has been passed before: names and values, in the order in which they stand.
pub fn entries(map: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let (mut take, mut left) = (Take::new(map), 0);
    std::iter::from_fn(move || {
        if left == 0 {
            left = take.block(2).ok()?;
        }
        left = left.checked_sub(1)?;
        Some((take.bytes().ok()?, take.bytes().ok()?))
    })
}

fn short() -> Wrong {
    Wrong::new("the message ends too early")
}

/// Appends a number.
pub fn put_long(out: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends `bytes` or a `string`.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_zig_zag() {
        let table: [(i64, &[u8]); 7] = [
            (0, &[0]),
            (-1, &[1]),
            (1, &[2]),
            (64, &[0x80, 1]),
            (1000, &[0xd0, 0x0f]),
            (i64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            (i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ];
        for (number, bytes) in table {
            let mut out = Vec::new();
            put_long(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(Take::new(bytes).long().unwrap(), number);
        }
        assert!(Take::new(&[0xff; 11]).long().is_err());
    }

    #[test]
    fn a_count_that_the_message_has_no_room_for_is_wrong() {
        let block = |count: i64| {
            let mut out = Vec::new();
            put_long(&mut out, count);
            out.extend([0; 8]);
            Take::new(&out).block(2)
        };
        assert_eq!((block(4).unwrap(), block(0).unwrap()), (4, 0));
        assert_eq!(block(-3).unwrap(), 3, "the size behind it is 0");
        for count in [5, i64::MAX, i64::MIN, -5] {
            assert!(block(count).is_err(), "{count}");
        }
    }

    #[test]
    fn a_map_may_come_in_blocks_of_both_kinds() {
        let map = b"\x02\x02k\x02v\x01\x08\x02n\x02m\x00rest";
        let mut take = Take::new(map);
        let place = take.map().unwrap();
        assert_eq!((place.clone(), take.left()), (0..12, 4));
        let found: Vec<_> = entries(&map[place]).collect();
        assert_eq!(found, [(&b"k"[..], &b"v"[..]), (b"n", b"m")]);
        assert_eq!(entries(b"\0").count(), 0);
    }

    proptest! {
        #[test]
        fn any_number_comes_back(number: i64) {
            let mut out = Vec::new();
            put_long(&mut out, number);
            prop_assert_eq!(Take::new(&out).long().unwrap(), number);
        }

        #[test]
        fn any_bytes_are_a_map_or_none(bytes in prop::collection::vec(0u8..6, 0..24)) {
            if let Ok(place) = Take::new(&bytes).map() {
                entries(&bytes[place]).for_each(drop);
            }
        }
    }
}
