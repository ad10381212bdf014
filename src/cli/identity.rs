//! What changes the meaning of state: the text by which a checkpoint knows its pipeline.
//!
//! Each flag is here with its resolved value, so that `6` and `6s` are the same window. What only
//! changes what is printed, how fast, or where, is not here: it may be another at each start.

use crate::checkpoint::meta;
use crate::cli::Typed;
use crate::report::Sort;
use crate::state::Retention;
use crate::units::show_duration;

/// The pipeline that was typed, which keeps `keep` from batch to batch.
pub fn identity(typed: &Typed, retention: Option<&Retention>) -> meta::Pipeline {
    let mut flags = vec![("source".to_string(), typed.source.name.to_string())];
    for (spec, value) in &typed.steps {
        let value = match value.to_str() {
            Some(text) => text.to_string(),
            // Two values that are no text must not look the same.
            None => value.as_encoded_bytes().escape_ascii().to_string(),
        };
        flags.push((format!("--{}", spec.name), value));
    }
    if let Some(spec) = typed.aggregate {
        flags.push((format!("--{}", spec.name), String::new()));
        if typed.report.sort == Some(Sort::First) {
            // Cells then also hold where each key first appeared.
            flags.push(("--sort".to_string(), "none".to_string()));
        }
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
