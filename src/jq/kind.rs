//! What jaq's interpreter runs on: our values, and a table of terms that ends with what a program may take.
//!
//! jaq has no limit of its own. But it asks for the table before each term that it runs, so this is where
//! steps are counted, and where it is looked how deep the calls are. A program that has taken too much is
//! given another table, in which each term does nothing but fail; so it ends within a moment.

use jaq_core::data::HasLut;
use jaq_core::{DataT, Filter, Lut};

use super::meter;
use super::value::Value;

/// A program, and as many terms that fail.
pub(super) struct Compiled {
    /// What runs.
    pub(super) live: Filter<Kind>,
    /// What runs instead once too much is taken.
    pub(super) dead: Filter<Kind>,
}

/// What the interpreter runs on.
pub(super) struct Kind;

impl DataT for Kind {
    type V<'a> = Value;

    type Data<'a> = Data<'a>;
}

/// What the interpreter asks for terms.
#[derive(Clone, Copy)]
pub(super) struct Data<'a>(pub(super) &'a Compiled);

impl<'a> HasLut<'a, Kind> for Data<'a> {
    #[inline]
    fn lut(&self) -> &'a Lut<Kind> {
        if meter::goes_on() { &self.0.live.lut } else { &self.0.dead.lut }
    }
}
