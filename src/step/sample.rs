//! `--sample P`: a share of the records, chosen by what they are.
//!
//! A record is kept if its XXH64 hash, of seed 0, is among the first P of all hashes. So the choice is
//! always the same: on each machine, in each version, and when a log is read again after a crash.

use twox_hash::XxHash64;

use super::{Built, Spec, Step};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::Flag;

/// `--sample`.
pub const SAMPLE: Spec = Spec {
    flag: Flag {
        name: "sample",
        takes: &["P"],
        help: "Keep the share P of the records: 0.1 is a tenth\n\n\
            Which ones, their bytes decide, by their hash (XXH64 with seed 0): the same records are kept each \
            time, equal ones all or none of them, and of pairs all or none with the same key. So the sample \
            of a key is complete, and of a few kinds of records the share may be far from P.",
    },
    own: &[],
    build: |words, rows| {
        let typed = words.argument(0).to_str().and_then(|text| text.parse::<f64>().ok());
        let share = typed.filter(|share| (0.0..=1.0).contains(share));
        let share = share.ok_or("a share is a number from 0 to 1, as in 0.1 for a tenth")?;
        let identity = vec![("--sample".to_string(), share.abs().to_string())];
        let step = Sample { below: (share * 2_f64.powi(64)) as u128 };
        Ok(Built { step: Box::new(step), leaves: rows, identity })
    },
};

#[derive(Clone, Debug)]
struct Sample {
    /// The first hash that is not kept, which may be 2^64.
    below: u128,
}

impl Step for Sample {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.retain(|record| u128::from(XxHash64::oneshot(0, record)) < self.below);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{applied, applied_to_pairs, built, built_for};
    use super::*;
    use crate::part::Shape;

    fn sampled(share: &str, records: &[&[u8]]) -> Vec<Vec<u8>> {
        applied(&mut *built(&SAMPLE, &[share]).unwrap().fork(), records)
    }

    #[test]
    fn the_share_is_kept_and_a_smaller_one_is_part_of_it() {
        let records: Vec<_> = (0..20_000).map(|n| format!("record {n}")).collect();
        let records: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
        let tenth = sampled("0.1", &records);
        assert!(tenth.len().abs_diff(2000) < 200, "{}", tenth.len());
        let half = sampled("0.5", &records);
        assert!(half.len().abs_diff(10_000) < 400, "{}", half.len());
        assert!(tenth.iter().all(|record| half.contains(record)));
        assert_eq!((sampled("1", &records).len(), sampled("0", &records).len()), (20_000, 0));
    }

    #[test]
    fn the_choice_is_that_of_a_hash_that_others_know() {
        // What `xxhsum -H1` prints; a change of the choice would change what a checkpoint goes on with.
        let hashes = [("", 0xef46_db37_51d8_e999_u64), ("abc", 0x44bc_2cf5_ad77_0999)];
        for (record, hash) in hashes {
            let share = hash as f64 / 2_f64.powi(64);
            let kept = |share: f64| sampled(&share.to_string(), &[record.as_bytes()]).len();
            assert_eq!((kept(share - 1e-9), kept(share + 1e-9)), (0, 1), "{record}");
        }
    }

    #[test]
    fn equal_keys_are_chosen_alike_whatever_their_values() {
        let mut step = built(&SAMPLE, &["0.5"]).unwrap();
        let pairs: Vec<_> =
            (0..100).map(|n| (["a", "b", "c", "d"][n % 4], n.to_string())).collect();
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let kept = applied_to_pairs(&mut *step, &pairs);
        for key in ["a", "b", "c", "d"] {
            let count = kept.iter().filter(|(kept, _)| kept == key).count();
            assert!([0, 25].contains(&count), "{key}: {count}");
        }
    }

    #[test]
    fn a_share_is_between_nothing_and_all_and_its_own_identity() {
        for share in ["", "-0.1", "1.1", "nan", "inf", "10%", "a"] {
            assert!(built(&SAMPLE, &[share]).is_err(), "{share}");
        }
        let identity = |share| built_for(&SAMPLE, &[share], Shape::Records).unwrap().identity;
        assert_eq!(identity(".50"), identity("0.5"));
        assert_eq!(identity("-0"), identity("0"));
    }
}
