//! The halves of pairs: `--keys` and `--values` make plain records of one half each, `--on` turns the steps
//! behind it to one.

use super::{Built, Spec, Step, Unbuilt};
use crate::chunk::{Chunk, Half};
use crate::error::Error;
use crate::part::{Flag, Shape, Words};

/// `--keys`.
pub const KEYS: Spec = Spec {
    flag: Flag { name: "keys", takes: &[], help: "Keep the key of each pair, as a record" },
    own: &[],
    build: |words, rows| build(words, rows, Half::Key),
};

/// `--values`.
pub const VALUES: Spec = Spec {
    flag: Flag { name: "values", takes: &[], help: "Keep the value of each pair, as a record" },
    own: &[],
    build: |words, rows| build(words, rows, Half::Value),
};

/// `--on`.
pub const ON: Spec = Spec {
    flag: Flag {
        name: "on",
        takes: &["key|value"],
        help: "Turn the steps behind it to a half of the pairs\n\n\
            Without it they work on the key. The other half goes along: a step that drops a half drops the \
            pair, and one that makes several of it repeats the other with each. What is counted, and what \
            it is counted by, stays.",
    },
    own: &[],
    build: |words, rows| {
        rows.must_be_pairs()?;
        let half = match words.argument(0).to_str() {
            Some("key") => Half::Key,
            Some("value") => Half::Value,
            _ => {
                let typed = words.argument(0).to_string_lossy();
                return Err(format!("`{typed}` is neither key nor value").into());
            }
        };
        Ok(Built::new(Turn(half), words, rows))
    },
};

fn build(words: &Words, rows: Shape, half: Half) -> Result<Built, Unbuilt> {
    rows.must_be_pairs()?;
    Ok(Built::new(Keep(half), words, Shape::Records))
}

#[derive(Clone, Debug)]
struct Keep(Half);

impl Step for Keep {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.keep(self.0);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[derive(Clone, Debug)]
struct Turn(Half);

impl Step for Turn {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.turn(self.0);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::built_for;
    use super::*;

    #[test]
    fn steps_behind_it_work_on_the_half_that_was_named_last() {
        let mut chunk = Chunk::default();
        chunk.push_pair(Some(b"ab"), b"cd");
        let first =
            |chunk: &mut Chunk| chunk.map(|half| crate::chunk::Span::new(0, half.len() - 1));
        for half in ["value", "key"] {
            let mut on = built_for(&ON, &[half], Shape::Pairs).unwrap();
            on.step.fork().apply(&mut chunk).unwrap();
            on.step.apply(&mut chunk).unwrap();
            first(&mut chunk);
        }
        assert_eq!((chunk.key(0), chunk.value(0)), (Some(&b"a"[..]), Some(&b"c"[..])));
    }

    #[test]
    fn records_and_other_words_are_refused() {
        let why = |word, rows| built_for(&ON, &[word], rows).err().unwrap();
        assert!(why("value", Shape::Records).contains("--pair SEP before it"));
        assert_eq!(why("values", Shape::Pairs), "`values` is neither key nor value");
    }

    #[test]
    fn one_half_of_each_pair_becomes_a_record() {
        static SPECS: [Spec; 2] = [KEYS, VALUES];
        for (spec, expected) in SPECS.iter().zip([[&b"a"[..], b""], [b"1", b"2"]]) {
            let mut chunk = Chunk::default();
            chunk.push_pair(Some(b"a"), b"1");
            chunk.push_pair(None, b"2");
            let words = Words::new(&spec.flag, [""; 0]);
            let built = (spec.build)(&words, Shape::Pairs).unwrap();
            assert_eq!(built.leaves, Shape::Records);
            built.step.fork().apply(&mut chunk).unwrap();
            let found = [0, 1].map(|row| chunk.key(row).unwrap());
            assert_eq!((found, chunk.value(0)), (expected, None));
            let why = (spec.build)(&words, Shape::Records).err().unwrap();
            assert!(why.to_string().contains("--pair SEP before it"), "{why}");
        }
    }
}
