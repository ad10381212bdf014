//! Is it keeping up? Of what the last batches were, in a sentence.

use std::time::Duration;

use super::board::Shown;
use super::run::Run;
use crate::metrics::batch::Batch;
use crate::units::show_duration;

/// So many batches are looked at.
pub const LOOKED_AT: usize = 5;

/// How a run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is.
    pub state: State,
    /// In words.
    pub text: String,
}

/// How a run is doing, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has ended yet.
    Starting,
    /// It keeps up.
    Good,
    /// More comes than it can do.
    Behind,
    /// No batch has ended for long.
    Stalled,
}

impl State {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Good => "good",
            State::Behind => "behind",
            State::Stalled => "stalled",
        }
    }
}

/// The verdict on the last batches, the newest at the end; the last one has ended, or the run begun, so long
/// ago.
pub fn verdict(run: &Run, begun: bool, last: &[&Shown], ago: Duration) -> Verdict {
    let say = |state, text: String| Verdict { state, text };
    if !begun {
        return say(State::Starting, "what was kept is read, and the source opened".to_string());
    }
    if !run.has_clock() {
        let what = if run.once { "one batch, to the end of the input" } else { "record at a time" };
        return say(State::Good, what.to_string());
    }
    if ago > run.patience() {
        return say(State::Stalled, format!("no batch has ended for {}", whole(ago)));
    }
    let Some(newest) = last.last() else {
        return say(State::Starting, "the first batch has not ended yet".to_string());
    };
    match trouble(run, last) {
        Some(text) => say(State::Behind, text),
        None => {
            let took = shown(newest.batch.total());
            say(State::Good, format!("the last batch was out {took} after its end"))
        }
    }
}

/// What shows that more comes than can be done, if something does.
fn trouble(run: &Run, last: &[&Shown]) -> Option<String> {
    let count = u32::try_from(last.len()).expect("they are few");
    let mean =
        |of: fn(&Shown) -> Duration| last.iter().map(|shown| of(shown)).sum::<Duration>() / count;
    let passed: u64 = last.iter().map(|shown| shown.batch.taken.late_batches).sum();
    let (processing, delay) =
        (mean(|shown| shown.batch.processing), mean(|shown| shown.batch.scheduling));
    let busy = last.iter().map(|shown| busy(run, &shown.batch)).sum::<f64>() / f64::from(count);
    let behind: Vec<_> = last.iter().filter_map(|shown| shown.behind).collect();
    let lost = last.last().zip(last.first()).map_or(0, |(new, old)| new.lost - old.lost);
    let grows = behind.len() == LOOKED_AT && behind.is_sorted_by(|a, b| a < b);
    let interval = show_duration(run.interval);
    if passed > 0 {
        let were = if passed == 1 { "batch has" } else { "batches have" };
        Some(format!("{passed} {were} passed unread: stderr says what took the time"))
    } else if lost > 0 {
        let are = if lost == 1 { "datagram is" } else { "datagrams are" };
        Some(format!("{lost} {are} lost: they come faster than they are read"))
    } else if processing > run.interval.mul_f64(0.9) {
        Some(format!("a batch takes {} until it is out, of {interval}", shown(processing)))
    } else if delay > run.interval {
        Some(format!("batches are closed {} too late", shown(delay)))
    } else if grows {
        let last = behind.last().unwrap_or(&0);
        Some(format!("more comes than is read: {last} records wait"))
    } else if busy > 0.95 {
        Some("the workers are busy all the time: input may be waiting".to_string())
    } else {
        None
    }
}

/// Which share of the interval the workers had something in hand.
pub fn busy(run: &Run, batch: &Batch) -> f64 {
    let available = run.interval.as_secs_f64() * run.threads as f64;
    batch.taken.busy as f64 / 1e6 / available.max(1e-3)
}

/// A length of time, for people.
fn shown(time: Duration) -> String {
    match time.as_millis() {
        0 => "less than a millisecond".to_string(),
        millis @ ..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn whole(time: Duration) -> String {
    show_duration(Duration::from_secs(time.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::batch::Taken;
    use crate::page::run::tests::run;

    fn of(change: impl Fn(u64, &mut Shown)) -> (State, String) {
        let mut last: Vec<_> = (0..LOOKED_AT as u64)
            .map(|_| Shown {
                batch: Batch { processing: Duration::from_millis(12), ..Batch::default() },
                ..Shown::default()
            })
            .collect();
        last.iter_mut().zip(0..).for_each(|(shown, number)| change(number, shown));
        let Verdict { state, text } =
            verdict(&run(), true, &last.iter().collect::<Vec<_>>(), Duration::from_secs(1));
        (state, text)
    }

    #[test]
    fn a_run_keeps_up_as_long_as_nothing_shows_that_it_does_not() {
        let good = "the last batch was out 12 ms after its end".to_string();
        assert_eq!(of(|_, _| {}), (State::Good, good));
        let taken = |taken| move |_, shown: &mut Shown| shown.batch.taken = taken;
        let passed = taken(Taken { late_batches: 1, ..Taken::default() });
        let text = "5 batches have passed unread: stderr says what took the time".to_string();
        assert_eq!(of(passed), (State::Behind, text));
        let busy = taken(Taken { busy: 1_950_000, ..Taken::default() });
        assert_eq!(of(busy).0, State::Behind);
        let lost = of(|number, shown| shown.lost = 7 + number);
        assert_eq!(lost.1, "4 datagrams are lost: they come faster than they are read");
        assert_eq!(of(|_, shown| shown.lost = 7).0, State::Good, "no more since");
        let slow = of(|_, shown| shown.batch.processing = Duration::from_millis(950));
        assert_eq!(slow.1, "a batch takes 950 ms until it is out, of 1s");
        let late = of(|_, shown| shown.batch.scheduling = Duration::from_millis(2500));
        assert_eq!(late.1, "batches are closed 2.5 s too late");
        let lag = of(|number, shown| shown.behind = Some(100 * number));
        assert_eq!(lag.1, "more comes than is read: 400 records wait");
        assert_eq!(of(|_, shown| shown.behind = Some(7)).0, State::Good, "it does not grow");
    }

    #[test]
    fn a_run_that_has_not_ended_a_batch_starts_or_stands() {
        let at = |begun, seconds| verdict(&run(), begun, &[], Duration::from_secs(seconds)).state;
        assert_eq!(
            (at(false, 99), at(true, 9), at(true, 11)),
            (State::Starting, State::Starting, State::Stalled)
        );
        let once = Run { once: true, ..run() };
        assert_eq!(verdict(&once, true, &[], Duration::from_secs(99)).state, State::Good);
    }
}
