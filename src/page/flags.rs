//! The page's flag.

use crate::error::Error;
use crate::source::peers::address::Address;

/// Flags of the page, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Engine")]
pub struct Flags {
    /// Show the stream on a page as it runs, with /metrics for Prometheus
    ///
    /// HOST is 127.0.0.1 if it is not given, so that nobody else can look; 0.0.0.0:PORT opens the page to the
    /// network. With port 0 the system chooses one, and weir says which. The page needs
    /// nothing but weir; it can be looked at, and nothing can be changed through it. /healthz answers 200
    /// while a batch has ended within three intervals, or 10 seconds if that is more; /readyz when the source
    /// is open and what was kept is there again; /api/run, /api/status and /api/batches have the figures as
    /// JSON.
    #[arg(long, value_name = "[HOST:]PORT")]
    pub ui: Option<String>,
}

impl Flags {
    /// Where the page is to be, if there is one.
    pub fn address(&self) -> Result<Option<Address>, Error> {
        let address = self.ui.as_deref().map(Address::listening).transpose();
        address.map_err(|error| match error {
            Error::Usage(message) => Error::usage(format!("--ui: {message}")),
            other => other,
        })
    }
}
