//! Saying something to the person at the terminal: one line on stderr, and the only place that
//! writes there.
//!
//! A line is written in one piece, so that lines of several threads never mix. Nobody may be
//! listening, and a stream is not worth ending for that: what cannot be written is not said.

use std::io::Write;

/// Says `text` on stderr, as `weir: text`.
pub fn say(text: &str) {
    let line = format!("weir: {text}\n");
    // There is nowhere left to report a failure to.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
