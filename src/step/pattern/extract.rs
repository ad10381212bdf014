//! `--extract REGEX`: a part of each record, by its first match.
//!
//! ```text
//! took \d+ ms                        the match
//! took (\d+) ms                      the first group
//! (?<key>\w+)=(?<value>\d+)          a pair
//! ```

use regex::bytes::{CaptureLocations, Regex};

use super::parse;
use crate::chunk::{Chunk, Edit, Parts, Span};
use crate::error::Error;
use crate::part::{Flag, Shape, Words};
use crate::step::{Built, Spec, Step, Unbuilt, own};

/// `--extract`.
pub const EXTRACT: Spec = Spec {
    flag: Flag {
        name: "extract",
        takes: &["REGEX"],
        help: "Take what the first group of REGEX matches, or all that it matches if it has no groups\n\n\
            The first match counts. Groups named `key` and `value` make a pair, as in \
            '(?<key>\\w+)=(?<value>\\d+)'. A record that does not match, or in which the group takes no \
            part, is dropped, or is TEXT with --else TEXT behind it; of a pair each half that is not found \
            is. For the syntax see --filter; a group that is not to be taken is (?:...).",
    },
    own: &[own::ELSE],
    build,
};

fn build(words: &Words, rows: Shape) -> Result<Built, Unbuilt> {
    let regex = parse(words.argument(0))?;
    let named = |name| regex.capture_names().position(|group| group == Some(name));
    let (takes, leaves) = match (named("key"), named("value")) {
        (Some(key), Some(value)) => {
            rows.must_be_records()?;
            (Takes::Pair(key, value), Shape::Pairs)
        }
        _ if regex.captures_len() > 1 => (Takes::Group, rows),
        _ => (Takes::Match, rows),
    };
    let instead = words.value("else").map(|text| text.as_encoded_bytes().to_vec());
    Ok(Built::new(Extract::new(regex, takes, instead), words, leaves))
}

/// What is taken.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// All that matches.
    Match,
    /// The first group.
    Group,
    /// A pair of these groups.
    Pair(usize, usize),
}

struct Extract {
    regex: Regex,
    takes: Takes,
    /// What stands in for what is not found.
    instead: Option<Vec<u8>>,
    /// Where the groups of the last match stand.
    places: CaptureLocations,
}

impl Extract {
    fn new(regex: Regex, takes: Takes, instead: Option<Vec<u8>>) -> Extract {
        Extract { places: regex.capture_locations(), regex, takes, instead }
    }

    /// One row of each: what `find` finds in it.
    fn edit(&self, chunk: &mut Chunk, mut find: impl FnMut(&[u8]) -> Option<(usize, usize)>) {
        chunk.edit(|record, made| match (find(record), &self.instead) {
            (Some((start, end)), _) => Edit::Within(start, end),
            (None, Some(instead)) => {
                made.extend_from_slice(instead);
                Edit::Anew
            }
            (None, None) => Edit::Drop,
        });
    }

    /// A pair of each, of what these groups match.
    fn pair(&self, places: &mut CaptureLocations, chunk: &mut Chunk, key: usize, value: usize) {
        let mut dropped = 0;
        chunk.pair(|record, parts| {
            let is_match = self.regex.captures_read(places, record).is_some();
            let found = |group| if is_match { places.get(group) } else { None };
            let [key, value] = [key, value].map(|group| self.half(found(group), parts));
            match (key, value) {
                (Some(key), Some(value)) => parts.push_pair(Some(key), value),
                _ => dropped += 1,
            }
        });
        chunk.filtered += dropped;
    }

    fn half(&self, found: Option<(usize, usize)>, parts: &mut Parts<'_>) -> Option<Span> {
        match (found, &self.instead) {
            (Some((start, end)), _) => Some(parts.part(start, end)),
            (None, Some(instead)) => Some(parts.anew(|out| out.extend_from_slice(instead))),
            (None, None) => None,
        }
    }
}

