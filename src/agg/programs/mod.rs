//! Aggregates by programs of the user: what Spark gives functions to.
//!
//! ```text
//! --reduce-by-key '. + $x'       each value of a key into what there is: reduceByKey(func)
//!   --inverse-by '. - $x'        and out again, when its pane leaves the window: invFunc
//! --update-state-by FILTER       {"key","values","state"} to the new state: updateStateByKey(func)
//! ```
//!
//! No law holds of a program, so these are no cells: they see the stream in its order, and one thread at a
//! time folds ([`super::Aggregate::is_serial`]). So one input gives one answer. What a program makes of a value may
//! depend on all before it; that parts of a stream can be put together, and taken out again, is the user's word.
//!
//! What is kept is JSON, nested no deeper than `DEEPEST`.

mod kept;
mod pane;
mod reduced;
mod shown;
mod updated;
mod windowed;

use std::collections::HashSet;
use std::ffi::OsStr;

use super::Spec;
use crate::jq::{Failure, Program, Value, input};
use crate::part::{Flag, Shape};
use crate::say::say;
use crate::table::missing;

/// How deep a value may be nested that is kept.
const DEEPEST: u32 = 500;

/// What takes values out again.
const INVERSE_BY: Flag = Flag {
    name: "inverse-by",
    takes: &["FILTER"],
    help: "Take what leaves the window out by a jq program: . is what there is, $x what leaves\n\n\
        Without it, a window is put together anew from its panes for each report. With it, the work of a slide \
        follows what enters and leaves, whatever the window's length; that the one program undoes the other is \
        your word, as in Spark.",
};

/// Only keys with values.
const TOUCHED: Flag = Flag {
    name: "touched",
    takes: &[],
    help: "Run the program of --update-state-by only for keys with values in the batch\n\n\
        As mapWithState does: keys without any cost nothing then.",
};

/// `--reduce`.
pub const REDUCE: Spec = Spec {
    flag: Flag {
        name: "reduce",
        takes: &["FILTER"],
        help: "Put all records of a batch together by a jq program: . is what there is, $x the next one\n\n\
            The first record is taken as it is. A record is JSON where it is that, else a string. The program is run \
            in the order of the stream, whatever the threads, and its last output counts; a record on which it \
            fails, or has none, is bad. Batches and panes are put together by the same program.",
    },
    own: &[INVERSE_BY],
    is_state: false,
    of: None,
    build: |words, _| reduced::build(words, Shape::Whole),
};

/// `--reduce-by-key`.
pub const REDUCE_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "reduce-by-key",
        takes: &["FILTER"],
        help: "Put the values of each key together by a jq program: . is what there is, $x the next one",
    },
    own: &[INVERSE_BY],
    is_state: false,
    of: Some(Shape::Pairs),
    build: |words, _| reduced::build(words, Shape::Keyed),
};

/// `--update-state-by`.
pub const UPDATE_STATE_BY: Spec = Spec {
    flag: Flag {
        name: "update-state-by",
        takes: &["FILTER"],
        help: "Keep a state of each key by a jq program of {\"key\", \"values\", \"state\"}\n\n\
            In each batch, for each key that is there or new: values are those of the batch, in the order of the \
            stream, each JSON where it is that, else a string; of plain records, which are their own keys, each is an \
            empty string. state is what was kept, null at first. The last output is kept and reported; null or \
            none forgets the key. Where the program fails, the state stays as it was, which is said.",
    },
    own: &[TOUCHED],
    is_state: true,
    of: None,
    build: |words, _| updated::build(words),
};

/// The program that was typed.
fn program(typed: &OsStr, variables: &[&'static str]) -> Result<Program, String> {
    let text = typed.to_str().ok_or("a program is typed in UTF-8")?;
    Program::new(text, variables)
}

/// Bytes of the stream as a value: JSON where they are that, else a string.
fn value(bytes: &[u8]) -> Result<Value, Failure> {
    match input(bytes, false) {
        Err(Failure::Program(_)) => input(bytes, true),
        value => value,
    }
}

/// What a program makes of a value and of `$x`.
fn last(program: &Program, of: Value, x: Option<Value>) -> Result<Option<Value>, Failure> {
    let mut last = None;
    program.run(of, x, |output| {
        last = Some(output);
        true
    })?;
    last.map(shallow).transpose()
}

/// A value, if it is nested no deeper than what is kept.
fn shallow(value: Value) -> Result<Value, Failure> {
    match value.depth() > DEEPEST {
        false => Ok(value),
        true => {
            let why = format!("what is kept is nested {DEEPEST} levels deep at most");
            Err(Failure::Program(why))
        }
    }
}

/// Keys for which a program has failed at a batch's end.
#[derive(Debug, Default)]
struct Failed {
    keys: usize,
    all: HashSet<Box<[u8]>>,
    first: Option<(Vec<u8>, String)>,
}

impl Failed {
    fn note(&mut self, key: &[u8], why: String) {
        self.keys += 1;
        self.all.insert(key.into());
        // The least one, so that it is the same whatever order they were looked at in.
        if self.first.as_ref().is_none_or(|(first, _)| key < &**first) {
            self.first = Some((key.to_vec(), why));
        }
    }

    fn has(&self, key: &[u8]) -> bool {
        self.all.contains(key)
    }

    /// Says what has failed, and what becomes of it.
    fn say(self, flag: &str, outcome: &str) {
        let Some((key, why)) = self.first else { return };
        let key = missing::shown(&key).unwrap_or(b"None").escape_ascii().to_string();
        let others = match self.keys {
            1 => String::new(),
            keys => format!(" ({keys} keys in all)"),
        };
        say(&format!("--{flag}: the key \"{key}\": {why}; {outcome}{others}"));
    }
}
