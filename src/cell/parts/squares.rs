//! The squares of numbers, for the standard deviation.
//!
//! With n numbers, their sum S and the sum of their squares Q the variance of the population is
//!
//! ```text
//! (n Q - S S) / (n n)
//! ```
//!
//! In doubles that difference loses all digits where numbers are large and near each other. So both are
//! exact: a square of attos has 248 bits, and 2^64 of them fit into 320. Squares of doubles are summed
//! by a long accumulator, and the difference is then made of two doubles each.

use super::Part;
use crate::cell::bytes;
use crate::number::{ATTOS, ExactSum, Number, Pair, wide};

/// A sum of squares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cell) struct Squares {
    /// Of the exact numbers, in attos times attos.
    exact: [u64; 5],
    /// Of the others.
    doubles: Option<Box<ExactSum<68>>>,
}

impl Squares {
    /// Takes a number in.
    pub(in crate::cell) fn add(&mut self, number: Number) {
        match number.fixed() {
            Some(fixed) => {
                let size = wide::limbs(fixed.attos().unsigned_abs());
                wide::add(&mut self.exact, &wide::times::<4>(&size, &size));
            }
            None => self.doubles.get_or_insert_default().add_square(number.to_f64()),
        }
    }

    /// Takes out what another has taken in.
    pub(in crate::cell) fn unmerge(&mut self, other: &Squares) {
        wide::subtract(&mut self.exact, &other.exact);
        if let (Some(mine), Some(others)) = (&mut self.doubles, &other.doubles) {
            mine.unmerge(others);
        }
    }

    /// The sum of the others, unless it is 0: whether there have been such does not matter then.
    fn others(&self) -> Option<&ExactSum<68>> {
        self.doubles.as_deref().filter(|doubles| !doubles.is_zero())
    }

    /// The standard deviation of `count` numbers, of which the exact ones come to `whole` and `atto`, and
    /// the others to `doubles`.
    pub(in crate::cell) fn deviation(
        &self,
        count: u64,
        (whole, atto): (i128, i128),
        doubles: Option<&ExactSum>,
    ) -> f64 {
        if let Some(doubles) = doubles {
            let attos = ATTOS as f64;
            let sum = Pair::sum(whole, atto);
            let squares = Pair::of(&self.exact).over(attos).over(attos);
            // The square of what a double holds is held at a scale.
            let at = |power: i32| {
                let sum = sum.scaled(power).plus(doubles.pair(power));
                let more = self.doubles.as_ref().map(|more| more.pair(2 * power));
                let squares = squares.scaled(2 * power);
                let squares = more.map_or(squares, |more| squares.plus(more));
                let mean = sum.over(count as f64);
                let variance = squares.over(count as f64).plus(mean.times(mean).negative());
                // Rounding can bring it below 0.
                variance.nearest().is_finite().then(|| variance.nearest().max(0.0).sqrt())
            };
            let scaled = || at(-510).map(|deviation| deviation * 2f64.powi(510));
            return at(0).or_else(scaled).unwrap_or(f64::INFINITY);
        }
        let (_, sum) = wide::attos(whole, atto);
        let mut difference = wide::times::<6>(&self.exact, &[count]);
        wide::subtract(&mut difference, &wide::times::<6>(&sum, &sum));
        wide::nearest(&difference, 0).sqrt() / count as f64 / ATTOS as f64
    }
}

impl Part for Squares {
    fn merge(&mut self, other: &Squares) {
        wide::add(&mut self.exact, &other.exact);
        if let Some(others) = &other.doubles {
            self.doubles.get_or_insert_default().merge(others);
        }
    }

    /// The exact ones (40 bytes), 1 if there are others (1) and then these.
    fn save(&self, out: &mut Vec<u8>) {
        self.exact.iter().for_each(|limb| out.extend(limb.to_le_bytes()));
        out.push(u8::from(self.others().is_some()));
        if let Some(doubles) = self.others() {
            doubles.save(out);
        }
    }

    fn load(from: &mut &[u8]) -> Option<Squares> {
        let mut exact = [0; 5];
        for limb in &mut exact {
            *limb = u64::from_le_bytes(bytes(from)?);
        }
        let doubles = match bytes(from)? {
            [0] => None,
            _ => Some(Box::new(ExactSum::load(from)?)),
        };
        Some(Squares { exact, doubles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_numbers_that_are_nearly_none_is_as_if_others_had_never_been() {
        let of = |numbers: &[f64]| {
            let mut squares = Squares::default();
            numbers.iter().for_each(|number| squares.add(Number::Double(*number)));
            squares
        };
        let mut squares = of(&[0.0, 1e200]);
        squares.unmerge(&of(&[1e200]));
        let saved = |squares: &Squares| {
            let mut bytes = Vec::new();
            squares.save(&mut bytes);
            bytes
        };
        assert_eq!(saved(&squares), saved(&of(&[0.0])));
        squares.unmerge(&of(&[0.0]));
        assert_eq!(saved(&squares), saved(&Squares::default()));
    }
}
