//! Sums of doubles that are exact, so that no order and no cut makes a difference, and what was added
//! can be taken out again.
//!
//! A double is a whole number of units of 2^-1074, and less than 2^2098 of them. So an integer of 2176 bits
//! in two's complement holds the sum of 2^64 of them:
//!
//! ```text
//! limb 0              limb 1                ...               limb 33
//! 2^-1074 .. 2^-1011  2^-1010 .. 2^-947                       .. sign
//! ```
//!
//! This is the long accumulator of Kulisch, "Computer Arithmetic and Validity" (2008), chapter 8.

use super::{Pair, wide};

/// An exact sum of finite doubles; with 68 limbs, also of their squares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactSum<const LIMBS: usize = 34> {
    limbs: [u64; LIMBS],
}

impl<const LIMBS: usize> Default for ExactSum<LIMBS> {
    fn default() -> Self {
        ExactSum { limbs: [0; LIMBS] }
    }
}

/// The parts of a double: whether it is below 0, and an integer times 2^(`shift` - 1074).
fn taken_apart(double: f64) -> (bool, u64, usize) {
    let bits = double.to_bits();
    let (is_negative, biased) = (bits >> 63 == 1, (bits >> 52 & 0x7ff) as usize);
    let fraction = bits & ((1 << 52) - 1);
    match biased {
        0 => (is_negative, fraction, 0),
        _ => (is_negative, fraction | 1 << 52, biased - 1),
    }
}

impl ExactSum<68> {
    /// Adds the square of a finite double.
    pub fn add_square(&mut self, double: f64) {
        let (_, integer, shift) = taken_apart(double);
        let square = u128::from(integer) * u128::from(integer);
        self.add_shifted(square, 2 * shift, false);
    }
}

impl<const LIMBS: usize> ExactSum<LIMBS> {
    /// The exponent of the lowest bit, which 34 limbs more make twice as low.
    const LOWEST: i32 = -1074 * (LIMBS as i32 / 34);

    /// Adds a finite double.
    pub fn add(&mut self, double: f64) {
        let (is_negative, integer, shift) = taken_apart(double);
        let lower = (-1074 - Self::LOWEST) as usize;
        self.add_shifted(u128::from(integer), shift + lower, is_negative);
    }

    fn add_shifted(&mut self, integer: u128, shift: usize, subtract: bool) {
        let (low, high) = (integer as u64, (integer >> 64) as u64);
        let parts = [low, high].map(|part| u128::from(part) << (shift % 64));
        let middle = parts[0] >> 64 | parts[1] & u128::from(u64::MAX);
        let limbs = [parts[0] as u64, middle as u64, (parts[1] >> 64) as u64];
        self.add_at(shift / 64, &limbs, subtract);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.add_at(0, &other.limbs, false);
    }

    /// Takes another sum out.
    pub fn unmerge(&mut self, other: &Self) {
        self.add_at(0, &other.limbs, true);
    }

    /// Adds or subtracts some limbs, from a place on; what is carried beyond the highest is lost.
    fn add_at(&mut self, place: usize, limbs: &[u64], subtract: bool) {
        let limbs_from = &mut self.limbs[place..];
        match subtract {
            true => wide::subtract(limbs_from, limbs),
            false => wide::add(limbs_from, limbs),
        }
    }

    /// The nearest double, ties to even; infinite if that is beyond all doubles.
    pub fn to_f64(&self) -> f64 {
        self.scaled(0)
    }

    /// The same of the sum times 2^`power`.
    fn scaled(&self, power: i32) -> f64 {
        let is_negative = self.limbs[LIMBS - 1] >> 63 == 1;
        let mut size = Self::default();
        size.add_at(0, &self.limbs, is_negative);
        let double = wide::nearest(&size.limbs, Self::LOWEST + power);
        if is_negative { -double } else { double }
    }

    /// The nearest two doubles of the sum times 2^`power`, which is not above 0.
    pub fn pair(&self, power: i32) -> Pair {
        let high = self.scaled(power);
        let mut rest = self.clone();
        if high.is_finite() {
            let (is_negative, integer, shift) = taken_apart(high);
            let lower = (-1074 - Self::LOWEST - power) as usize;
            rest.add_shifted(u128::from(integer), shift + lower, !is_negative);
        }
        Pair::new(high, rest.scaled(power))
    }

    /// True if it is 0.
    pub fn is_zero(&self) -> bool {
        self.limbs.iter().all(|limb| *limb == 0)
    }

    /// Appends it as bytes: first limb (1), how many (1), these limbs; the highest one's sign goes on.
    pub fn save(&self, out: &mut Vec<u8>) {
        let sign = if self.limbs[LIMBS - 1] >> 63 == 1 { u64::MAX } else { 0 };
        let first = self.limbs.iter().position(|limb| *limb != 0).unwrap_or(0);
        let last = self.limbs.iter().rposition(|limb| *limb != sign).unwrap_or(0);
        // One more limb where the highest of these has another sign.
        let last = last + usize::from(last + 1 < LIMBS && (self.limbs[last] ^ sign) >> 63 == 1);
        let last = last.max(first);
        out.extend([first as u8, (last - first + 1) as u8]);
        self.limbs[first..=last].iter().for_each(|limb| out.extend(limb.to_le_bytes()));
    }

