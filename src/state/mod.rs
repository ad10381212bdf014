//! What is kept from batch to batch: the panes of a window, or everything since the beginning.
//!
//! ```text
//! batch ──enter──> slot of each key ──> store: panes | running cells ──> report
//!                        │                          │
//!                     touched: what it was      leave: panes that are over, keys not seen for long
//! ```
//!
//! Work follows what enters and what leaves. A window keeps `panes::Panes`; running state keeps a cell a key,
//! and `recency::Recency` where keys are to be forgotten. Whether a key is held at all shows by the
//! records of its cell. What a key was at the last report is kept for the keys that were touched
//! since, if reports are to have only what changed.
//!
//! Times grow from call to call; who decides when a report is due is the engine, by
//! [`crate::window`]. Reading, threads and output are of no concern here.

mod flags;
mod lasting;
mod packed;
mod panes;
mod recency;
mod setting;
mod slots;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use flags::Flags;

use crate::cell::Cell;
use crate::clock::Stamp;
use crate::error::Error;
use crate::table::keys::{Key, Seeds};
use crate::window::Window;
use panes::Panes;
use recency::Recency;
use slots::Slots;

/// What is kept from batch to batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// `--window`: what came in the last time.
    Window {
        /// How far it reaches back.
        window: Window,
        /// `--keep-zeros`: a key stays when its records have left.
        keep_zeros: bool,
    },
    /// `--update-state`: everything.
    Running {
        /// `--state-ttl`: a key that was not seen for so long is forgotten.
        ttl: Option<Duration>,
        /// `--max-keys`: how many keys there may be, and what becomes of more.
        limit: Option<(usize, OnFull)>,
    },
}

impl Retention {
    /// The window, if it is one.
    pub fn window(&self) -> Option<Window> {
        match self {
            Retention::Window { window, .. } => Some(*window),
            Retention::Running { .. } => None,
        }
    }
}

/// What to do when there are more keys than there may be: `--on-full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnFull {
    /// End the run with status 1
    Fail,
    /// Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first
    Oldest,
}

/// Keys and what is kept of them.
#[derive(Debug)]
pub struct State<C: Cell> {
    slots: Slots,
    store: Store<C>,
    /// How many keys hold records.
    held: usize,
    keep_zeros: bool,
    touched: Option<Touched<C>>,
    /// The keys that were forgotten, if that is to be taken down.
    forgotten: Option<Vec<Box<[u8]>>>,
}

#[derive(Debug)]
enum Store<C: Cell> {
    Panes(Panes<C>, Span),
    Running(Running<C>),
}

/// A window, and the pane that the batch goes into, if it goes into any.
#[derive(Debug)]
struct Span {
    window: Window,
    pane: Option<Stamp>,
}

#[derive(Debug)]
struct Running<C> {
    cells: Vec<C>,
    ttl: Option<Duration>,
    limit: Option<(usize, OnFull)>,
    /// There if keys are ever forgotten.
    recency: Option<Recency>,
    /// The greatest of the keys that are new in this batch, if too many of them are an error.
    newest: Option<Vec<u8>>,
}

/// What keys were at the last report, for those that were touched since.
#[derive(Debug)]
struct Touched<C> {
    list: Vec<(u32, Option<C>)>,
    is_listed: Vec<bool>,
}

impl<C> Touched<C> {
    fn note(&mut self, slot: u32, was: impl FnOnce() -> Option<C>) {
        if self.is_listed.len() <= slot as usize {
            self.is_listed.resize(slot as usize + 1, false);
        }
        if !std::mem::replace(&mut self.is_listed[slot as usize], true) {
            self.list.push((slot, was()));
        }
    }
}

/// Takes down what leaves.
#[derive(Debug)]
struct Notes<'a, C> {
    slots: &'a mut Slots,
    touched: &'a mut Option<Touched<C>>,
    held: &'a mut usize,
    keep_zeros: bool,
    forgotten: &'a mut Option<Vec<Box<[u8]>>>,
}

impl<C> Notes<'_, C> {
    /// Some of what `slot` holds is about to leave.
    fn before(&mut self, slot: u32, total: impl FnOnce() -> C) {
        if let Some(touched) = self.touched {
            touched.note(slot, || Some(total()));
        }
    }

    /// Nothing of it is left.
    fn gone(&mut self) {
        *self.held -= 1;
        if !self.keep_zeros {
            self.slots.bury();
        }
    }
}

