//! `--count` and `--count-by-key`: how many rows.

use super::fold::{Keyed, Placed, Whole};
use super::{Built, Cell, Row, Spec};
use crate::part::{Flag, Shape};
use crate::report::value::Value;

/// `--count`.
pub const COUNT: Spec = Spec {
    flag: Flag {
        name: "count",
        takes: &[],
        help: "Count the records of each batch; an empty batch has 0",
    },
    own: &[],
    of: None,
    build: |words, _| Ok(Built::of_count(Whole::<Count>::new(), words, Shape::Whole)),
};

/// `--count-by-key`.
pub const COUNT_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "count-by-key",
        takes: &[],
        help: "Count the records of each key; a plain record is its own key",
    },
    own: &[],
    of: None,
    build: |words, placed| {
        let aggregate = match placed {
            true => Keyed::<Placed<Count>>::new(),
            false => Keyed::<Count>::new(),
        };
        Ok(Built::of_count(aggregate, words, Shape::Keyed))
    },
};

/// A number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(u64);

impl Cell for Count {
    const INVERTIBLE: bool = true;

    type Input<'a> = ();

    #[inline(always)]
    fn read(_row: Row<'_>) -> Result<(), &'static str> {
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, (): ()) {
        self.0 += 1;
    }

    #[inline(always)]
    fn merge(&mut self, other: &Count) {
        self.0 += other.0;
    }

    fn unmerge(&mut self, other: &Count) {
        self.0 -= other.0;
    }

    #[inline]
    fn records(&self) -> u64 {
        self.0
    }

    #[inline]
    fn values(&self, out: &mut Vec<Value>) {
        // A count would need centuries to leave 63 bits.
        out.push(Value::Int(self.0 as i64));
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn load(from: &mut &[u8]) -> Option<Count> {
        let (bytes, rest) = from.split_first_chunk()?;
        *from = rest;
        Some(Count(u64::from_le_bytes(*bytes)))
    }
}
