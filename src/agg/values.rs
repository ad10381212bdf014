//! `--distinct` and `--group`, each also `-by-key`: the values themselves.

use super::fold::{Whole, keyed};
use super::{Built, Spec};
use crate::cell::{Group, Members, Presence};
use crate::part::{Flag, Shape};

/// `--distinct`.
pub const DISTINCT: Spec = Spec {
    flag: Flag {
        name: "distinct",
        takes: &[],
        help: "Print each distinct record of a batch once\n\n\
            They are sorted by their bytes, or with --sort none in the order of their first appearance. \
            With --update-state --changed a record is printed when it comes for the first time ever. How \
            many there are is told by --stats distinct.",
    },
    own: &[],
    is_state: false,
    of: Some(Shape::Records),
    build: |words, placed| {
        let (aggregate, identity) = (keyed::<Presence>((), placed), words.identity());
        Ok(Built { aggregate, leaves: Shape::Records, columns: Vec::new(), identity })
    },
};

/// `--distinct-by-key`.
pub const DISTINCT_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "distinct-by-key",
        takes: &[],
        help: "List the distinct values of each key, sorted by their bytes",
    },
    own: &[],
    is_state: false,
    of: Some(Shape::Pairs),
    build: |words, placed| Ok(Built::of_value(keyed::<Members>((), placed), words, Shape::Keyed)),
};

/// `--group`.
pub const GROUP: Spec = Spec {
    flag: Flag {
        name: "group",
        takes: &[],
        help: "List all records of each batch, in the order of the stream",
    },
    own: &[],
    is_state: false,
    of: Some(Shape::Records),
    build: |words, _| Ok(Built::of_value(Whole::<Group>::new(()), words, Shape::Whole)),
};

/// `--group-by-key`.
pub const GROUP_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "group-by-key",
        takes: &[],
        help: "List the values of each key, in the order of the stream",
    },
    own: &[],
    is_state: false,
    of: Some(Shape::Pairs),
    build: |words, placed| Ok(Built::of_value(keyed::<Group>((), placed), words, Shape::Keyed)),
};
