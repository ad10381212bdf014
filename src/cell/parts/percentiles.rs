//! Percentiles: of few numbers exact, of many with a relative error of less than 1 %.
//!
//! Up to 128 numbers are kept as doubles, so integers of up to 53 bits as they are. More are counted in buckets, whose borders follow from the
//! bits of a double: 64 between two powers of two.
//!
//! ```text
//! sign | exponent (11 bits) | first 6 bits of the fraction ¦ what is not kept (46 bits)
//! ```
//!
//! So the middle of a bucket is within 1/128 of any number in it. This is the DDSketch of Masson, Rim and
//! Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees" (2019), with
//! its logarithm interpolated. It depends on the numbers alone and not on their order, as what is kept
//! of few does. The p-th percentile is that of the nearest rank: the smallest number that p % do not exceed.

mod newest;

pub(in crate::cell) use newest::Newest;

use super::{Part, stretched};
use crate::cell::bytes;
use crate::cell::statistic::Percent;
use crate::report::value::Value;

/// So many numbers are kept as they are.
const EXACT: usize = 128;
/// How many bits of a double tell no buckets apart.
const DROPPED: u32 = 46;

/// Numbers, or how many there are in each bucket.
#[derive(Clone, Debug)]
pub(in crate::cell) enum Percentiles {
    /// Few, in any order.
    Few(Vec<f64>),
    /// Many.
    Many(Buckets),
}

/// Counts of numbers of much the same size.
#[derive(Clone, Debug)]
pub(in crate::cell) struct Buckets {
    /// Bucket and count, by bucket.
    counts: Vec<(i32, u64)>,
    low: f64,
    high: f64,
}

impl Default for Percentiles {
    fn default() -> Percentiles {
        Percentiles::Few(Vec::new())
    }
}

impl Percentiles {
    /// Takes a number in.
    pub(in crate::cell) fn add(&mut self, number: f64) {
        match self {
            Percentiles::Few(numbers) if numbers.len() < EXACT => numbers.push(number),
            Percentiles::Few(_) => self.buckets().add(number),
            Percentiles::Many(buckets) => buckets.add(number),
        }
    }

    /// Goes over to buckets, if it is not there yet.
    fn buckets(&mut self) -> &mut Buckets {
        if let Percentiles::Few(numbers) = self {
            let mut buckets =
                Buckets { counts: Vec::new(), low: f64::INFINITY, high: f64::NEG_INFINITY };
            numbers.iter().for_each(|number| buckets.add(*number));
            *self = Percentiles::Many(buckets);
        }
        match self {
            Percentiles::Many(buckets) => buckets,
            Percentiles::Few(_) => unreachable!("it has just gone over"),
        }
    }

    /// The percentile; an integer if all numbers are, else a double; of nothing none.
    pub(in crate::cell) fn value(&self, percent: Percent, all_whole: bool) -> Value {
        let found = match self {
            Percentiles::Few(numbers) => {
                let mut some = [0.0; EXACT];
                let some = &mut some[..numbers.len()];
                some.copy_from_slice(numbers);
                rank(percent, numbers.len() as u64)
                    .map(|at| *some.select_nth_unstable_by(at as usize, f64::total_cmp).1)
            }
            Percentiles::Many(buckets) => buckets.value(percent),
        };
        match found {
            None => Value::None,
            // Half of one is the middle of the bucket of an integer, which is at its lower end.
            Some(number) if all_whole => {
                let size = (number.abs() - 0.5).ceil();
                Value::Int(size.copysign(number) as i64)
            }
            Some(number) => Value::Float(number),
        }
    }
}

/// The place of a percentile among so many numbers, from 0: of the smallest number that so many percent of
/// them do not exceed.
fn rank(percent: Percent, count: u64) -> Option<u64> {
    percent.of(count).max(1).min(count).checked_sub(1)
}

impl Buckets {
    fn add(&mut self, number: f64) {
        self.stretch(number, number);
        self.count(bucket(number), 1);
    }

    fn stretch(&mut self, low: f64, high: f64) {
        [self.low, self.high] = stretched([self.low, self.high], [low, high]);
    }

    fn count(&mut self, bucket: i32, more: u64) {
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.counts[at].1 += more,
            Err(at) => self.counts.insert(at, (bucket, more)),
        }
    }

    /// Takes numbers out of a bucket that it has counted.
    fn uncount(&mut self, bucket: i32, fewer: u64) {
        if let Ok(at) = self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            self.counts[at].1 -= fewer;
            if self.counts[at].1 == 0 {
                self.counts.remove(at);
            }
        }
    }

    fn value(&self, percent: Percent) -> Option<f64> {
        let count = self.counts.iter().map(|(_, count)| count).sum();
        let rank = rank(percent, count)?;
        if rank == 0 || rank + 1 == count {
            return Some(if rank == 0 { self.low } else { self.high });
        }
        let mut passed = 0;
        let (bucket, _) = self.counts.iter().find(|(_, count)| {
            passed += count;
            passed > rank
        })?;
        // No percentile is outside of what there was.
        Some(middle(*bucket).max(self.low).min(self.high))
    }
}

/// The bucket of a double; buckets are ordered as the doubles are.
fn bucket(double: f64) -> i32 {
    // Adding zero makes -0.0 equal to 0.0.
    let size = ((double.abs() + 0.0).to_bits() >> DROPPED) as i32;
    if double < 0.0 { -size } else { size }
}

