//! State that programs keep: of each key JSON, which the end of each batch sets.
//!
//! ```text
//! pane ──> key, its values ──┐
//! quiet keys, no values ─────┴──> program ──> state.set(key), or nothing: forgotten
//! ```
//!
//! Only keys of which something has changed are noted down. Since a program is run for quiet keys too, unless
//! only touched ones are wanted, a batch costs what there is, and with `--touched` what has come.

use std::any::Any;
use std::collections::HashSet;

use super::pane::{ReducedPane, together};
use super::shown::shown;
use super::{Failed, last, value};
use crate::agg::history::each_of;
use crate::agg::{Note, Pane, StateStore};
use crate::cell::{Cell, Group, Stated};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::jq::{Failure, Name, Object, Program, Rooms, Value, input, json};
use crate::report::Collector;
use crate::report::value;
use crate::state::{Retention, State};
use crate::table::keys::{Key, Seeds};
use crate::table::missing;

/// How state changes.
pub(super) enum Updater {
    /// By what a batch has come to.
    Reduce {
        /// Puts that and the state together.
        program: Program,
        /// True if all records are one key.
        is_whole: bool,
    },
    /// By the values of a batch.
    Update {
        /// Makes the new state.
        program: Program,
        /// True if it is run for keys with values only.
        is_touched_only: bool,
    },
}

/// What is kept.
pub(super) struct Kept {
    /// The flag of the aggregate, for messages.
    flag: &'static str,
    updater: Updater,
    state: State<Stated>,
    seeds: Seeds,
    changes: bool,
    rooms: Rooms,
}

/// A key, and what is to be kept of it now.
type Change = (Box<[u8]>, Stated);

impl Kept {
    /// Keeps nothing yet.
    pub(super) fn new(
        flag: &'static str,
        updater: Updater,
        retention: &Retention,
        changes: bool,
        lasts: bool,
    ) -> Kept {
        let seeds = Seeds::random();
        let state = State::new(retention, &seeds, changes, lasts);
        Kept { flag, updater, state, seeds, changes, rooms: Rooms::default() }
    }

    fn is_whole(&self) -> bool {
        matches!(self.updater, Updater::Reduce { is_whole: true, .. })
    }

    /// What a pane changes, key by key.
    fn changes(&mut self, pane: &dyn Any, failed: &mut Failed) -> Vec<Change> {
        let mut changes = Vec::new();
        let Kept { updater, state, seeds, rooms, .. } = self;
        let here = &*seeds;
        match updater {
            Updater::Reduce { program, .. } => {
                let pane =
                    pane.downcast_ref::<ReducedPane>().expect("the pane is of this aggregate");
                for (key, part) in &pane.parts {
                    let held = state.get(Key::copied(key, seeds));
                    match reduced(rooms, program, held, &part.value) {
                        Ok(json) => {
                            let first = held.map_or(part.first, Cell::first);
                            changes.push((key.clone(), Stated::new(json.into(), first)));
                        }
                        Err(why) => failed.note(key, why.to_string()),
                    }
                }
            }
            Updater::Update { program, .. } => each_of(pane, seeds, |key, group: &Group| {
                let key: Box<[u8]> = key.bytes(&mut [0; 16]).into();
                // It is ready to be looked up where it comes from, and not here.
                let held = state.get(Key::copied(&key, here));
                let place = group.iter().next().map_or(0, |(place, _)| place);
                let values = group.iter().map(|(_, value)| value);
                match updated(rooms, program, &key, values, held) {
                    Ok(stated) => {
                        let first = held.map_or(place, Cell::first);
                        let stated = stated
                            .map_or_else(Stated::default, |json| Stated::new(json.into(), first));
                        changes.push((key, stated));
                    }
                    Err(why) => failed.note(&key, why.to_string()),
                }
            }),
        }
        changes
    }

