//! Where rows stand, by key: an index that is made for a known number of rows, used once and forgotten.
//!
//! ```text
//! slot    some of the hash | place + 1        4 bytes; 0 is free
//! ```
//!
//! There are at least four slots a row, so most probes end at their first slot, and a slot says nearly
//! always whether its row is worth a look.

/// Rows by key; their keys stand elsewhere.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: Vec<u32>,
    shift: u32,
    /// The bits of a slot that are the place.
    places: u32,
    /// How many slots a probe may meet.
    longest: usize,
}

impl Index {
    /// Forgets all, and gets ready for places below `rows`.
    pub(super) fn begin(&mut self, rows: usize, longest: usize) {
        let places = u32::try_from((rows + 1).next_power_of_two() - 1);
        self.places = places.expect("memory ends before a shard has 2 billion rows");
        self.slots.clear();
        self.slots.resize((rows * 4).next_power_of_two().max(2), 0);
        self.shift = u64::BITS - self.slots.len().trailing_zeros();
        self.longest = longest;
    }

    /// The place of the key that `is` knows, or `next`, which is its place from now on; `None` if the
    /// probe was too long.
    #[inline(always)]
    pub(super) fn find(
        &mut self,
        hash: u64,
        next: usize,
        is: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let (mut at, mark) = ((hash >> self.shift) as usize, hash as u32 & !self.places);
        let mut left = self.longest;
        loop {
            let slot = &mut self.slots[at];
            if *slot == 0 {
                *slot = mark | (next as u32 + 1);
                return Some(next);
            }
            let place = (*slot & self.places) as usize - 1;
            if *slot & !self.places == mark && is(place) {
                return Some(place);
            }
            left = left.checked_sub(1)?;
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}
