//! A row of a report: what orders it, and what is shown of it, without following pointers.
//!
//! ```text
//! rank | first | byte 0 .. 14 of the key           , length | value       15 bytes at most, one value
//!              | byte 0 .. 7  | place in the arena , 255    | place       else: arena and values beside
//! ```
//!
//! The key is read as big-endian numbers, so they order as the bytes do; the length stands last, so
//! `a` comes before `a\0`. Only long keys that begin alike are looked up in the arena.

use std::cmp::Ordering;

use crate::report::value::Value;

/// The longest key that stands in the row itself.
const INLINE: usize = 15;
/// The length of a key that stands in the arena.
const LONG: u8 = 255;
/// Fewer rows than this are not worth another thread.
const ALONE: usize = 1 << 15;

/// A key and its values, with what orders them.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its ascending order is that of the report.
    pub(super) rank: u64,
    /// When the key first appeared.
    pub(super) first: u64,
    name: [u8; 16],
    held: Held,
}

/// The values of a row.
#[derive(Clone, Debug)]
enum Held {
    /// The only one.
    One(Value),
    /// Where they stand among those of all rows.
    At(u64),
}

/// What does not fit into the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// Long keys, each behind its length (u32, little endian).
    keys: Vec<u8>,
    values: Vec<Value>,
    /// How many values a row has.
    pub(super) width: usize,
}

impl Row {
    /// Makes a row; what does not fit into it goes to `beside`.
    #[inline]
    pub(super) fn new(
        rank: u64,
        first: u64,
        key: &[u8],
        values: &[Value],
        beside: &mut Beside,
    ) -> Row {
        let name = if key.len() > INLINE { beside.name(key) } else { short(key) };
        let held = match values {
            [value] => Held::One(value.clone()),
            _ => Held::At(beside.add(values)),
        };
        Row { rank, first, name, held }
    }

    /// The key.
    #[inline]
    pub(super) fn key<'a>(&'a self, beside: &'a Beside) -> &'a [u8] {
        match self.name[INLINE] {
            LONG => beside.key(self.place()),
            len => &self.name[..usize::from(len)],
        }
    }

    /// The values.
    #[inline]
    pub(super) fn values<'a>(&'a self, beside: &'a Beside) -> &'a [Value] {
        match &self.held {
            Held::One(value) => std::slice::from_ref(value),
            Held::At(place) => &beside.values[*place as usize..][..beside.width],
        }
    }

    /// The rank, and the key's first bytes: what tells most rows apart.
    #[inline]
    pub(super) fn start(&self) -> (u64, u64) {
        (self.rank, u64::from_be_bytes(self.name.as_chunks().0[0]))
    }

    /// By rank, then by key.
    #[inline(always)]
    pub(super) fn order(&self, other: &Row, beside: &Beside) -> Ordering {
        let lead = |row: &Row| {
            let (rank, head) = row.start();
            u128::from(rank) << 64 | u128::from(head)
        };
        let (mine, others) = (lead(self), lead(other));
        if mine == others { self.order_alike(other, beside) } else { mine.cmp(&others) }
    }

    /// The same where ranks and the beginnings of the keys are equal.
    #[inline(never)]
    fn order_alike(&self, other: &Row, beside: &Beside) -> Ordering {
        if self.name[INLINE] == LONG || other.name[INLINE] == LONG {
            return self.key(beside).cmp(other.key(beside));
        }
        self.name[8..].cmp(&other.name[8..])
    }

    /// The same row where what stands beside it is behind that of `before`.
    pub(super) fn behind(mut self, before: &Beside) -> Row {
        if self.name[INLINE] == LONG {
            let tail = place(self.place() + before.keys.len());
            self.name[8..].copy_from_slice(&tail);
        }
        if let Held::At(place) = &mut self.held {
            *place += before.values.len() as u64;
        }
        self
    }

    fn place(&self) -> usize {
        let tail = u64::from_be_bytes(self.name.as_chunks().0[1]);
        (tail >> 8) as usize
    }
}

impl Beside {
    /// Nothing yet, for rows of so many values.
    pub(super) fn new(width: usize) -> Beside {
        Beside { width, ..Beside::default() }
    }

    /// Takes in what stands beside other rows, each of which then needs [`Row::behind`].
    pub(super) fn append(&mut self, mut other: Beside) {
        self.keys.append(&mut other.keys);
        self.values.append(&mut other.values);
    }