    /// What becomes of the keys that have nothing in a pane, as far as that is another state.
    fn quiet(&mut self, touched: &[Change], failed: &mut Failed) -> Vec<Change> {
        let Kept { updater, state, rooms, .. } = self;
        let Updater::Update { program, is_touched_only: false } = updater else {
            return Vec::new();
        };
        let touched: HashSet<&[u8], ahash::RandomState> =
            touched.iter().map(|(key, _)| &**key).collect();
        let mut changes = Vec::new();
        state.for_each(|key, held| {
            if touched.contains(key) || failed.has(key) {
                return;
            }
            match updated(rooms, program, key, std::iter::empty(), Some(held)) {
                Ok(json) if json.as_deref() == held.state() => {}
                Ok(json) => {
                    let stated = json.map_or_else(Stated::default, |json| {
                        Stated::new(json.into(), held.first())
                    });
                    changes.push((key.into(), stated));
                }
                Err(why) => failed.note(key, why.to_string()),
            }
        });
        changes
    }

    /// Sets what has changed.
    fn set(&mut self, changes: Vec<Change>, is_seen: bool) -> Vec<Box<[u8]>> {
        let set = |(key, stated): Change| {
            self.state.set(Key::copied(&key, &self.seeds), stated, is_seen);
            key
        };
        changes.into_iter().map(set).collect()
    }

    /// Takes down what became of keys.
    fn note(&mut self, keys: &[Box<[u8]>], time: Stamp, note: &mut Note<'_>) {
        self.state.forgotten(&self.seeds).iter().for_each(|key| note(key, None));
        let mut bytes = Vec::new();
        for key in keys {
            bytes.clear();
            let is_held = self.state.save(Key::copied(key, &self.seeds), time, &mut bytes);
            note(key, is_held.then_some(&bytes));
        }
    }

    /// What one record changes: a batch of its own.
    fn one(&mut self, key: &[u8], bytes: &[u8], place: u64) -> Result<Change, Failure> {
        let Kept { updater, state, seeds, rooms, .. } = self;
        let held = state.get(Key::copied(key, seeds));
        let first = held.map_or(place, Cell::first);
        let json = match updater {
            Updater::Reduce { program, .. } => {
                let x = rooms.within(bytes.len(), || value(bytes))?;
                Some(reduced(rooms, program, held, &x)?)
            }
            Updater::Update { program, .. } => {
                updated(rooms, program, key, std::iter::once(bytes), held)?
            }
        };
        let stated = json.map_or_else(Stated::default, |json| Stated::new(json.into(), first));
        Ok((key.into(), stated))
    }
}

/// State and what a batch has come to, as JSON.
fn reduced(
    rooms: &mut Rooms,
    program: &Program,
    held: Option<&Stated>,
    x: &Value,
) -> Result<Vec<u8>, Failure> {
    let Some(state) = held.and_then(Stated::state) else { return Ok(json(x)) };
    let state = rooms.within(state.len(), || input(state, false))?;
    together(rooms, program, &state, x).map(|value| json(&value))
}

/// The new state, as JSON; none if the key is to be forgotten.
fn updated<'a>(
    rooms: &mut Rooms,
    program: &Program,
    key: &[u8],
    values: impl Iterator<Item = &'a [u8]>,
    held: Option<&Stated>,
) -> Result<Option<Vec<u8>>, Failure> {
    let values: Vec<&[u8]> = values.collect();
    let state = held.and_then(Stated::state);
    let length =
        values.iter().map(|value| value.len() + 16).sum::<usize>() + state.map_or(0, <[u8]>::len);
    let output = rooms.within(length, || {
        let mut object = Object::default();
        let shown = missing::shown(key).map_or(Value::Null, Value::text);
        object.set(Name::new(b"key"), shown);
        let values = values.iter().map(|bytes| value(bytes)).collect::<Result<_, _>>()?;
        object.set(Name::new(b"values"), Value::list(values));
        let state = state.map_or(Ok(Value::Null), |state| input(state, false))?;
        object.set(Name::new(b"state"), state);
        last(program, Value::object(object), None)
    })?;
    Ok(output.filter(|output| !matches!(output, Value::Null)).map(|output| json(&output)))
}

