//! `--keys` and `--values`: plain records of pairs, of one half each.

use super::{Built, Spec, Step};
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

fn build(words: &Words, rows: Shape, half: Half) -> Result<Built, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(why.contains("--pair SEP before it"), "{why}");
        }
    }
}
