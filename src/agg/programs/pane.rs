//! What a batch has come to, by a program: of each key a value, as a tree; as text where it is saved.

use std::collections::HashMap;

use super::last;
use super::shown::shown;
use crate::agg::Pane;
use crate::error::Error;
use crate::jq::{Failure, Program, Rooms, Value, json};
use crate::report::Collector;

/// What values have come to, by key.
pub(super) type Parts = HashMap<Box<[u8]>, Part, ahash::RandomState>;

/// What the values of a key have come to.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Where the key first appeared.
    pub(super) first: u64,
    /// What they have come to.
    pub(super) value: Value,
}

/// What a program makes of what there is and of what comes.
pub(super) fn put_together(program: &Program, held: &Value, x: Value) -> Result<Value, Failure> {
    let output = last(program, held.clone(), Some(x))?;
    output.ok_or_else(|| Failure::Program("the program has no output".to_string()))
}

/// The same of values that are kept.
pub(super) fn together(
    rooms: &mut Rooms,
    program: &Program,
    held: &Value,
    x: &Value,
) -> Result<Value, Failure> {
    rooms.within(1 << 10, || put_together(program, held, x.clone()))
}

/// What a batch has come to.
pub(super) struct ReducedPane {
    /// What the values of each key have come to.
    pub(super) parts: Parts,
    /// True if all records are one key.
    pub(super) is_whole: bool,
}

impl Pane for ReducedPane {
    fn report(&self, report: &mut Collector) -> Result<(), Error> {
        if self.is_whole && self.parts.is_empty() {
            report.offer(b"", &[shown(b"null")], 0);
        }
        for (key, part) in &self.parts {
            report.offer(key, &[shown(&json(&part.value))], part.first);
        }
        Ok(())
    }

    /// Where the key first appeared (8 bytes), and JSON.
    fn save(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        let mut bytes = Vec::new();
        for (key, part) in &self.parts {
            bytes.clear();
            bytes.extend(part.first.to_le_bytes());
            bytes.extend(json(&part.value));
            visit(key, &bytes);
        }
    }
}

/// What was saved of a pane.
pub(super) fn loaded<'a>(entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Parts> {
    let (mut parts, mut rooms) = (Parts::default(), Rooms::default());
    for (key, bytes) in entries {
        let (first, text) = bytes.split_first_chunk()?;
        let value = rooms.within(text.len(), || crate::jq::input(text, false)).ok()?;
        parts.insert(key.into(), Part { first: u64::from_le_bytes(*first), value });
    }
    Some(parts)
}
