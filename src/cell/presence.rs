//! That a record was there: of `--distinct`, which has no value.

use super::{Cell, Count, Overflow, Row};
use crate::report::value::Value;

/// A count that is not shown: a record is there as long as some of it are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence(Count);

impl Cell for Presence {
    type Plan = ();

    type Input<'a> = ();

    fn indelible((): &()) -> Option<&'static str> {
        None
    }

    #[inline(always)]
    fn read((): &(), row: Row<'_>) -> Result<(), &'static str> {
        Count::read(&(), row)
    }

    #[inline(always)]
    fn push(&mut self, (): &(), (): ()) {
        self.0.push(&(), ());
    }

    #[inline(always)]
    fn merge(&mut self, other: &Presence) {
        self.0.merge(&other.0);
    }

    fn unmerge(&mut self, other: &Presence) {
        self.0.unmerge(&other.0);
    }

    #[inline]
    fn records(&self) -> u64 {
        self.0.records()
    }

    fn values(&self, (): &(), _: &mut Vec<Value>) -> Result<(), Overflow> {
        Ok(())
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn load(from: &mut &[u8]) -> Option<Presence> {
        Count::load(from).map(Presence)
    }
}
