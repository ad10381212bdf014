//! `--count` and `--count-by-key`: how many rows.

use super::fold::{self, Whole};
use super::{Built, Kind, Spec};
use crate::cell::Count;
use crate::part::{Flag, Shape};

/// `--count`.
pub const COUNT: Spec = Spec {
    flag: Flag {
        name: "count",
        takes: &[],
        help: "Count the records of each batch; an empty batch has 0",
    },
    own: &[],
    is_state: false,
    of: None,
    build: |words, _| Ok(Built::of_one(Kind::Count, Whole::<Count>::new(()), words, Shape::Whole)),
};

/// `--count-by-key`.
pub const COUNT_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "count-by-key",
        takes: &[],
        help: "Count the records of each key; a plain record is its own key",
    },
    own: &[],
    is_state: false,
    of: None,
    build: |words, placed| {
        Ok(Built::of_one(Kind::Count, fold::keyed::<Count>((), placed), words, Shape::Keyed))
    },
};
