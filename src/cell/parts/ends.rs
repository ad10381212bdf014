//! The first and the last value in the order of the stream.

use std::cmp::Reverse;

use super::{Leaves, Part};
use crate::cell::least::Least;
use crate::cell::{Row, bytes};
use crate::report::value::{Text, Value};

/// The first and the last value, each with its place.
#[derive(Clone, Debug, Default)]
pub(in crate::cell) struct Ends {
    first: Option<(u64, Box<[u8]>)>,
    last: Option<(u64, Box<[u8]>)>,
}

impl Ends {
    /// Takes a value in.
    pub(in crate::cell) fn add(&mut self, row: Row<'_>) {
        self.reach(row.place, row.value, true, true);
    }

    fn reach(&mut self, place: u64, value: &[u8], first: bool, last: bool) {
        if first && self.first.as_ref().is_none_or(|(first, _)| place < *first) {
            self.first = Some((place, value.into()));
        }
        if last && self.last.as_ref().is_none_or(|(last, _)| place > *last) {
            self.last = Some((place, value.into()));
        }
    }

    /// The first value; of nothing none.
    pub(in crate::cell) fn first(&self) -> Value {
        shown(&self.first)
    }

    /// The last value, in the same way.
    pub(in crate::cell) fn last(&self) -> Value {
        shown(&self.last)
    }
}

fn shown(end: &Option<(u64, Box<[u8]>)>) -> Value {
    match end {
        Some((_, value)) => Value::Bytes(Box::new(Text(value.clone()))),
        None => Value::None,
    }
}

/// What a window keeps beside it: what will be the first or the last once others have left.
#[derive(Debug, Default)]
pub(in crate::cell) struct EndsTrail {
    first: Least<(u64, Box<[u8]>)>,
    last: Least<Reverse<(u64, Box<[u8]>)>>,
}

impl Leaves for Ends {
    type Trail = EndsTrail;

    fn enter(&mut self, trail: &mut EndsTrail, pane: u64, part: &Ends) {
        self.merge(part);
        if let (Some(first), Some(last)) = (&part.first, &part.last) {
            trail.first.enter(pane, first.clone());
            trail.last.enter(pane, Reverse(last.clone()));
        }
    }

    /// The pane is enough.
    fn leave(&mut self, trail: &mut EndsTrail, pane: u64, _: &Ends) {
        trail.first.leave(pane);
        trail.last.leave(pane);
        let [first, last] = [trail.first.least(), trail.last.least().map(|Reverse(last)| last)];
        for (mine, left) in [(&mut self.first, first), (&mut self.last, last)] {
            if mine.as_ref().map(|(place, _)| place) != left.map(|(place, _)| place) {
                *mine = left.cloned();
            }
        }
    }
}

impl Part for Ends {
    fn merge(&mut self, other: &Ends) {
        if let Some((place, value)) = &other.first {
            self.reach(*place, value, true, false);
        }
        if let Some((place, value)) = &other.last {
            self.reach(*place, value, false, true);
        }
    }

    /// Of each end its place (8 bytes), its length (4) and its bytes.
    fn save(&self, out: &mut Vec<u8>) {
        for (place, value) in self.first.iter().chain(&self.last) {
            out.extend(place.to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
            out.extend(&value[..]);
        }
    }

    fn load(from: &mut &[u8]) -> Option<Ends> {
        let mut end = || {
            let place = u64::from_le_bytes(bytes(from)?);
            let length = u32::from_le_bytes(bytes(from)?) as usize;
            let (value, rest) = from.split_at_checked(length)?;
            *from = rest;
            Some((place, value.into()))
        };
        let (first, last) = (end()?, end()?);
        Some(Ends { first: Some(first), last: Some(last) })
    }
}
