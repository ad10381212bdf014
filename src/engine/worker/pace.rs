//! How long a chunk will take, by how long the last one has taken.

use std::time::Duration;

/// What is not worth to be handed over: waking another thread and being woken again take some 20 us of the processor (AMD
/// EPYC, in a virtual machine). In what takes longer two workers are faster than one.
pub const BRIEF: Duration = Duration::from_micros(20);

/// What a chunk costs besides its bytes, in bytes.
const BASE: usize = 4 << 10;

/// The time that a worker takes, in nanoseconds a byte; `None` before it has had a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace(Option<f64>);

impl Pace {
    /// So many bytes have taken so long.
    pub fn of(bytes: usize, time: Duration) -> Pace {
        Pace(Some(time.as_nanos() as f64 / (bytes + BASE) as f64))
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
    fn a_chunk_takes_as_long_a_byte_as_the_last_one() {
        let us = Duration::from_micros;
        assert_eq!(Pace::default().time(1), Duration::MAX, "nobody knows");
        let pace = Pace::of(96 << 10, us(100));
        assert_eq!((pace.time(96 << 10), pace.time(46 << 10)), (us(100), us(50)));
        // A few bytes that have met a cold cache say little of many.
        assert!(Pace::of(5, us(20)).time(10_000) < us(100));
        assert_eq!(Pace::of(0, us(3)).time(0), us(3));
    }
}
