//! What a program may take for one record: steps, bytes, levels of values and of calls.
//!
//! The interpreter asks before each term that it runs ([`goes_on`]), and values say what they do and make.
//! What has taken too much is *spent*: from then on every operation fails and every term is another one,
//! which fails too, so a program that would never end does.
//!
//! ```text
//! begin ── step step bytes step ... ── spent: all that follows fails ──> Spent
//! ```
//!
//! A meter is of its thread, because an interpreter never leaves it while it runs.

use std::cell::Cell;
use std::fmt::{self, Display};

/// How much a program may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Terms that are run, and elements that are gone through.
    pub steps: u64,
    /// Bytes that are made, also those that are given back.
    pub bytes: u64,
    /// How deep a value may be nested.
    pub depth: u32,
    /// Bytes of the stack.
    pub stack: usize,
}

/// What was taken too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// Steps.
    Steps,
    /// Bytes.
    Bytes,
    /// Levels of a value.
    Depth,
    /// Calls within calls.
    Stack,
}

/// As the reason why a record is bad.
impl Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Spent::Steps => "the program takes too many steps; does it end?",
            Spent::Bytes => "the program makes too much of the record: many times its length",
            Spent::Depth => "a value is nested too deep",
            Spent::Stack => "the program calls itself too deep",
        })
    }
}

struct Meter {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    depth: Cell<u32>,
    /// Where the stack stood at the beginning, and how far it may go from there.
    base: Cell<usize>,
    stack: Cell<usize>,
    spent: Cell<Option<Spent>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            steps: Cell::new(0),
            bytes: Cell::new(0),
            depth: Cell::new(0),
            base: Cell::new(0),
            stack: Cell::new(0),
            spent: Cell::new(None),
        }
    };
}

/// About where the stack ends now.
#[inline(always)]
fn here() -> usize {
    let mark = 0u8;
    std::ptr::from_ref(std::hint::black_box(&mark)).addr()
}

/// Begins anew, with so much.
pub fn begin(allowed: Allowance) {
    METER.with(|meter| {
        meter.steps.set(allowed.steps);
        meter.bytes.set(allowed.bytes);
        meter.depth.set(allowed.depth);
        meter.base.set(here());
        meter.stack.set(allowed.stack);
        meter.spent.set(None);
    });
}

/// What there was not enough of, if so.
pub fn spent() -> Option<Spent> {
    METER.with(|meter| meter.spent.get())
}

/// How many steps are left.
pub fn left() -> u64 {
    METER.with(|meter| meter.steps.get())
}

/// Takes a step, and looks how deep the calls are; false if the program is to end.
#[inline]
pub fn goes_on() -> bool {
    METER.with(|meter| {
        if here().abs_diff(meter.base.get()) > meter.stack.get() {
            meter.end(Spent::Stack);
        }
        meter.take(&meter.steps, 1, Spent::Steps)
    })
}

/// Takes so many steps; false if the program is to end.
#[inline]
pub fn steps(count: usize) -> bool {
    METER.with(|meter| meter.take(&meter.steps, count as u64, Spent::Steps))
}

/// Makes so many bytes, if they are allowed.
#[inline]
pub fn bytes(count: usize) -> bool {
    METER.with(|meter| meter.take(&meter.bytes, count as u64, Spent::Bytes))
}

/// Makes a value of so many levels, if that is allowed.
#[inline]
pub fn depth(levels: u32) -> bool {
    METER.with(|meter| {
        if levels > meter.depth.get() {
            meter.end(Spent::Depth);
        }
        meter.spent.get().is_none()
    })
}

impl Meter {
    #[inline(always)]
    fn take(&self, from: &Cell<u64>, count: u64, what: Spent) -> bool {
        match from.get().checked_sub(count) {
            Some(left) => from.set(left),
            None => {
                from.set(0);
                self.end(what);
            }
        }
        self.spent.get().is_none()
    }

    #[cold]
    fn end(&self, what: Spent) {
        // What came first is the reason.
        self.spent.set(self.spent.get().or(Some(what)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_stays_spent_until_it_begins_anew() {
        let allowed = Allowance { steps: 3, bytes: 10, depth: 2, stack: 1 << 16 };
        begin(allowed);
        assert!(goes_on() && steps(2) && bytes(10) && depth(2) && spent().is_none());
        assert!(!bytes(1) && !goes_on() && !depth(1));
        assert_eq!(spent(), Some(Spent::Bytes), "the first is the reason");
        begin(allowed);
        assert!(spent().is_none() && !depth(3));
        begin(Allowance { stack: 0, ..allowed });
        #[inline(never)]
        fn below() -> bool {
            let room = std::hint::black_box([0u8; 4096]);
            let goes_on = goes_on();
            std::hint::black_box(&room);
            goes_on
        }
        assert!(!below());
        assert_eq!(spent(), Some(Spent::Stack));
    }
}