impl<C: Cell> State<C> {
    /// Makes it empty, for keys that are loaded with `seeds`; with `changes`, for [`State::changes`]; with
    /// `lasts`, for [`State::forgotten`].
    pub fn new(retention: &Retention, seeds: &Seeds, changes: bool, lasts: bool) -> State<C> {
        let (store, keep_zeros, limit) = match *retention {
            Retention::Window { window, keep_zeros } => {
                let span = Span { window, pane: None };
                (Store::Panes(Panes::new(), span), keep_zeros, None)
            }
            Retention::Running { ttl, limit } => {
                let oldest = limit.is_some_and(|(_, on_full)| on_full == OnFull::Oldest);
                let recency = (ttl.is_some() || oldest).then(Recency::default);
                let cells = Vec::new();
                (Store::Running(Running { cells, ttl, limit, recency, newest: None }), false, limit)
            }
        };
        let touched = changes.then(|| Touched { list: Vec::new(), is_listed: Vec::new() });
        let forgets = matches!(&store, Store::Running(running) if running.recency.is_some());
        let slots = Slots::new(seeds, changes || limit.is_some() || lasts && forgets);
        let forgotten = (lasts && forgets).then(Vec::new);
        State { slots, store, held: 0, keep_zeros, touched, forgotten }
    }

    /// Begins the batch of `time`; what is over by its report may go now.
    pub fn begin(&mut self, time: Stamp) {
        if let Store::Running(running) = &mut self.store {
            running.newest = None;
            running.recency.iter_mut().for_each(|recency| recency.begin(time, false));
            return;
        }
        self.leave(time);
        if let Store::Panes(_, span) = &mut self.store {
            span.pane = span.window.pane(time);
        }
    }

    /// Says that what enters from now on is seen later than what has, though the Time is the same.
    pub fn begin_record(&mut self, time: Stamp) {
        if let Store::Running(running) = &mut self.store {
            running.newest = None;
            running.recency.iter_mut().for_each(|recency| recency.begin(time, true));
        }
    }

    /// Takes a cell in, and returns the key's slot.
    pub fn enter(&mut self, key: Key<'_>, cell: &C) -> u32 {
        let (slot, is_new) = self.slots.slot(key);
        self.store.grow(self.slots.count());
        let was_held = self.store.total(slot).records() > 0;
        if !was_held {
            self.held += 1;
            if !is_new && !self.keep_zeros {
                self.slots.revive();
            }
        }
        if let Some(touched) = &mut self.touched {
            let was_shown = was_held || self.keep_zeros && !is_new;
            touched.note(slot, || was_shown.then(|| self.store.total(slot).clone()));
        }
        match &mut self.store {
            Store::Panes(panes, Span { pane: Some(pane), .. }) => panes.enter(*pane, slot, cell),
            Store::Panes(..) => {}
            Store::Running(running) => {
                running.cells[slot as usize].merge(cell);
                if !was_held {
                    running.note_new(self.slots.name(slot));
                }
                if let Some(recency) = &mut running.recency {
                    recency.see(slot, is_new, self.held);
                }
            }
        }
        slot
    }

    /// True if batches are taken in: not where no window covers the one that has begun.
    pub fn is_open(&self) -> bool {
        !matches!(self.store, Store::Panes(_, Span { pane: None, .. }))
    }

    /// Lets time pass: what is over by the report of `time` goes. An error if too much is left.
    pub fn settle(&mut self, time: Stamp) -> Result<(), Error> {
        self.leave(time);
        if let Store::Running(Running { limit: Some((most, on_full)), .. }) = self.store {
            match on_full {
                OnFull::Fail => self.check(most)?,
                OnFull::Oldest => self.leave_oldest(most),
            }
        }
        self.sweep();
        Ok(())
    }