impl Step for Extract {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let mut places = std::mem::replace(&mut self.places, self.regex.capture_locations());
        match self.takes {
            Takes::Match => {
                self.edit(chunk, |record| self.regex.find(record).map(|at| (at.start(), at.end())));
            }
            Takes::Group => self.edit(chunk, |record| {
                self.regex.captures_read(&mut places, record).and_then(|_| places.get(1))
            }),
            Takes::Pair(key, value) => self.pair(&mut places, chunk, key, value),
        }
        self.places = places;
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(Extract::new(self.regex.clone(), self.takes, self.instead.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{applied, applied_to_pairs, built_for, stream};
    use proptest::prelude::*;

    fn extract(arguments: &[&str]) -> Box<dyn Step> {
        built_for(&EXTRACT, arguments, Shape::Records).unwrap().step.fork()
    }

    fn texts(found: Vec<Vec<u8>>) -> Vec<String> {
        found.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
    }

    #[test]
    fn the_first_group_of_the_first_match_is_taken_or_the_match() {
        let records: [&[u8]; 4] = [b"took 12 ms, then 7 ms", b"took long", b"", b" 3 ms"];
        let table: [(&[&str], &[&str]); 5] = [
            (&[r"\d+ ms"], &["12 ms", "3 ms"]),
            (&[r"(?:\d+) ms"], &["12 ms", "3 ms"]),
            (&[r"(\d+) (ms)"], &["12", "3"]),
            (&[r"(\d+) ms", "-"], &["12", "-", "-", "3"]),
            (&[r"took|(\d+)", ""], &["", "", "", "3"]),
        ];
        for (arguments, expected) in table {
            assert_eq!(
                texts(applied(&mut *extract(arguments), &records)),
                expected,
                "{arguments:?}"
            );
        }
        let mut chunk = stream(&records);
        extract(&["took|([0-9])"]).apply(&mut chunk).unwrap();
        assert_eq!((chunk.keys.len(), chunk.filtered), (1, 3));
    }

    #[test]
    fn groups_of_these_names_make_a_pair_and_each_half_can_be_something_else() {
        let regex = r"(?<value>\d+)?;(?<key>\w+)";
        let pairs = |arguments: &[&str]| {
            let mut chunk = stream(&[b"7;a", b";b", b"c"]);
            extract(arguments).apply(&mut chunk).unwrap();
            let text = |half: Option<&[u8]>| String::from_utf8(half.unwrap().to_vec()).unwrap();
            let row = |row| format!("{}={}", text(chunk.key(row)), text(chunk.value(row)));
            let rows: Vec<_> = (0..chunk.keys.len()).map(row).collect();
            (rows.join(" "), chunk.filtered)
        };
        assert_eq!(pairs(&[regex]), ("a=7".to_string(), 2));
        assert_eq!(pairs(&[regex, "0"]), ("a=7 b=0 0=0".to_string(), 0));
        let leaves = |regex| built_for(&EXTRACT, &[regex], Shape::Records).unwrap().leaves;
        assert_eq!((leaves(regex), leaves("(?<key>a)")), (Shape::Pairs, Shape::Records));
        let why = built_for(&EXTRACT, &[regex], Shape::Pairs).err().unwrap();
        assert!(why.starts_with("needs records, and pairs come"), "{why}");
    }

    #[test]
    fn a_key_is_extracted_and_its_value_stays() {
        let pairs = applied_to_pairs(&mut *extract(&["[a-z]"]), &[("1a", "2b"), ("1", "c")]);
        assert_eq!(pairs, [("a".to_string(), "2b".to_string())]);
    }

    proptest! {
        #[test]
        fn it_is_what_captures_says(
            records in prop::collection::vec("[ab1\u{e9} ]{0,8}", 0..6),
            regex in prop::sample::select(vec!["a", "a*", "(a)b", "(a)?(b)", "b|(1)", "\u{e9}(.)", "^$"]),
        ) {
            let model = Regex::new(regex).unwrap();
            let first = |record: &String| {
                let found = model.captures(record.as_bytes())?;
                let group = if model.captures_len() > 1 { found.get(1) } else { found.get(0) };
                Some(group?.as_bytes().to_vec())
            };
            let wanted: Vec<_> = records.iter().filter_map(first).collect();
            let borrowed: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
            prop_assert_eq!(applied(&mut *extract(&[regex]), &borrowed), wanted);
        }
    }
}
