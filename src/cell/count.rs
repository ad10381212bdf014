//! How many rows.

use super::{Cell, Overflow, Row, bytes};
use crate::report::value::Value;

/// A number of rows; one that is not shown only says that there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count<const SHOWN: bool = true>(u64);

/// That a record was there, as long as some of it are: of `--distinct`, which has no value.
pub type Presence = Count<false>;

impl<const SHOWN: bool> Cell for Count<SHOWN> {
    type Plan = ();

    type Input<'a> = ();

    type Trail = ();

    const PACKED: bool = false;

    fn indelible((): &()) -> Option<&'static str> {
        None
    }

    #[inline(always)]
    fn read((): &(), _row: Row<'_>) -> Result<(), &'static str> {
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, (): &(), (): ()) {
        self.0 += 1;
    }

    #[inline(always)]
    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }

    fn unmerge(&mut self, other: &Self) {
        self.0 -= other.0;
    }

    #[inline]
    fn records(&self) -> u64 {
        self.0
    }

    #[inline]
    fn values(&self, (): &(), out: &mut Vec<Value>) -> Result<(), Overflow> {
        if SHOWN {
            // A count would need centuries to leave 63 bits.
            out.push(Value::Int(self.0 as i64));
        }
        Ok(())
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn load(from: &mut &[u8]) -> Option<Self> {
        Some(Count(u64::from_le_bytes(bytes(from)?)))
    }
}
