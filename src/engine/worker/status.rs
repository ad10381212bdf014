//! What the service manager is told of the batches: `systemctl status` shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::metrics::Metrics;
use crate::process::supervisor::Supervisor;
use crate::units::counted;

/// Tells how the stream goes on.
pub struct Status {
    supervisor: Arc<Supervisor>,
    /// How many records had been read when it was told last.
    records: AtomicU64,
}

impl Status {
    /// Tells it to this manager.
    pub fn new(supervisor: Arc<Supervisor>) -> Status {
        Status { supervisor, records: AtomicU64::new(0) }
    }

    /// A batch is out.
    pub fn tell(&self, time: Stamp, metrics: &Metrics) {
        self.supervisor.status(|| {
            let records = metrics.records.get();
            let new = records - self.records.swap(records, Relaxed).min(records);
            let mut at = Vec::new();
            Clockface::new(false, Style::Rfc3339).styled(&mut at, time);
            let at = String::from_utf8_lossy(&at);
            let (new, late) =
                (counted(new, "record"), counted(metrics.late_batches.get(), "batch"));
            let bad = metrics.bad.get();
            format!("batch {at}: {new}; {records} in all, {bad} bad; {late} passed unread")
        });
    }

    /// Files are open anew.
    pub fn reopened(&self) {
        self.supervisor.ready();
    }
}