impl StateStore for Kept {
    fn absorb(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        let pane: Option<Box<dyn Any>> = pane.map(|pane| pane as Box<dyn Any>);
        let mut changed = Vec::new();
        if let Some(pane) = pane {
            self.state.begin(time);
            let mut failed = Failed::default();
            let touched = self.changes(&*pane, &mut failed);
            let quiet = self.quiet(&touched, &mut failed);
            changed = self.set(touched, true);
            changed.extend(self.set(quiet, false));
            failed.say(self.flag, "its state stays as it was, without the values of this batch");
        }
        self.state.settle(time)?;
        if let Some(note) = note {
            self.note(&changed, time, note);
        }
        Ok(())
    }

    fn put(&mut self, noted: &[(&[u8], Option<&[u8]>)], fresh: bool) -> Option<()> {
        self.state.put(noted, &self.seeds, fresh)
    }

    fn restored(&mut self) {
        self.state.restored();
    }

    fn holds(&self) -> bool {
        self.state.holds()
    }

    fn keys(&self) -> Option<usize> {
        (!self.is_whole()).then(|| self.state.held())
    }

    fn report(&mut self, report: &mut Collector) -> Result<(), Error> {
        let is_whole = self.is_whole();
        let mut offer = |key: &[u8], held: &Stated| {
            report.offer(key, &[held.state().map_or(value::Value::None, shown)], held.first());
        };
        match self.changes && !is_whole {
            true => self.state.changes(|key, was, held| {
                if was.is_none_or(|was| was.state() != held.state()) {
                    offer(key, held);
                }
            }),
            false if is_whole && !self.state.holds() => offer(b"", &Stated::default()),
            false => self.state.for_each(offer),
        }
        Ok(())
    }

    fn each(
        &mut self,
        chunk: &mut Chunk,
        report: &mut Collector,
        note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        chunk.cut();
        self.state.settle(chunk.time)?;
        let (first, mut refused, mut longer) = (chunk.first_place(), Vec::new(), Vec::new());
        let mut changed: Vec<Box<[u8]>> = Vec::new();
        for (row, &span) in chunk.keys.iter().enumerate() {
            let (key, alone) = match (self.is_whole(), chunk.values.is_empty()) {
                (true, _) => (&b""[..], chunk.at(span)),
                (false, true) => (chunk.at(span), &b""[..]),
                (false, false) => (missing::held(chunk.key(row), &mut longer), &b""[..]),
            };
            let bytes = chunk.values.get(row).map_or(alone, |value| chunk.at(*value));
            match self.one(key, bytes, first + row as u64) {
                Ok((key, stated)) => {
                    let loaded = Key::copied(&key, &self.seeds);
                    let was = self.state.get(loaded).and_then(Stated::state).map(<[u8]>::to_vec);
                    let becomes = stated.state().map_or(value::Value::None, shown);
                    let has_changed = was.as_deref() != stated.state();
                    self.state.begin_record(chunk.time);
                    self.state.set(loaded, stated, true);
                    self.state.settle(chunk.time)?;
                    if has_changed || !self.changes {
                        report.offer(&key, &[becomes], first + row as u64);
                    }
                    changed.push(key);
                }
                Err(why) => {
                    let span = *chunk.values.get(row).unwrap_or(&span);
                    refused.push((span, format!("--{}: {why}", self.flag)));
                }
            }
        }
        chunk.refuse(refused);
        if let Some(note) = note {
            changed.sort();
            changed.dedup();
            self.note(&changed, chunk.time, note);
        }
        self.state.changes(|_, _, _| {});
        Ok(())
    }
}
