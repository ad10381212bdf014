//! Numbers of some 106 bits, as the sum of two doubles of which the second is what the first lacks.
//!
//! The operations are those of Dekker, "A Floating-Point Technique for Extending the Available Precision"
//! (1971), with the fused multiplication in place of his splitting.

use super::{ATTOS, wide};

/// The sum of two doubles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    high: f64,
    low: f64,
}

impl Pair {
    /// Two doubles of any size.
    pub fn new(a: f64, b: f64) -> Pair {
        let high = a + b;
        let other = high - a;
        Pair { high, low: (a - (high - other)) + (b - other) }
    }

    /// An integer of several limbs, the lowest first.
    pub fn of(limbs: &[u64]) -> Pair {
        let zero = Pair { high: 0.0, low: 0.0 };
        limbs.iter().rev().fold(zero, |all, limb| {
            let shifted = Pair { high: all.high * 2f64.powi(64), low: all.low * 2f64.powi(64) };
            let halves =
                Pair::new((limb >> 32) as f64 * 2f64.powi(32), (limb & 0xffff_ffff) as f64);
            shifted.plus(halves)
        })
    }

    /// The same times 2^`power`, where no half leaves the doubles.
    pub fn scaled(self, power: i32) -> Pair {
        let factor = 2f64.powi(power);
        Pair { high: self.high * factor, low: self.low * factor }
    }

    /// A sum of wholes and of attos.
    pub fn sum(whole: i128, atto: i128) -> Pair {
        let (is_negative, attos) = wide::attos(whole, atto);
        let sum = Pair::of(&attos).over(ATTOS as f64);
        if is_negative { sum.negative() } else { sum }
    }

    /// The nearest double.
    pub fn nearest(self) -> f64 {
        self.high + self.low
    }

    /// The same below 0.
    pub fn negative(self) -> Pair {
        Pair { high: -self.high, low: -self.low }
    }

    /// The sum.
    pub fn plus(self, other: Pair) -> Pair {
        let sum = Pair::new(self.high, other.high);
        Pair::new(sum.high, sum.low + self.low + other.low)
    }

    /// The product.
    pub fn times(self, other: Pair) -> Pair {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        Pair::new(high, low + self.high * other.low + self.low * other.high)
    }

    /// The quotient by a double.
    pub fn over(self, divisor: f64) -> Pair {
        let high = self.high / divisor;
        let rest = (-high).mul_add(divisor, self.high) + self.low;
        Pair::new(high, rest / divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_double_lacks_is_kept() {
        let tenth = Pair::new(1.0, 0.0).over(10.0);
        let rest = tenth.times(Pair::new(10.0, 0.0)).plus(Pair::new(-1.0, 0.0)).nearest();
        assert!(rest.abs() < 1e-31, "{rest:e}");
        let large = Pair::of(&[1, 0, 1]).plus(Pair::new(-2f64.powi(128), 0.0));
        assert_eq!(large.nearest(), 1.0);
        assert_eq!(Pair::new(1e300, 1.0).plus(Pair::new(-1e300, 0.0)).nearest(), 1.0);
    }
}
