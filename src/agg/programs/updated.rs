//! `--update-state-by`: what a batch has of each key, for a program that keeps a state.
//!
//! The values of a batch are collected as `--group-by-key` does, by any number of threads; what a program
//! makes of them is [`super::kept`].

use std::sync::Arc;

use super::TOUCHED;
use super::kept::{Kept, Updater};
use super::program;
use crate::agg::fold::keyed;
use crate::agg::{Aggregate, Built, Fold, Pane, StateStore};
use crate::cell::Group;
use crate::jq::Program;
use crate::part::{Shape, Words};
use crate::state::Retention;

/// The aggregate.
struct Update {
    words: Words,
    program: Program,
    /// Collects the values.
    batch: Arc<dyn Aggregate>,
}

/// Makes it of what was typed.
pub(super) fn build(words: &Words) -> Result<Built, String> {
    let program = program(words.argument(0), &[])?;
    let batch = keyed::<Group>((), false);
    let update = Update { words: words.clone(), program, batch };
    Ok(Built::of_value(Arc::new(update), words, Shape::Keyed))
}

impl Aggregate for Update {
    fn fold(self: Arc<Self>, worker: usize) -> Box<dyn Fold> {
        Arc::clone(&self.batch).fold(worker)
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        Arc::clone(&self.batch).close()
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let is_touched_only = self.words.has(TOUCHED.name);
        let updater = Updater::Update { program: self.program.clone(), is_touched_only };
        Box::new(Kept::new(self.words.flag().name, updater, retention, changes, lasts))
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        Arc::clone(&self.batch).load(entries)
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        self.batch.reopen(entries)
    }

    fn indelible(&self) -> Option<&'static str> {
        Some("a state that a program keeps")
    }
}