/// The double in the middle of a bucket.
fn middle(bucket: i32) -> f64 {
    if bucket == 0 {
        return 0.0;
    }
    let size = u64::from(bucket.unsigned_abs()) << DROPPED | 1 << (DROPPED - 1);
    let double = f64::from_bits(size);
    if bucket < 0 { -double } else { double }
}

impl Part for Percentiles {
    fn merge(&mut self, other: &Percentiles) {
        match (&mut *self, other) {
            (Percentiles::Few(mine), Percentiles::Few(others))
                if mine.len() + others.len() <= EXACT =>
            {
                mine.extend_from_slice(others);
            }
            (_, Percentiles::Few(others)) => {
                let buckets = self.buckets();
                others.iter().for_each(|number| buckets.add(*number));
            }
            (_, Percentiles::Many(others)) => {
                let buckets = self.buckets();
                buckets.stretch(others.low, others.high);
                others.counts.iter().for_each(|(bucket, count)| buckets.count(*bucket, *count));
            }
        }
    }

    /// 0 (1 byte), how many (1), and these (8 each), sorted; or 1, low and high (8 each), how many buckets (4),
    /// and each one's number (4) and count (8).
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Percentiles::Few(numbers) => {
                let mut sorted = numbers.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                out.extend([0, sorted.len() as u8]);
                sorted.iter().for_each(|number| out.extend(number.to_le_bytes()));
            }
            Percentiles::Many(buckets) => {
                out.push(1);
                out.extend(buckets.low.to_le_bytes());
                out.extend(buckets.high.to_le_bytes());
                out.extend((buckets.counts.len() as u32).to_le_bytes());
                for (bucket, count) in &buckets.counts {
                    out.extend(bucket.to_le_bytes());
                    out.extend(count.to_le_bytes());
                }
            }
        }
    }

    fn load(from: &mut &[u8]) -> Option<Percentiles> {
        if bytes(from)? == [0] {
            let [count] = bytes(from)?;
            let number = |_| finite(from);
            return (0..count).map(number).collect::<Option<_>>().map(Percentiles::Few);
        }
        let (low, high) = (finite(from)?, finite(from)?);
        let mut counts: Vec<(i32, u64)> = Vec::new();
        for _ in 0..u32::from_le_bytes(bytes(from)?) {
            let bucket = i32::from_le_bytes(bytes(from)?);
            counts.push((bucket, u64::from_le_bytes(bytes(from)?)));
        }
        counts.is_sorted_by(|(one, _), (next, _)| one < next).then_some(())?;
        Some(Percentiles::Many(Buckets { counts, low, high }))
    }
}

fn finite(from: &mut &[u8]) -> Option<f64> {
    bytes(from).map(f64::from_le_bytes).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(numbers: impl IntoIterator<Item = i64>) -> Percentiles {
        let mut percentiles = Percentiles::default();
        numbers.into_iter().for_each(|number| percentiles.add(number as f64));
        percentiles
    }

    fn p(percent: &str) -> Percent {
        Percent::read(percent).unwrap()
    }

    #[test]
    fn of_few_numbers_the_nearest_rank_is_exact() {
        let found = |numbers: &[i64], percent| of(numbers.iter().copied()).value(p(percent), true);
        assert_eq!(found(&[], "50"), Value::None);
        for percent in ["0", "1", "50", "99", "100"] {
            assert_eq!(found(&[-7], percent), Value::Int(-7));
        }
        assert_eq!(found(&[6, 1, 3], "50"), Value::Int(3));
        let hundred = of(1..=100);
        let percents = ["0", "7", "28", "50", "55", "99", "99.9", "100"];
        let found = percents.map(|percent| hundred.value(p(percent), true));
        assert_eq!(found, [1, 7, 28, 50, 55, 99, 100, 100].map(Value::Int));
        assert_eq!(of(1..=1000).value(p("99.9"), false), Value::Float(middle(bucket(999.0))));
    }

    #[test]
    fn of_many_small_integers_each_percentile_is_one_of_them() {
        for number in [1, 42, 64, 100, 127, -71, -127, 0] {
            let many = of(std::iter::repeat_n(number, 1000).chain([-1000, 1000]));
            for percent in ["1", "50", "99"] {
                assert_eq!(many.value(p(percent), true), Value::Int(number));
            }
        }
    }

    proptest! {
        #[test]
        fn of_many_numbers_the_error_is_below_one_percent(
            numbers in prop::collection::vec(prop_oneof![-1000i64..1000, any::<i64>()], 129..400),
            percent in 0u32..=1000,
        ) {
            let percent = p(&format!("{}.{}", percent / 10, percent % 10));
            let found = of(numbers.iter().copied()).value(percent, true);
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let wanted = sorted[rank(percent, sorted.len() as u64).unwrap() as usize];
            let Value::Int(found) = found else { panic!("{found:?}") };
            let error = (found as f64 - wanted as f64).abs();
            prop_assert!(error <= wanted.unsigned_abs() as f64 / 128.0, "{found} for {wanted}");
        }

        #[test]
        fn buckets_are_ordered_as_their_numbers(a in -1e300f64..1e300, b in -1e3f64..1e3) {
            for (a, b) in [(a, b), (a, 2.0 * a), (b, 1.001 * b)] {
                prop_assert_eq!(a < b && bucket(a) > bucket(b), false);
                prop_assert!((middle(bucket(a)) - a).abs() <= a.abs() / 128.0);
            }
        }
    }
}
