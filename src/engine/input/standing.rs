//! How the input stands, for whoever looks: how far its parts are behind, and who is connected.
//!
//! It is asked when a batch ends, and in a longer one each second as long as something comes; connections only if
//! somebody looks.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metrics::Metrics;
use crate::metrics::link::Said;
use crate::source::Source;

/// How often it is noted within a batch, at most.
pub const SECOND: Duration = Duration::from_secs(1);

/// Notes how the input stands.
pub fn note(source: &dyn Source, metrics: &Metrics) {
    let mut all = BTreeMap::new();
    source.behind(&mut |part, count| all.extend([(part.to_string(), count)]));
    if !all.is_empty() {
        metrics.behind.set(all);
    }
    if metrics.links.is_wanted() {
        let mut said = Said { waiting: source.waiting(), ..Said::default() };
        source.links(&mut said);
        metrics.links.set(said);
    }
}
