//! Word counts against mawk, and line counts against `sort | uniq -c`, byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{Dir, from, shell, start, weir};

/// Texts with some thousand words, and random bytes.
pub fn inputs(dir: &Dir) -> Vec<std::path::PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text: Vec<u8> = ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "LICENSE-APACHE"]
        .iter()
        .flat_map(|name| fs::read(top.join(name)).unwrap())
        .collect();
    // xorshift: the same bytes each time, and newlines and blanks among them.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise = (0..300_000).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // No NUL, which ends a word for mawk, and no \r, which weir takes from the end of a line.
        match (state >> 32) as u8 {
            0 | b'\r' => b'\n',
            byte @ ..0x40 => b"\n ab"[usize::from(byte % 4)],
            byte => byte,
        }
    });
    vec![dir.file("text", text.repeat(3)), dir.file("noise", noise.collect::<Vec<_>>())]
}

/// What a program prints of a file.
pub fn printed(script: &str, input: &Path) -> Vec<u8> {
    let mut run = start(from(shell(script), input));
    let out = run.out.rest();
    run.end().ok();
    out
}

/// The same of weir, with `key TAB value` a line, sorted by key.
pub fn counted(steps: &[&str], input: &Path) -> Vec<u8> {
    let report = ["--count-by-key", "--format", "text", "--sort", "key"];
    let mut run = start(from(weir(&[steps, &report].concat()), input));
    let out = run.out.rest();
    run.end().ok();
    out
}

/// Lines of `count separator key`, as mawk and uniq make them, in weir's form.
pub fn turned(out: &[u8]) -> Vec<u8> {
    let mut counts = BTreeMap::new();
    for line in out.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let line = line.trim_ascii_start();
        let end = line.iter().position(|&byte| byte == b' ').unwrap();
        counts.insert(line[end + 1..].to_vec(), line[..end].to_vec());
    }
    let line = |(key, count): (Vec<u8>, Vec<u8>)| [&key[..], b"\t", &count, b"\n"].concat();
    counts.into_iter().flat_map(line).collect()
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn words_are_counted_as_mawk_counts_them() {
    let dir = Dir::new();
    for input in inputs(&dir) {
        let script = r#"mawk '{ n = split($0, w, / /); if (!n) c[""]++; for (i = 1; i <= n; i++) c[w[i]]++ }
            END { for (k in c) print c[k] " " k }'"#;
        let (ours, theirs) = (counted(&["--split", " "], &input), turned(&printed(script, &input)));
        assert!(ours == theirs, "{}", input.display());
        assert!(ours.len() > 10_000);
    }
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn lines_are_counted_as_sort_and_uniq_count_them() {
    let dir = Dir::new();
    for input in inputs(&dir) {
        let (ours, theirs) = (counted(&[], &input), turned(&printed("sort | uniq -c", &input)));
        assert!(ours == theirs, "{}", input.display());
        assert!(ours.len() > 10_000);
    }
}