    fn leave(&mut self, time: Stamp) {
        let State { slots, store, held, keep_zeros, touched, forgotten } = self;
        let mut notes = Notes { slots, touched, held, keep_zeros: *keep_zeros, forgotten };
        match store {
            Store::Panes(panes, span) => {
                panes.leave(span.window.start(span.window.due(time)), &mut notes);
            }
            Store::Running(Running { cells, ttl: Some(ttl), recency: Some(recency), .. }) => {
                let end = Stamp(time.0 - ttl.as_millis() as i64);
                while let Some(slot) = recency.over(end) {
                    forget(cells, slot, &mut notes);
                }
            }
            Store::Running(_) => {}
        }
    }

    fn leave_oldest(&mut self, most: usize) {
        let State { slots, store, held, keep_zeros, touched, forgotten } = self;
        let Store::Running(Running { cells, recency: Some(recency), .. }) = store else { return };
        while *held > most {
            let slot = recency.oldest(slots).expect("a key that is held was seen");
            let keep_zeros = *keep_zeros;
            forget(cells, slot, &mut Notes { slots, touched, held, keep_zeros, forgotten });
        }
    }

    fn check(&self, most: usize) -> Result<(), Error> {
        let Store::Running(Running { newest: Some(newest), .. }) = &self.store else {
            return Ok(());
        };
        if self.held <= most {
            return Ok(());
        }
        let key = String::from_utf8_lossy(newest);
        Err(Error::Failed(format!(
            "--max-keys {most}: there is no room for the key {key:?}; give it more, or --on-full oldest, \
             which forgets the one seen last the longest ago"
        )))
    }

    /// What is touched still says slots, so these are not freed before the report.
    fn sweep(&mut self) {
        if self.touched.as_ref().is_none_or(|touched| touched.list.is_empty()) {
            let store = &self.store;
            self.slots.sweep(|slot| store.total(slot).records() == 0);
        }
    }

    /// True if some record is held.
    pub fn holds(&self) -> bool {
        self.held > 0
    }

    /// How many keys hold records.
    pub fn held(&self) -> usize {
        self.held
    }

    /// What is held of a slot.
    pub fn total(&self, slot: u32) -> &C {
        self.store.total(slot)
    }

    /// What is held of a key.
    pub fn get(&self, key: Key<'_>) -> Option<&C> {
        let total = self.total(self.slots.get(key)?);
        (total.records() > 0).then_some(total)
    }

    /// Calls `visit` for each key and what is held of it.
    pub fn for_each(&self, mut visit: impl FnMut(&[u8], &C)) {
        self.slots.for_each(|key, slot| {
            let total = self.store.total(slot);
            if total.records() > 0 || self.keep_zeros {
                visit(key, total);
            }
        });
    }

    /// Calls `visit` for each key that was touched since the last call and is there, with what was
    /// held of it then, and what is now.
    pub fn changes(&mut self, mut visit: impl FnMut(&[u8], Option<&C>, &C)) {
        let Some(touched) = &mut self.touched else { return };
        for (slot, was) in touched.list.drain(..) {
            touched.is_listed[slot as usize] = false;
            let total = self.store.total(slot);
            if total.records() > 0 || self.keep_zeros {
                visit(self.slots.name(slot), was.as_ref(), total);
            }
        }
        self.sweep();
    }
}

impl<C> Running<C> {
    fn note_new(&mut self, name: &[u8]) {
        let counts = self.limit.is_some_and(|(_, on_full)| on_full == OnFull::Fail);
        if counts && self.newest.as_deref().is_none_or(|newest| newest < name) {
            self.newest = Some(name.to_vec());
        }
    }
}

impl<C: Cell> Store<C> {
    #[inline]
    fn grow(&mut self, slots: usize) {
        match self {
            Store::Panes(panes, _) => panes.grow(slots),
            Store::Running(Running { cells, .. }) => {
                cells.resize(slots.max(cells.len()), C::default());
            }
        }
    }

    #[inline]
    fn total(&self, slot: u32) -> &C {
        match self {
            Store::Panes(panes, _) => panes.total(slot),
            Store::Running(running) => &running.cells[slot as usize],
        }
    }
}

fn forget<C: Cell>(cells: &mut [C], slot: u32, notes: &mut Notes<'_, C>) {
    let cell = &mut cells[slot as usize];
    notes.before(slot, || cell.clone());
    *cell = C::default();
    if let Some(forgotten) = notes.forgotten {
        forgotten.push(notes.slots.name(slot).into());
    }
    notes.gone();
}
