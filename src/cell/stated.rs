//! What a program says that is to be kept of a key: bytes that take the place of those before.
//!
//! It is no cell to fold with, since what came last counts, whatever was before: only running state holds it,
//! which one thread changes at a time.

use super::{Cell, Overflow, Row, bytes};
use crate::report::value::Value;

/// JSON that is kept of a key, if any is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    first: u64,
    state: Option<Box<[u8]>>,
}

impl Stated {
    /// This is kept now, of a key that first appeared at a place.
    pub fn new(state: Box<[u8]>, first: u64) -> Stated {
        Stated { first, state: Some(state) }
    }

    /// What is kept.
    pub fn state(&self) -> Option<&[u8]> {
        self.state.as_deref()
    }
}

impl Cell for Stated {
    /// How it is shown.
    type Plan = fn(&[u8]) -> Value;

    type Input<'a> = Row<'a>;

    type Trail = ();

    fn indelible(_: &Self::Plan) -> Option<&'static str> {
        Some("what a program says")
    }

    fn read<'a>(_: &Self::Plan, row: Row<'a>) -> Result<Row<'a>, &'static str> {
        Ok(row)
    }

    fn push(&mut self, _: &Self::Plan, row: Row<'_>) {
        *self = Stated::new(row.value.into(), row.place);
    }

    fn merge(&mut self, other: &Stated) {
        *self = other.clone();
    }

    fn unmerge(&mut self, _: &Stated) {
        *self = Stated::default();
    }

    fn records(&self) -> u64 {
        u64::from(self.state.is_some())
    }

    fn values(&self, show: &Self::Plan, out: &mut Vec<Value>) -> Result<(), Overflow> {
        out.push(self.state().map_or(Value::None, show));
        Ok(())
    }

    fn first(&self) -> u64 {
        self.first
    }

    /// Where it first appeared (8 bytes), whether there is something (1), its length (4) and its bytes.
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.first.to_le_bytes());
        out.push(u8::from(self.state.is_some()));
        let state = self.state.as_deref().unwrap_or_default();
        out.extend((state.len() as u32).to_le_bytes());
        out.extend_from_slice(state);
    }

    fn load(from: &mut &[u8]) -> Option<Stated> {
        let mut rest = *from;
        let first = u64::from_le_bytes(bytes(&mut rest)?);
        let [is_there] = bytes(&mut rest)?;
        let length = u32::from_le_bytes(bytes(&mut rest)?) as usize;
        let (state, rest) = rest.split_at_checked(length)?;
        *from = rest;
        Some(Stated { first, state: (is_there == 1).then(|| state.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_nothing_less() {
        for stated in [Stated::default(), Stated::new(b"{}"[..].into(), 7)] {
            let mut saved = Vec::new();
            stated.save(&mut saved);
            assert_eq!(Stated::load(&mut &saved[..]), Some(stated));
            assert_eq!(Stated::load(&mut &saved[..saved.len() - 1]), None);
        }
    }
}
