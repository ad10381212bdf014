//! `--json SEL`: values of records that are JSON.

use super::Select;
use crate::part::Flag;
use crate::selector::json::{Json, path};
use crate::step::{Built, Spec, own};

/// `--json`.
pub const JSON: Spec = Spec {
    flag: Flag {
        name: "json",
        takes: &["SEL"],
        help: "Keep values of each record, which is JSON: .user.name, .a[0], .[\"odd key\"], . (all), .tags[] \
            (a record each), or several with commas\n\n\
            A value is written as jq -r does: a string bare, all else as compact JSON; but numbers stay as \
            they stand in the record, and an object keeps all its members. Half a surrogate pair is \
            U+FFFD. null is a value like others. Of members of one name the last counts. .tags[] makes a record of \
            each element and repeats the other values with it; paths through the same [] mean the same \
            element. Several values are joined by --output-delimiter. A record that is no JSON from its first byte \
            to its last, that is nested deeper than 10000 levels, or without the value is bad, or see --else.",
    },
    own: &[own::VALUE, own::ELSE, own::OUTPUT_DELIMITER],
    build: |words, rows| {
        let mut together = Ok(());
        let (select, leaves) = Select::new(words, rows, path::parse, |paths| {
            together = path::must_go_together(&paths);
            Json::new(paths)
        })?;
        together?;
        Ok(Built::new(select, words, leaves))
    },
};
