//! The flags of windows and running state.

use std::time::Duration;

use super::OnFull;
use crate::units;

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

fn keys(text: &str) -> Result<usize, String> {
    Ok(usize::try_from(units::whole(text, 1)?).unwrap_or(usize::MAX))
}
