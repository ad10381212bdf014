//! Parts of JSON against jq, and of CSV against Python's csv module.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Dir, from, shell, start, weir};

/// Random numbers, the same each time.
pub struct Dice(pub u64);

impl Dice {
    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % bound
    }

    /// A text with all that has to be escaped, and without newlines.
    pub fn text(&mut self) -> String {
        let pieces = [
            "a", "Z", "7", "\"", "\\", "/", ",", ";", "é", "漢", "😀", " ", "\t", "\u{7f}", "'",
            "{",
        ];
        let count = self.below(12);
        (0..count).map(|_| pieces[self.below(pieces.len() as u64) as usize]).collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => json!(null),
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1 << 40) as i64 - (1 << 39)),
            3 | 4 => json!(self.text()),
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            6 => json!({ self.text(): self.value(depth - 1) }),
            _ => json!({ "name": self.value(depth - 1), "x y": self.value(depth - 1) }),
        }
    }
}

/// What a command of the shell prints of a file.
pub fn printed(script: &str, input: &Path) -> Vec<u8> {
    let mut run = start(from(shell(script), input));
    let out = run.out.rest();
    run.end().ok();
    out
}

/// What weir prints of it.
pub fn ours(steps: &[&str], input: &Path) -> Vec<u8> {
    let mut run = start(from(weir(&[steps, &["--format", "text"]].concat()), input));
    let out = run.out.rest();
    run.end().ok();
    out
}

#[test]
#[ignore = "needs jq: scripts/check runs it"]
fn values_are_those_of_jq() {
    let (dir, mut dice) = (Dir::new(), Dice(0x9e37_79b9_7f4a_7c15));
    let mut lines = Vec::new();
    for _ in 0..3000 {
        let list: Vec<_> = (0..dice.below(4)).map(|_| dice.value(1)).collect();
        let record = json!({
            "user": dice.value(2), "odd key": dice.text(), "list": list,
            "deep": { "er": [dice.value(1), { "est": dice.value(1) }] },
        });
        let line = match dice.below(3) {
            // Every character as an escape, white space between all tokens.
            0 => escaped(&record.to_string().replace(':', " : ")),
            _ => record.to_string(),
        };
        lines.extend([line.as_bytes(), b"\n"].concat());
    }
    let input = dir.file("lines", lines);
    let paths = [".user", ".[\"odd key\"]", ".list[]", ".deep.er[0]", ".deep.er[1].est", "."];
    for path in paths {
        let flags = if path == "." { "-c" } else { "-cr" };
        let theirs = printed(&format!("jq {flags} '{path}'"), &input);
        assert!(ours(&["--json", path], &input) == theirs, "{path}");
        assert!(theirs.len() > 10_000, "{path}");
    }
}

/// What is not ASCII, as escapes.
fn escaped(line: &str) -> String {
    let mut units = [0; 2];
    let each = line.chars().map(|c| match c {
        '\0'..='\u{7e}' => c.to_string(),
        c => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    each.collect()
}

#[test]
#[ignore = "needs python3: scripts/check runs it"]
fn columns_are_those_of_python() {
    let (dir, mut dice) = (Dir::new(), Dice(0x2545_f491_4f6c_dd1d));
    let rows: Vec<[String; 3]> = (0..5000).map(|_| [0; 3].map(|_| dice.text())).collect();
    let rows = dir.file("rows", serde_json::to_vec(&rows).unwrap());
    for (style, separator) in [("QUOTE_MINIMAL", ","), ("QUOTE_ALL", ";"), ("QUOTE_MINIMAL", "\\t")]
    {
        let script = format!(
            "python3 -c \"
import csv, json, sys
rows = csv.writer(sys.stdout, quoting=csv.{style}, delimiter='{separator}')
rows.writerow(['a', 'b c', 'd'])
rows.writerows(json.load(sys.stdin))
\""
        );
        let input = dir.file("csv", printed(&script, &rows));
        let read = format!(
            "python3 -c \"
import csv, sys
sys.stdout.reconfigure(newline='')
for row in csv.DictReader(sys.stdin, delimiter='{separator}'):
    print(row['b c'], row['a'], sep='\\t')
\""
        );
        let theirs = printed(&read, &input);
        let steps = ["--csv", "b c", "--value", "a", "--delimiter", separator];
        assert!(ours(&steps, &input) == theirs, "{style} {separator}");
        assert!(theirs.len() > 10_000);
    }
}
