//! The samples of the One Billion Row Challenge: lowest, mean and highest temperature of each station.
//!
//! Files and answers in `tests/data/1brc` are those of the challenge (Apache-2.0), whose answers have one digit
//! behind the point, halves rounded up.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::WEIR;

const SAMPLES: &str = "tests/data/1brc";

/// A number as weir prints it, with one digit behind the point. It has a few digits, so ten times it is
/// nearer to what is meant than a millionth.
fn rounded(number: &str) -> String {
    let tenths = (number.parse::<f64>().unwrap() * 10.0 + 0.5 + 1e-6).floor();
    // Adding nothing makes a 0 of a -0.
    format!("{:.1}", tenths / 10.0 + 0.0)
}

/// What weir prints of a sample, in the form of the challenge.
fn answer(sample: &Path) -> String {
    let mut command = std::process::Command::new(WEIR);
    let flags = "--pair ; --stats-by-key min,mean,max --sort key --format text";
    let output =
        command.args(flags.split(' ')).stdin(File::open(sample).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", sample.display());
    let station = |row: &str| {
        let (name, numbers) = row.split_once('\t').unwrap();
        let numbers: Vec<String> = numbers.split('\t').map(rounded).collect();
        format!("{name}={}", numbers.join("/"))
    };
    let text = String::from_utf8(output.stdout).unwrap();
    format!("{{{}}}\n", text.lines().map(station).collect::<Vec<_>>().join(", "))
}

#[test]
fn the_samples_of_the_challenge_have_its_answers() {
    let mut samples: Vec<PathBuf> =
        fs::read_dir(SAMPLES).unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    assert_eq!(samples.len(), 12);
    for sample in samples {
        let right = fs::read_to_string(sample.with_extension("out")).unwrap();
        // No diff is shown: some of them have ten thousand stations in a line.
        assert!(answer(&sample) == right, "{} has another answer", sample.display());
    }
}

#[test]
fn halves_are_rounded_up() {
    let table =
        [("25.45", "25.5"), ("-0.05", "0.0"), ("-25.45", "-25.4"), ("1.25", "1.3"), ("7", "7.0")];
    for (number, right) in table {
        assert_eq!(rounded(number), right);
    }
}
