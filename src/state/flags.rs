//! The flags of windows and running state.

use std::time::Duration;

use super::{OnFull, Retention};
use crate::error::Error;
use crate::part::{Given, hold};
use crate::say::say;
use crate::units::{self, show_duration};
use crate::window::Window;

/// Flags of what reaches beyond a batch, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Window or state")]
pub struct Flags {
    /// Aggregate over the last D, not over each batch alone
    ///
    /// D is a multiple of the interval. Windows end at multiples of the slide since the epoch; the
    /// first ones reach back before the start and are partial.
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub window: Option<Duration>,

    /// Report the window every D [default: the interval]
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub slide: Option<Duration>,

    /// Insist that what leaves the window is subtracted
    ///
    /// This is done anyway where the aggregate allows it; with the flag it is an error where not. The
    /// results are the same.
    #[arg(long)]
    pub inverse: bool,

    /// Keep keys that have left the window, as 0; with --inverse
    #[arg(long)]
    pub keep_zeros: bool,

    /// Do not print windows that reach back before the start, or that a stop cuts short
    #[arg(long)]
    pub skip_partial: bool,

    /// Aggregate since the beginning, and report every key each batch
    #[arg(long)]
    pub update_state: bool,

    /// Forget a key that was not seen for D; time in which nobody ran counts
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub state_ttl: Option<Duration>,

    /// Hold at most N keys; --on-full says what becomes of more
    #[arg(long, value_name = "N", value_parser = keys)]
    pub max_keys: Option<usize>,

    /// What to do when there are more than --max-keys [default: fail]
    #[arg(long, value_name = "WHAT")]
    pub on_full: Option<OnFull>,
}

impl Flags {
    /// Refuses what does not go with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let alone = given.aggregate.is_none();
        let (no_window, no_state) = (!given.window, !given.update_state);
        hold(&[
            (
                !no_window && !no_state,
                "--window: goes without --update-state; a window forgets, state does not",
            ),
            (!no_window && alone, "--window: needs an aggregate, as --count-by-key is"),
            (!no_state && alone, "--update-state: needs an aggregate, as --count-by-key is"),
            (no_window && self.slide.is_some(), "--slide: needs --window; --interval sets batches"),
            (no_window && self.inverse, "--inverse: needs --window"),
            (no_window && self.keep_zeros, "--keep-zeros: needs --window and --inverse"),
            (!self.inverse && self.keep_zeros, "--keep-zeros: needs --inverse"),
            (no_window && self.skip_partial, "--skip-partial: needs --window"),
            (no_state && self.state_ttl.is_some(), "--state-ttl: needs --update-state"),
            (no_state && self.max_keys.is_some(), "--max-keys: needs --update-state"),
            (self.max_keys.is_none() && self.on_full.is_some(), "--on-full: needs --max-keys"),
            (
                self.skip_partial && given.once,
                "--skip-partial: all input is one batch, so its window is always partial",
            ),
            (self.state_ttl == Some(Duration::ZERO), "--state-ttl: 0s is no length"),
        ])?;
        match given.aggregate.and_then(|aggregate| aggregate.indelible) {
            Some(what) if self.inverse => {
                Err(Error::usage(format!("--inverse: {what} cannot be subtracted")))
            }
            _ => Ok(()),
        }
    }

    /// What is kept from batch to batch, if anything is; with `updates`, it is running state.
    pub fn retention(&self, interval: Duration, updates: bool) -> Result<Option<Retention>, Error> {
        Ok(match (self.window, updates) {
            (Some(length), _) => {
                let window = Window::new(length, self.slide, interval)?;
                say_gap(&window);
                Some(Retention::Window { window, keep_zeros: self.keep_zeros })
            }
            (None, true) => {
                let on_full = self.on_full.unwrap_or(OnFull::Fail);
                let limit = self.max_keys.map(|most| (most, on_full));
                Some(Retention::Running { ttl: self.state_ttl, limit })
            }
            (None, false) => None,
        })
    }
}

/// Says which share of the input no report will tell of.
fn say_gap(window: &Window) {
    if window.gap().is_zero() {
        return;
    }
    let [slide, length, gap] = [window.slide(), window.length(), window.gap()].map(show_duration);
    say(&format!(
        "--slide {slide}: is longer than --window {length}, so of every {slide} the first {gap} are in \
         no report"
    ));
}

fn keys(text: &str) -> Result<usize, String> {
    Ok(usize::try_from(units::whole(text, 1)?).unwrap_or(usize::MAX))
}
