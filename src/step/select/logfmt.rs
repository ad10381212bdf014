//! `--logfmt SEL`: values of records that are keys and values.

use super::build;
use crate::part::Flag;
use crate::selector::logfmt::{self, Logfmt};
use crate::step::{Spec, own};

/// `--logfmt`.
pub const LOGFMT: Spec = Spec {
    flag: Flag {
        name: "logfmt",
        takes: &["SEL"],
        help: "Keep the value of a key of each record, as in level=info msg=\"all is well\", or several with commas\n\n\
            Quotes are taken off, and the escapes in them are those of JSON. A key without a value has an \
            empty one; of equal keys the last counts; words between the pairs are passed over. Several \
            values are joined by --output-delimiter. A record without the key, or with a quote that does \
            not end, is bad, or see --else.",
    },
    own: &[own::VALUE, own::ELSE, own::OUTPUT_DELIMITER],
    build: |words, rows| build(words, rows, logfmt::parse, Logfmt::new),
};
