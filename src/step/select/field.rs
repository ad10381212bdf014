//! `--field SEL`: fields as awk and cut count them.

use super::{build, escaped, joint};
use crate::part::Flag;
use crate::selector::field::{self, Fields, Separator};
use crate::step::{Spec, own};

/// `--field`.
pub const FIELD: Spec = Spec {
    flag: Flag {
        name: "field",
        takes: &["SEL"],
        help: "Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas\n\n\
            Fields are separated by runs of blanks (spaces, tabs and newlines), and those at both ends do \
            not count, as for awk; by --delimiter SEP, each SEP separates two fields, as for cut: also a \
            space, if it is given. Several fields are joined by --output-delimiter; 0 is the record as it \
            is. Of 2-4 those are taken that are there, as cut does, but the first must be there. A record \
            without the field is bad, or see --else.",
    },
    own: &[own::VALUE, own::ELSE, own::DELIMITER, own::OUTPUT_DELIMITER],
    build: |words, rows| {
        let typed = escaped(words, &own::DELIMITER)?;
        let separator = typed.as_deref().map_or(Ok(Separator::Blanks), Separator::new);
        let separator = separator.map_err(|why| format!("--delimiter: {why}"))?;
        let joint = joint(words)?;
        build(words, rows, field::parse, |items| Fields::new(items, separator, joint))
    },
};
