//! How long batches took, for whoever asks what is usual: histograms.

use prometheus_client::metrics::histogram::Histogram;

use crate::metrics::batch::Batch;

/// The bounds of how long batches take, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 25.0];

/// How long batches took.
pub struct Delays {
    /// From a batch's Time until somebody began to close it.
    pub scheduling: Histogram,
    /// From then until its report was out.
    pub processing: Histogram,
    /// Both.
    pub total: Histogram,
}

impl Default for Delays {
    fn default() -> Delays {
        let [scheduling, processing, total] = [(); 3].map(|()| Histogram::new(BOUNDS));
        Delays { scheduling, processing, total }
    }
}

impl Delays {
    /// Takes a batch in.
    pub fn note(&self, batch: &Batch) {
        self.scheduling.observe(batch.scheduling.as_secs_f64());
        self.processing.observe(batch.processing.as_secs_f64());
        self.total.observe(batch.total().as_secs_f64());
    }
}
