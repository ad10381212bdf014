//! Which batches a window covers, and when it is due.
//!
//! Windows end at multiples of the slide since the epoch, so they do not depend on when weir was
//! started. The window of Time T covers the batches whose Times are in (T - W, T]. Batches are kept
//! in *panes*, each as wide as the greatest common divisor of window and slide, so that a window is
//! always a union of whole panes; a pane's Time is its end, as a batch's is.
//!
//! ```text
//! interval 2, window 6, slide 4
//! Times     2   4   6   8  10  12  14  16
//! panes     | 2 | 4 | 6 | 8 |10 |12 |14 |16 |        2 wide
//! windows   ----|4          |   |   |   |            partial, if weir began after -2
//!               |-----------|8  |   |   |
//!                       |-----------|12 |            covers the batches of 8, 10 and 12
//!                               |-----------|16
//! ```
//!
//! A slide that is longer than the window leaves gaps: batches that no window covers.
//!
//! Nothing here reads a clock or holds data, so every rule is checked against a table.

use std::time::Duration;

use crate::clock::Stamp;
use crate::error::Error;
use crate::units::show_duration;

/// A window; all lengths in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    length: i64,
    slide: i64,
    pane: i64,
}

impl Window {
    /// Makes a window of what was typed; without a slide, one is due each interval.
    ///
    /// A remainder is refused, not rounded: a window quietly stretched prints wrong sums with nothing
    /// to show for it. `interval` is not zero.
    pub fn new(
        length: Duration,
        slide: Option<Duration>,
        interval: Duration,
    ) -> Result<Window, Error> {
        let whole = |flag: &str, span: Duration| {
            let shown = show_duration(span);
            match (span.as_millis() as i64, interval.as_millis() as i64) {
                (0, _) => Err(Error::usage(format!("{flag}: {shown} is no length"))),
                (span, interval) if span % interval == 0 => Ok(span),
                _ => Err(Error::usage(format!(
                    "{flag}: {shown} is no multiple of the interval, {}",
                    show_duration(interval)
                ))),
            }
        };
        let length = whole("--window", length)?;
        let slide = whole("--slide", slide.unwrap_or(interval))?;
        Ok(Window { length, slide, pane: common(length, slide) })
    }

    /// How far a window reaches back.
    pub fn length(&self) -> Duration {
        Duration::from_millis(self.length as u64)
    }

    /// The time from one window to the next.
    pub fn slide(&self) -> Duration {
        Duration::from_millis(self.slide as u64)
    }

    /// How much of each slide no window covers.
    pub fn gap(&self) -> Duration {
        Duration::from_millis((self.slide - self.length).max(0) as u64)
    }

    /// The Time of the first window that is due at or after `time`.
    pub fn due(&self, time: Stamp) -> Stamp {
        Stamp(next_multiple(time.0, self.slide))
    }

    /// The Time of the last window that is due at or before `time`.
    pub fn last_due(&self, time: Stamp) -> Stamp {
        self.due(Stamp(time.0 - self.slide + 1))
    }

    /// The end of the time before the window of `time`: the panes up to there are not in it.
    pub fn start(&self, time: Stamp) -> Stamp {
        Stamp(time.0 - self.length)
    }

    /// The Time of the pane that the batch of `time` goes into, unless no window covers that batch.
    pub fn pane(&self, time: Stamp) -> Option<Stamp> {
        let is_covered = time > self.start(self.due(time));
        is_covered.then(|| Stamp(next_multiple(time.0, self.pane)))
    }

    /// True if the window of `time` reaches back before the stream began.
    pub fn is_partial(&self, time: Stamp, began: Stamp) -> bool {
        began > self.start(time)
    }

    /// How many windows are due after `time`, up to and with `until`.
    pub fn between(&self, time: Stamp, until: Stamp) -> u64 {
        (until.0.div_euclid(self.slide) - time.0.div_euclid(self.slide)).max(0) as u64
    }
}

fn next_multiple(time: i64, of: i64) -> i64 {
    time + (-time).rem_euclid(of)
}

/// The greatest common divisor.
fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(length: u64, slide: u64, interval: u64) -> Result<Window, Error> {
        let [length, slide, interval] = [length, slide, interval].map(Duration::from_millis);
        Window::new(length, Some(slide), interval)
    }

    #[test]
    fn covers_the_panes_of_the_module_picture() {
        let window = window(6, 4, 2).unwrap();
        let due: Vec<_> = [2, 4, 6, 8, 10].map(|time| window.due(Stamp(time)).0).into();
        assert_eq!(due, [4, 4, 8, 8, 12]);
        let panes: Vec<_> = [7, 8, 9, 10].map(|time| window.pane(Stamp(time)).unwrap().0).into();
        assert_eq!(panes, [8, 8, 10, 10]);
        assert_eq!(window.start(Stamp(12)), Stamp(6));
        assert!(window.is_partial(Stamp(4), Stamp(-1)));
        assert!(!window.is_partial(Stamp(4), Stamp(-2)));
        assert_eq!([4, 7, 8, 17].map(|until| window.between(Stamp(4), Stamp(until))), [0, 0, 1, 3]);
        assert_eq!(window.between(Stamp(8), Stamp(4)), 0);
    }

    #[test]
    fn a_slide_that_is_longer_than_the_window_leaves_the_rest_of_it_out() {
        let gaps = [(3, 1), (3, 3), (1, 3)]
            .map(|(length, slide)| window(length, slide, 1).unwrap().gap().as_millis());
        assert_eq!(gaps, [0, 0, 2]);
    }

    #[test]
    fn what_is_no_multiple_of_the_interval_is_refused() {
        let table = [
            ((7000, 2000, 2000), "--window: 7s is no multiple of the interval, 2s"),
            ((6000, 500, 1000), "--slide: 500ms is no multiple of the interval, 1s"),
            ((0, 1000, 1000), "--window: 0s is no length"),
            ((1000, 0, 1000), "--slide: 0s is no length"),
        ];
        for ((length, slide, interval), message) in table {
            assert_eq!(window(length, slide, interval).unwrap_err().to_string(), message);
        }
    }

    /// Held against the definition: a batch is in the window of T if its Time is in (T - W, T].
    #[test]
    fn a_window_is_a_union_of_whole_panes() {
        for (length, slide, interval) in (1..7).flat_map(|w| (1..9).map(move |s| (w, s, 1))) {
            let window = window(length, slide, interval).unwrap();
            for time in (-20..20).map(Stamp) {
                let dues = (-40..60).filter(|due| due % slide as i64 == 0).map(Stamp);
                let covers = |time: Stamp, due: Stamp| window.start(due) < time && time <= due;
                let covering: Vec<_> = dues.clone().filter(|&due| covers(time, due)).collect();
                assert_eq!(
                    window.pane(time).is_some(),
                    !covering.is_empty(),
                    "{window:?} {time:?}"
                );
                if let Some(pane) = window.pane(time) {
                    let same: Vec<_> = dues.filter(|&due| covers(pane, due)).collect();
                    assert_eq!(covering, same, "{window:?} {time:?}");
                    assert_eq!(window.due(time), covering[0]);
                }
            }
        }
    }
}
