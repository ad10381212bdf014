//! What changes the meaning of state: the text by which a checkpoint knows its pipeline.
//!
//! Each flag is here with its resolved value, so that `6` and `6s` are the same window. What only
//! changes what is printed, how fast, or where, is not here: it may be another at each start.

use crate::checkpoint::meta;
use crate::cli::Typed;
use crate::part::Resolved;
use crate::report::Sort;
use crate::state::Retention;
use crate::units::show_duration;

/// The pipeline whose parts say so much of themselves, which keeps `retention` from batch to batch.
pub fn identity(parts: Resolved, typed: &Typed, retention: Option<&Retention>) -> meta::Pipeline {
    let mut flags = vec![("source".to_string(), typed.source.name.to_string())];
    if typed.engine.null {
        flags.push(("-0".to_string(), String::new()));
    }
    flags.extend(parts);
    if typed.aggregate.is_some() && typed.report.sort == Some(Sort::First) {
        // Cells then also hold where each key first appeared.
        flags.push(("--sort".to_string(), "none".to_string()));
    }
    match retention {
        Some(Retention::Window { window, keep_zeros }) => {
            flags.push(("--window".to_string(), show_duration(window.length())));
            flags.push(("--slide".to_string(), show_duration(window.slide())));
            if *keep_zeros {
                flags.push(("--keep-zeros".to_string(), String::new()));
            }
        }
        Some(Retention::Running { .. }) => {
            flags.push(("--update-state".to_string(), String::new()))
        }
        None => {}
    }
    meta::Pipeline::new(flags)
}
