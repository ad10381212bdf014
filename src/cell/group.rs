//! The values themselves: all of them in the order of the stream, or each different one once.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::{Cell, Overflow, Row, bytes};
use crate::report::value::Value;

/// A value. Most are short, and then it takes no room elsewhere.
type Text = SmallVec<[u8; 16]>;

/// Values with their places in the stream, in the order of these.
///
/// They come and go in that order, nearly always: at the back, and from the front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group(VecDeque<(u64, Text)>);

impl Cell for Group {
    type Plan = ();

    type Input<'a> = Row<'a>;

    type Trail = ();

    fn indelible((): &()) -> Option<&'static str> {
        None
    }

    fn read<'a>((): &(), row: Row<'a>) -> Result<Row<'a>, &'static str> {
        Ok(row)
    }

    fn push(&mut self, (): &(), row: Row<'_>) {
        self.put(row.place, row.value.into());
    }

    fn merge(&mut self, other: &Group) {
        self.0.reserve(other.0.len());
        other.0.iter().for_each(|(place, value)| self.put(*place, value.clone()));
    }

    fn unmerge(&mut self, other: &Group) {
        for (place, _) in &other.0 {
            match self.find(*place) {
                Ok(0) => drop(self.0.pop_front()),
                Ok(at) => drop(self.0.remove(at)),
                Err(_) => {}
            }
        }
    }

    fn records(&self) -> u64 {
        self.0.len() as u64
    }

    fn values(&self, (): &(), out: &mut Vec<Value>) -> Result<(), Overflow> {
        out.push(Value::list(self.iter().map(|(_, value)| value)));
        Ok(())
    }

    /// How many (8 bytes), and of each its place (8), its length (4) and its bytes.
    fn save(&self, out: &mut Vec<u8>) {
        self.save_as(out, |value| value);
    }

    /// Places are enough.
    fn save_parting(&self, out: &mut Vec<u8>) {
        self.save_as(out, |_| b"");
    }

    fn load(from: &mut &[u8]) -> Option<Group> {
        let mut rest = *from;
        let mut group = Group::default();
        for _ in 0..u64::from_le_bytes(bytes(&mut rest)?) {
            let place = u64::from_le_bytes(bytes(&mut rest)?);
            group.put(place, load(&mut rest)?);
        }
        *from = rest;
        Some(group)
    }
}

impl Group {
    fn put(&mut self, place: u64, value: Text) {
        match self.find(place) {
            Ok(at) => self.0[at].1 = value,
            Err(at) if at == self.0.len() => self.0.push_back((place, value)),
            Err(at) => self.0.insert(at, (place, value)),
        }
    }

    /// Where a place is, or would be.
    fn find(&self, place: u64) -> Result<usize, usize> {
        match (self.0.front(), self.0.back()) {
            (_, Some((last, _))) if *last < place => Err(self.0.len()),
            (Some((first, _)), _) if *first == place => Ok(0),
            _ => self.0.binary_search_by_key(&place, |(place, _)| *place),
        }
    }

    /// The values with their places, in the order of the stream.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.0.iter().map(|(place, value)| (*place, &**value))
    }

    fn save_as<'a>(&'a self, out: &mut Vec<u8>, shown: impl Fn(&'a [u8]) -> &'a [u8]) {
        out.extend(self.records().to_le_bytes());
        for (place, value) in &self.0 {
            out.extend(place.to_le_bytes());
            save(shown(value), out);
        }
    }
}

/// Different values, and how often each is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    records: u64,
    counts: BTreeMap<Text, u64>,
}

impl Members {
    fn add(&mut self, value: &[u8], count: u64) {
        self.records += count;
        match self.counts.get_mut(value) {
            Some(held) => *held += count,
            None => drop(self.counts.insert(value.into(), count)),
        }
    }
}

impl Cell for Members {
    type Plan = ();

    type Input<'a> = &'a [u8];

    type Trail = ();

    fn indelible((): &()) -> Option<&'static str> {
        None
    }

    fn read<'a>((): &(), row: Row<'a>) -> Result<&'a [u8], &'static str> {
        Ok(row.value)
    }

    fn push(&mut self, (): &(), value: &[u8]) {
        self.add(value, 1);
    }

    fn merge(&mut self, other: &Members) {
        other.counts.iter().for_each(|(value, count)| self.add(value, *count));
    }

    fn unmerge(&mut self, other: &Members) {
        self.records -= other.records;
        for (value, count) in &other.counts {
            if let Some(held) = self.counts.get_mut(value) {
                *held -= count;
                if *held == 0 {
                    self.counts.remove(value);
                }
            }
        }
    }

    fn records(&self) -> u64 {
        self.records
    }

    fn values(&self, (): &(), out: &mut Vec<Value>) -> Result<(), Overflow> {
        out.push(Value::list(self.counts.keys().map(|value| &**value)));
        Ok(())
    }

    /// How many different ones (8 bytes), and of each its count (8), its length (4) and its bytes.
    fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.counts.len() as u64).to_le_bytes());
        for (value, count) in &self.counts {
            out.extend(count.to_le_bytes());
            save(value, out);
        }
    }

    fn load(from: &mut &[u8]) -> Option<Members> {
        let mut rest = *from;
        let mut members = Members::default();
        for _ in 0..u64::from_le_bytes(bytes(&mut rest)?) {
            let count = u64::from_le_bytes(bytes(&mut rest)?);
            let value = load(&mut rest)?;
            members.records = members.records.checked_add(count)?;
            members.counts.insert(value, count);
        }
        *from = rest;
        Some(members)
    }
}

fn save(value: &[u8], out: &mut Vec<u8>) {
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value);
}

fn load(from: &mut &[u8]) -> Option<Text> {
    let length = u32::from_le_bytes(bytes(from)?) as usize;
    let (value, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(value.into())
}
