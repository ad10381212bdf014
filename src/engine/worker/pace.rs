//! How long a chunk will take, by how long the last ones have taken.

use std::time::Duration;

/// What is not worth to be handed over: waking another thread and being woken again take some 20 us of the processor (AMD
/// EPYC, in a virtual machine). In what takes longer two workers are faster than one.
pub const BRIEF: Duration = Duration::from_micros(20);

/// The same where no other worker would find anything to read.
pub const BRIEF_ALONE: Duration = Duration::from_micros(60);

/// How much of the slowest is forgotten with each chunk: one that has taken long makes us careful for a while, as there may
/// be more like it.
const FORGOTTEN: f64 = 0.1;

/// What a chunk costs besides its bytes, in bytes.
const BASE: usize = 4 << 10;

/// The time that a worker takes, in nanoseconds a byte; `None` before it has had a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace(Option<f64>);

impl Pace {
    /// So many bytes have taken so long.
    pub fn note(&mut self, bytes: usize, time: Duration) {
        let each = time.as_nanos() as f64 / (bytes + BASE) as f64;
        self.0 = Some(each.max(self.0.map_or(0.0, |before| before * (1.0 - FORGOTTEN))));
    }

    /// How long so many bytes will take.
    pub fn time(self, bytes: usize) -> Duration {
        let each = self.0.map(|each| Duration::from_nanos((each * (bytes + BASE) as f64) as u64));
        each.unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_takes_as_long_a_byte_as_the_last_ones() {
        let (us, of) = (Duration::from_micros, |bytes, time| {
            let mut pace = Pace::default();
            pace.note(bytes, time);
            pace
        });
        assert_eq!(Pace::default().time(1), Duration::MAX, "nobody knows");
        let pace = of(96 << 10, us(100));
        assert_eq!((pace.time(96 << 10), pace.time(46 << 10)), (us(100), us(50)));
        // A few bytes that have met a cold cache say little of many.
        assert!(of(5, us(20)).time(10_000) < us(100));
        assert_eq!(of(0, us(3)).time(0), us(3));
    }

    #[test]
    fn one_that_was_slow_is_remembered_for_some_chunks() {
        let mut pace = Pace::default();
        pace.note(10_000, Duration::from_secs(30));
        let quick = |pace: &mut Pace| pace.note(10_000, Duration::from_micros(7));
        (0..100).for_each(|_| quick(&mut pace));
        assert!(pace.time(10_000) > BRIEF_ALONE);
        (0..100).for_each(|_| quick(&mut pace));
        assert!(pace.time(10_000) < BRIEF);
    }
}