    /// True if nothing is here.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.values.is_empty()
    }

    #[cold]
    fn name(&mut self, key: &[u8]) -> [u8; 16] {
        let mut name = [0; 16];
        name[..8].copy_from_slice(&key[..8]);
        name[8..].copy_from_slice(&place(self.keys.len()));
        self.keys.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.keys.extend_from_slice(key);
        name
    }

    fn key(&self, place: usize) -> &[u8] {
        let (len, rest) =
            self.keys[place..].split_first_chunk().expect("each long key has a length");
        &rest[..u32::from_le_bytes(*len) as usize]
    }

    fn add(&mut self, values: &[Value]) -> u64 {
        let place = self.values.len() as u64;
        self.values.extend_from_slice(values);
        place
    }
}

/// A key that fits into a row.
#[inline]
fn short(key: &[u8]) -> [u8; 16] {
    let len = key.len();
    let mut name = [0; 16];
    match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(head), Some(last)) => {
            // The last eight bytes without those that the first eight have too; in two steps, because
            // all of them may be such.
            let half = 4 * (16 - len as u32);
            let tail = u64::from_be_bytes(*last) << half << half | len as u64;
            name[..8].copy_from_slice(head);
            name[8..].copy_from_slice(&tail.to_be_bytes());
        }
        _ => {
            name[..len].copy_from_slice(key);
            name[INLINE] = len as u8;
        }
    }
    name
}

/// The second half of a long key's name.
fn place(place: usize) -> [u8; 8] {
    ((place as u64) << 8 | u64::from(LONG)).to_be_bytes()
}

/// Sorts rows, by as many threads as are given.
pub(super) fn sort(rows: &mut [Row], beside: &Beside, threads: usize) {
    if beside.keys.is_empty() {
        // Then all that orders a row are three words, which are compared without a call.
        let whole = |row: &Row| (row.rank, u128::from_be_bytes(row.name));
        sort_by(rows, threads, &|a, b| whole(a).cmp(&whole(b)));
    } else {
        sort_by(rows, threads, &|a, b| a.order(b, beside));
    }
}

fn sort_by(rows: &mut [Row], threads: usize, order: &(impl Fn(&Row, &Row) -> Ordering + Sync)) {
    if threads < 2 || rows.len() < ALONE {
        rows.sort_unstable_by(order);
        return;
    }
    let (share, half) = (rows.len() / threads, threads / 2);
    let (less, _, more) = rows.select_nth_unstable_by(share * half, order);
    std::thread::scope(|scope| {
        scope.spawn(|| sort_by(less, half, order));
        sort_by(more, threads - half, order);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(&b"\0a\xff"[..]), 0..20)
    }

    proptest! {
        #[test]
        fn rows_keep_their_keys_and_order_as_these_do(a in key(), b in key(), width in 0usize..3) {
            let (mut beside, values) = (Beside::new(width), vec![Value::Int(7); width]);
            let row = Row::new(1, 0, &a, &values, &mut beside);
            let mut others = Beside::new(width);
            let other = Row::new(1, 0, &b, &values, &mut others).behind(&beside);
            beside.append(others);
            prop_assert_eq!((row.key(&beside), row.values(&beside)), (&a[..], &values[..]));
            prop_assert_eq!((other.key(&beside), other.values(&beside)), (&b[..], &values[..]));
            prop_assert_eq!(row.order(&other, &beside), a.cmp(&b));
        }
    }

    #[test]
    fn threads_sort_as_one_does() {
        [14, 19].into_iter().for_each(threads_sort_keys_of_up_to);
    }

    fn threads_sort_keys_of_up_to(len: u64) {
        let mut beside = Beside::new(1);
        let key = |n: u64| format!("{:01$}", n * 7919 % 100_003, (n % len) as usize).into_bytes();
        let row = |n| Row::new(n % 3, 0, &key(n), &[Value::Int(n as i64)], &mut beside);
        let rows: Vec<_> = (0..100_000).map(row).collect();
        let sorted = |threads| {
            let mut rows = rows.clone();
            sort(&mut rows, &beside, threads);
            rows.iter().map(|row| (row.rank, row.key(&beside).to_vec())).collect::<Vec<_>>()
        };
        let one = sorted(1);
        assert!(one.is_sorted());
        (2..6).for_each(|threads| assert_eq!(sorted(threads), one));
    }
}
