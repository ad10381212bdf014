//! The smallest and the largest of numbers.
//!
//! Extremes of what is held exactly are whole numbers of attos, so one comparison decides; those of doubles,
//! which are seldom there, stand apart. An extreme cannot be taken out again: what comes next is not known, but to
//! a window ([`ExtentTrail`]).

use super::{Leaves, Part, stretched};
use crate::cell::bytes;
use crate::cell::least::{Bounds, Double};
use crate::number::{ATTOS, Number, nearest};
use crate::report::value::Value;

/// The extremes of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cell) struct Extent {
    /// The smallest and the largest of the exact numbers, in attos.
    low: i128,
    high: i128,
    /// The smallest and the largest of the others.
    doubles: Option<Box<[f64; 2]>>,
}

/// The extremes of nothing: each number is beyond them.
const NOTHING: (i128, i128) = (i128::MAX, i128::MIN);

impl Default for Extent {
    fn default() -> Extent {
        Extent { low: NOTHING.0, high: NOTHING.1, doubles: None }
    }
}

impl Extent {
    /// Takes a number in.
    #[inline(always)]
    pub(in crate::cell) fn add(&mut self, number: Number) {
        match number.fixed() {
            Some(fixed) => self.stretch(fixed.attos(), fixed.attos()),
            None => self.stretch_doubles([number.to_f64(); 2]),
        }
    }

    #[inline(always)]
    fn stretch(&mut self, low: i128, high: i128) {
        // Most numbers are within, so that two branches which are guessed cost less than two choices.
        if low < self.low {
            self.low = low;
        }
        if high > self.high {
            self.high = high;
        }
    }

    #[cold]
    fn stretch_doubles(&mut self, others: [f64; 2]) {
        let doubles = self.doubles.get_or_insert_with(|| Box::new(others));
        **doubles = stretched(**doubles, others);
    }

    /// The smallest; an integer if all numbers are, else a double; none of nothing.
    pub(in crate::cell) fn min(&self, all_whole: bool) -> Value {
        self.extreme(self.low, 0, all_whole, f64::min)
    }

    /// The largest, in the same way.
    pub(in crate::cell) fn max(&self, all_whole: bool) -> Value {
        self.extreme(self.high, 1, all_whole, f64::max)
    }

    fn extreme(
        &self,
        attos: i128,
        which: usize,
        all_whole: bool,
        more: fn(f64, f64) -> f64,
    ) -> Value {
        let is_exact = self.low <= self.high;
        if all_whole && is_exact {
            return Value::Int((attos / i128::from(ATTOS)) as i64);
        }
        let exact = is_exact.then(|| nearest(0, attos));
        let double = self.doubles.as_ref().map(|doubles| doubles[which]);
        exact.into_iter().chain(double).reduce(more).map_or(Value::None, Value::Float)
    }
}

/// What a window keeps beside it: what will be an extreme once others have left.
#[derive(Debug, Default)]
pub(in crate::cell) struct ExtentTrail {
    exact: Bounds<i128>,
    doubles: Option<Box<Bounds<Double>>>,
}

impl Leaves for Extent {
    type Trail = ExtentTrail;

    fn enter(&mut self, trail: &mut ExtentTrail, pane: u64, part: &Extent) {
        self.merge(part);
        if part.low <= part.high {
            trail.exact.enter(pane, part.low, part.high);
        }
        if let Some(doubles) = &part.doubles {
            let [low, high] = doubles.map(Double);
            trail.doubles.get_or_insert_default().enter(pane, low, high);
        }
    }

    /// The pane is enough.
    fn leave(&mut self, trail: &mut ExtentTrail, pane: u64, _: &Extent) {
        trail.exact.leave(pane);
        (self.low, self.high) = trail.exact.bounds().map_or(NOTHING, |(low, high)| (*low, *high));
        if let Some(doubles) = &mut trail.doubles {
            doubles.leave(pane);
            self.doubles = doubles.bounds().map(|(low, high)| Box::new([low.0, high.0]));
        }
        trail.doubles.take_if(|_| self.doubles.is_none());
    }
}

impl Extent {
    /// Appends one of which nothing is asked: zeros, of which least is kept.
    pub(in crate::cell) fn save_nothing(out: &mut Vec<u8>) {
        out.extend([0; 33]);
    }
}

impl Part for Extent {
    fn merge(&mut self, other: &Extent) {
        self.stretch(other.low, other.high);
        if let Some(doubles) = &other.doubles {
            self.stretch_doubles(**doubles);
        }
    }

    /// Low and high (16 bytes each), 1 if there are doubles (1) and then their extremes (8 each).
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.low.to_le_bytes());
        out.extend(self.high.to_le_bytes());
        out.push(u8::from(self.doubles.is_some()));
        for double in self.doubles.iter().flat_map(|doubles| **doubles) {
            out.extend(double.to_le_bytes());
        }
    }

    fn load(from: &mut &[u8]) -> Option<Extent> {
        let low = i128::from_le_bytes(bytes(from)?);
        let high = i128::from_le_bytes(bytes(from)?);
        let doubles = match bytes(from)? {
            [0] => None,
            _ => {
                let low = f64::from_le_bytes(bytes(from)?);
                let high = f64::from_le_bytes(bytes(from)?);
                (low <= high).then_some(())?;
                Some(Box::new([low, high]))
            }
        };
        Some(Extent { low, high, doubles })
    }
}
