//! The window of what a program puts together.
//!
//! ```text
//! without --inverse-by   pane, pane, pane ──the program, the oldest first──> each report anew
//! with it                total <──the program── enters;  total ──the inverse──> leaves
//! ```
//!
//! As in Spark, what leaves is taken out before what comes is put in, and a key of which nothing is left in any
//! pane is gone: when it comes again, it begins anew. Totals that were put together otherwise, as by a start
//! that goes on, are the same if the two programs undo each other exactly.

use std::any::Any;
use std::collections::{HashMap, VecDeque};

use super::Failed;
use super::pane::{Part, Parts, ReducedPane, together};
use super::shown::shown;
use crate::agg::{Note, Pane, StateStore};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::jq::{Program, Rooms, Value, json};
use crate::report::Collector;
use crate::window::Window;

/// What is held of a key.
#[derive(Debug, Default)]
struct Held {
    /// Where it first appeared in each pane that has it.
    firsts: VecDeque<u64>,
    /// What all panes come to, where that is kept.
    total: Option<Value>,
}

/// Panes, and what they come to.
pub(super) struct Windowed {
    /// The flag of the aggregate, for messages.
    flag: &'static str,
    window: Window,
    program: Program,
    inverse: Option<Program>,
    panes: VecDeque<(Stamp, Parts)>,
    held: HashMap<Box<[u8]>, Held, ahash::RandomState>,
    /// What was reported last, if only what differs is reported.
    shown: Option<HashMap<Box<[u8]>, Vec<u8>, ahash::RandomState>>,
    is_whole: bool,
    rooms: Rooms,
}

impl Windowed {
    /// Holds nothing yet.
    pub(super) fn new(
        flag: &'static str,
        window: Window,
        program: Program,
        inverse: Option<Program>,
        changes: bool,
        is_whole: bool,
    ) -> Windowed {
        Windowed {
            flag,
            window,
            program,
            inverse,
            panes: VecDeque::new(),
            held: HashMap::default(),
            shown: (changes && !is_whole).then(HashMap::default),
            is_whole,
            rooms: Rooms::default(),
        }
    }

    /// Lets the panes go that no window covers which is due at or after `time`.
    fn leave(&mut self, time: Stamp, failed: &mut Failed) {
        let end = self.window.start(self.window.due(time));
        while self.panes.front().is_some_and(|(pane, _)| *pane <= end) {
            let Some((_, parts)) = self.panes.pop_front() else { return };
            for (key, part) in parts {
                let Some(held) = self.held.get_mut(&key) else { continue };
                held.firsts.pop_front();
                if held.firsts.is_empty() {
                    self.held.remove(&key);
                    continue;
                }
                if let (Some(inverse), Some(total)) = (&self.inverse, &mut held.total) {
                    match together(&mut self.rooms, inverse, total, &part.value) {
                        Ok(rest) => *total = rest,
                        Err(why) => failed.note(&key, why.to_string()),
                    }
                }
            }
        }
    }

    /// Takes in what a batch has come to, which is of the pane of this Time.
    fn enter(&mut self, pane: Stamp, batch: &Parts, failed: &mut Failed) {
        if self.panes.back().is_none_or(|(time, _)| *time != pane) {
            self.panes.push_back((pane, Parts::default()));
        }
        let Some((_, parts)) = self.panes.back_mut() else { return };
        for (key, part) in batch {
            let held = self.held.entry(key.clone()).or_default();
            let (program, rooms) = (&self.program, &mut self.rooms);
            let mut put = |to: &mut Value| match together(rooms, program, to, &part.value) {
                Ok(both) => *to = both,
                Err(why) => failed.note(key, why.to_string()),
            };
            match parts.get_mut(key) {
                Some(there) => put(&mut there.value),
                None => {
                    held.firsts.push_back(part.first);
                    parts.insert(key.clone(), part.clone());
                }
            }
            match &mut held.total {
                Some(total) => put(total),
                None if self.inverse.is_some() => held.total = Some(part.value.clone()),
                None => {}
            }
        }
    }

    /// What all panes come to, key by key.
    fn totals(&mut self, failed: &mut Failed) -> HashMap<&[u8], Part, ahash::RandomState> {
        let mut totals: HashMap<&[u8], Part, _> = HashMap::default();
        if self.inverse.is_some() {
            for (key, held) in &self.held {
                if let (Some(first), Some(total)) = (held.firsts.front(), &held.total) {
                    totals.insert(key, Part { first: *first, value: total.clone() });
                }
            }
            return totals;
        }
        for (key, part) in self.panes.iter().flat_map(|(_, parts)| parts) {
            match totals.get_mut(&**key) {
                None => drop(totals.insert(key, part.clone())),
                Some(total) => {
                    match together(&mut self.rooms, &self.program, &total.value, &part.value) {
                        Ok(both) => total.value = both,
                        Err(why) => failed.note(key, why.to_string()),
                    }
                }
            }
        }
        totals
    }
}

impl StateStore for Windowed {
    fn absorb(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        _note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        let mut failed = Failed::default();
        self.leave(time, &mut failed);
        let batch: Option<Box<dyn Any>> = pane.map(|pane| pane as Box<dyn Any>);
        if let (Some(batch), Some(pane)) = (batch, self.window.pane(time)) {
            let batch = batch.downcast_ref::<ReducedPane>().expect("the pane is of this aggregate");
            self.enter(pane, &batch.parts, &mut failed);
        }
        failed.say(self.flag, "what comes or leaves does not count");
        Ok(())
    }

    fn put(&mut self, noted: &[(&[u8], Option<&[u8]>)], _fresh: bool) -> Option<()> {
        // All there is is in the panes.
        noted.is_empty().then_some(())
    }

    fn restored(&mut self) {
        if self.shown.is_none() {
            return;
        }
        // What has failed was said when it was reported.
        let totals = self.totals(&mut Failed::default()).into_iter();
        let all = totals.map(|(key, total)| (key.into(), json(&total.value))).collect();
        self.shown = Some(all);
    }

    fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    fn keys(&self) -> Option<usize> {
        (!self.is_whole).then_some(self.held.len())
    }

    fn report(&mut self, report: &mut Collector) -> Result<(), Error> {
        if self.is_whole && self.held.is_empty() {
            report.offer(b"", &[shown(b"null")], 0);
        }
        let (flag, mut failed) = (self.flag, Failed::default());
        let mut before = self.shown.take();
        let mut now = HashMap::default();
        for (key, total) in self.totals(&mut failed) {
            let text = json(&total.value);
            if before.as_mut().and_then(|before| before.remove(key)).as_ref() != Some(&text) {
                report.offer(key, &[shown(&text)], total.first);
            }
            if before.is_some() {
                now.insert(key.into(), text);
            }
        }
        self.shown = before.map(|_| now);
        failed.say(flag, "a part of its window does not count");
        Ok(())
    }

    fn each(
        &mut self,
        _chunk: &mut Chunk,
        _report: &mut Collector,
        _note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        // A window needs batches, which the command line holds.
        Ok(())
    }
}