    /// Takes it off the front of bytes that [`ExactSum::save`] wrote; `None` if they are not such.
    pub fn load(from: &mut &[u8]) -> Option<Self> {
        let ([first, count], rest) = from.split_first_chunk()?;
        let (first, count) = (usize::from(*first), usize::from(*count));
        let (bytes, rest) = rest.split_at_checked(count * 8)?;
        let mut sum = Self::default();
        let target = sum.limbs.get_mut(first..first + count)?;
        for (limb, bytes) in target.iter_mut().zip(bytes.as_chunks().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        if target.last()? >> 63 == 1 {
            sum.limbs[first + count..].fill(u64::MAX);
        }
        *from = rest;
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(doubles: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        doubles.iter().for_each(|double| sum.add(*double));
        sum
    }

    #[test]
    fn sums_are_rounded_once() {
        let (tiny, most) = (f64::from_bits(1), f64::MAX);
        let table: [(&[f64], f64); 12] = [
            (&[], 0.0),
            (&[0.1, 0.2, -0.3], 2.7755575615628914e-17),
            (&[1e300, 1.0, -1e300], 1.0),
            (&[most, most, -most], most),
            (&[most, most], f64::INFINITY),
            (&[-most, -most], f64::NEG_INFINITY),
            (&[tiny, tiny], 1e-323),
            (&[tiny, -most, most], tiny),
            // Half an ulp and what decides it.
            (&[9007199254740992.0, 1.0], 9007199254740992.0),
            (&[9007199254740992.0, 1.0, tiny], 9007199254740994.0),
            (&[9007199254740992.0, 1.0, -tiny], 9007199254740992.0),
            (&[-9007199254740992.0, -1.0, -tiny], -9007199254740994.0),
        ];
        for (doubles, expected) in table {
            assert_eq!(sum(doubles).to_f64(), expected, "{doubles:?}");
        }
    }

    #[test]
    fn what_no_double_holds_is_held_at_a_scale() {
        let large = sum(&[f64::MAX, f64::MAX, 1.0]);
        assert_eq!(large.pair(-64).nearest(), f64::MAX * 2f64.powi(-63));
        let mut square = ExactSum::<68>::default();
        square.add_square(1e200);
        assert_eq!(square.pair(-1200).nearest().sqrt(), 1e200 * 2f64.powi(-600));
    }

    fn double() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |double| double.is_finite()),
            -1e3f64..1e3,
            Just(f64::MAX),
            Just(-f64::from_bits(1)),
        ]
    }

    proptest! {
        #[test]
        fn one_double_is_itself(double in double()) {
            prop_assert_eq!(sum(&[double]).to_f64(), double);
        }

        #[test]
        fn squares_are_exact(integers in prop::collection::vec(-(1i64 << 52)..1 << 52, 0..20)) {
            let mut sum = ExactSum::<68>::default();
            integers.iter().for_each(|integer| sum.add_square(*integer as f64));
            let squares: i128 = integers.iter().map(|n| i128::from(*n) * i128::from(*n)).sum();
            prop_assert_eq!(sum.to_f64(), squares as f64);
            prop_assert_eq!(sum.pair(0).plus(Pair::new(-squares as f64, 0.0)).nearest(),
                (squares - (squares as f64) as i128) as f64);
        }

        #[test]
        fn integers_are_added_as_integers(numbers in prop::collection::vec(-(1i64 << 53)..1 << 53, 0..50)) {
            let doubles: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
            prop_assert_eq!(sum(&doubles).to_f64(), numbers.iter().map(|n| i128::from(*n)).sum::<i128>() as f64);
        }

        #[test]
        fn no_order_matters_and_what_was_added_can_be_taken_out(
            some in prop::collection::vec(double(), 0..9), more in prop::collection::vec(double(), 0..9),
        ) {
            let all: Vec<f64> = some.iter().chain(&more).copied().collect();
            let turned: Vec<f64> = all.iter().rev().copied().collect();
            prop_assert_eq!(sum(&all), sum(&turned));
            let mut merged = sum(&some);
            merged.merge(&sum(&more));
            prop_assert_eq!(&merged, &sum(&all));
            merged.unmerge(&sum(&more));
            prop_assert_eq!(merged, sum(&some));
        }

        #[test]
        fn what_was_saved_is_loaded(doubles in prop::collection::vec(double(), 0..4)) {
            let (sum, mut bytes) = (sum(&doubles), Vec::new());
            sum.save(&mut bytes);
            let mut rest = &bytes[..];
            prop_assert_eq!(ExactSum::load(&mut rest), Some(sum));
            prop_assert!(rest.is_empty());
            prop_assert_eq!(ExactSum::<34>::load(&mut &bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn other_bytes_are_refused_or_loaded(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            ExactSum::<34>::load(&mut &bytes[..]);
        }
    }
}
