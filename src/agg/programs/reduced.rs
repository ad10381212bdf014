//! `--reduce` and `--reduce-by-key`: values put together one after the other, by a program.
//!
//! ```text
//! chunk 3 ─┐ by turn
//! chunk 4 ─┴──> open: key ──> what its values have come to ──close──> pane
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::kept::{Kept, Updater};
use super::pane::{Part, Parts, ReducedPane, loaded, put_together};
use super::windowed::Windowed;
use super::{program, shallow, value};
use crate::agg::{Aggregate, Built, Fold, Pane, StateStore};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::jq::{Failure, Program, Rooms};
use crate::part::{Given, Shape, Words, hold};
use crate::state::Retention;
use crate::table::missing;

/// The aggregate.
pub(super) struct Reduce {
    words: Words,
    program: Program,
    inverse: Option<Program>,
    leaves: Shape,
    open: Mutex<Open>,
}

/// The batch that is open.
#[derive(Default)]
struct Open {
    parts: Parts,
    rooms: Rooms,
}

/// Makes it of what was typed.
pub(super) fn build(words: &Words, leaves: Shape) -> Result<Built, String> {
    let reduces = program(words.argument(0), &["$x"])?;
    let inverse = words.value("inverse-by").map(|typed| program(typed, &["$x"])).transpose();
    let inverse = inverse.map_err(|why| format!("--inverse-by: {why}"))?;
    let open = Mutex::default();
    let reduce = Reduce { words: words.clone(), program: reduces, inverse, leaves, open };
    Ok(Built::of_value(Arc::new(reduce), words, leaves))
}

impl Reduce {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Aggregate for Reduce {
    fn fold(self: Arc<Self>, _worker: usize) -> Box<dyn Fold> {
        Box::new(ReduceFold(self))
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        let parts = std::mem::take(&mut self.open().parts);
        Box::new(ReducedPane { parts, is_whole: self.leaves == Shape::Whole })
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let (program, is_whole) = (self.program.clone(), self.leaves == Shape::Whole);
        match retention {
            Retention::Window { window, .. } => {
                let inverse = self.inverse.clone();
                let flag = self.words.flag().name;
                Box::new(Windowed::new(flag, *window, program, inverse, changes, is_whole))
            }
            Retention::Running { .. } => {
                let updater = Updater::Reduce { program, is_whole };
                Box::new(Kept::new(self.words.flag().name, updater, retention, changes, lasts))
            }
        }
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        let parts = loaded(entries)?;
        Some(Box::new(ReducedPane { parts, is_whole: self.leaves == Shape::Whole }))
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        self.open().parts = loaded(entries)?;
        Some(())
    }

    fn indelible(&self) -> Option<&'static str> {
        let what = "what a program puts together, without --inverse-by,";
        self.inverse.is_none().then_some(what)
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn check(&self, given: &Given) -> Result<(), Error> {
        hold(&[
            (
                self.inverse.is_some() && !given.window,
                "--inverse-by: needs --window; without one nothing leaves",
            ),
            (
                given.keep_zeros,
                "--keep-zeros: what a key comes to of which nothing is left, a program does not say; leave it out",
            ),
        ])
    }
}

struct ReduceFold(Arc<Reduce>);

impl Fold for ReduceFold {
    fn fold(&mut self, chunk: &mut Chunk) {
        chunk.cut();
        let (first, mut refused, mut longer) = (chunk.first_place(), Vec::new(), Vec::new());
        let reduce = &*self.0;
        let mut open = reduce.open();
        for (row, &span) in chunk.keys.iter().enumerate() {
            let (span, key) = match chunk.values.get(row) {
                Some(&value) if reduce.leaves == Shape::Keyed => {
                    (value, missing::held(chunk.key(row), &mut longer))
                }
                Some(&value) => (value, &b""[..]),
                None => (span, &b""[..]),
            };
            let taken = open.take(&reduce.program, key, chunk.at(span), first + row as u64);
            if let Err(why) = taken {
                refused.push((span, format!("--{}: {why}", reduce.words.flag().name)));
            }
        }
        drop(open);
        chunk.refuse(refused);
    }

    fn flush(&mut self) {}
}

impl Open {
    /// Takes a value in; an error says why it is bad.
    fn take(
        &mut self,
        program: &Program,
        key: &[u8],
        bytes: &[u8],
        place: u64,
    ) -> Result<(), Failure> {
        let Open { parts, rooms } = self;
        match parts.get_mut(key) {
            Some(Part { value: held, .. }) => {
                let both = rooms.within(bytes.len(), || {
                    let x = value(bytes)?;
                    put_together(program, held, x)
                });
                *held = both?;
            }
            None => {
                // It has to be one that may be kept, as an output has.
                let first = rooms.within(bytes.len(), || shallow(value(bytes)?))?;
                parts.insert(key.into(), Part { first: place, value: first });
            }
        }
        Ok(())
    }
}
