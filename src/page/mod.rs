//! `--ui`: a page that shows the stream as it runs, figures as JSON, and metrics for Prometheus.
//!
//! ```text
//! engine ──report, batch──> board ──> inbox ──> chronicle ──┬──> events ──> browsers, each at its own pace
//!          (a viewer)                                       ├──> /api, /healthz, /readyz
//!          counters, read without a lock ──────────────────>└──> /metrics
//! └── the engine's threads ──┘        └── one thread: all connections, and all that is told ──┘
//! ```
//!
//! The engine leaves what it shows in an inbox and goes on; whatever browsers do happens on a thread of its
//! own (`page/http`), and what they take slowly is not kept for them. Nothing can be changed through the page.
//! What comes from the stream is text and never markup: it leaves as JSON, and the page's script writes it as
//! text. Who may ask is `page/http`'s to decide.

mod board;
mod chronicle;
mod delays;
mod flags;
mod http;
mod machine;
mod prometheus;
mod rows;
mod run;
mod verdict;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

pub use flags::Flags;
pub use run::Run;

use crate::error::{self, Error};
use crate::metrics::Metrics;
use crate::report::viewer::Viewer;
use crate::say::note;
use crate::source::peers::address::Address;
use board::{Board, Hall};
use http::server;

/// Opens the page at `address`, says where it is, and returns who is to be shown the stream.
pub fn open(address: &Address, run: Run, metrics: &Arc<Metrics>) -> Result<Box<dyn Viewer>, Error> {
    let listener = listen(address)?;
    let failed = |error| Error::Failed(format!("--ui {address}: {}", error::said(&error)));
    let at = listener.local_addr().map_err(failed)?;
    metrics.links.want();
    let board = Board::new(&run, metrics);
    let hall = Hall {
        run,
        metrics: Arc::clone(metrics),
        inbox: board.inbox(),
        host: address.host().to_string(),
    };
    server::start(listener, hall).map_err(failed)?;
    note(&welcome(at));
    Ok(Box::new(board))
}

/// Listens at the first of the addresses that the name stands for that can be had.
fn listen(address: &Address) -> Result<TcpListener, Error> {
    let mut refused = None;
    for found in address.resolve()? {
        match TcpListener::bind(found) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = Some(error),
        }
    }
    let error = refused.expect("a name that is resolved has an address");
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another port may be free, and with 0 the system chooses one"
        }
        _ => "",
    };
    Err(Error::Failed(format!("--ui {address}: {}{advice}", error::said(&error))))
}

fn welcome(at: SocketAddr) -> String {
    match at.ip() {
        ip if ip.is_loopback() => format!("the page is at http://{at}/, for this machine only"),
        ip if ip.is_unspecified() => {
            format!(
                "the page is at port {} of this machine's addresses, open to the network",
                at.port()
            )
        }
        _ => format!("the page is at http://{at}/"),
    }
}
