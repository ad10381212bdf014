//! Programs that come to the same as in jq 1.6, or fail as there, whatever they are run on: all that jq calls a
//! builtin, and each form of the language.

use std::collections::BTreeSet;

use crate::common::Dir;
use crate::parts::{ours, printed};

/// A program a line, which may be followed by what it is about.
const SAME: &str = include_str!("same.jq");
/// What each is run on.
const VALUES: &str = include_str!("values.jsonl");

/// What jq has, and weir has not: what a replay would change, modules, and how jq itself is made.
const NOT_THERE: &str = "now localtime strflocaltime env input inputs input_line_number input_filename halt halt_error \
    get_jq_origin get_prog_origin get_search_list modulemeta builtins scalars_or_empty jn yn";
/// What writes to stderr, fails in this jq, or needs more than one program to be seen.
const ELSEWHERE: &str = "debug stderr pow10";

/// So many programs are run at once.
const AT_ONCE: usize = 16;

#[test]
#[ignore = "needs jq: scripts/check runs it"]
fn programs_come_to_the_same_or_fail_in_both() {
    let (dir, programs) = (Dir::new(), SAME.lines().collect::<Vec<_>>());
    let input = dir.file("values", VALUES);
    let mut differ = Vec::new();
    for programs in programs.chunks(AT_ONCE) {
        // A comment ends with its line.
        let both = |program: &&str| {
            format!("([({program}\n)?] | tojson), (try ([{program}\n] | \"ends\") catch \"fails\")")
        };
        let all = programs.iter().map(both).collect::<Vec<_>>().join(",\n");
        dir.file("program", &all);
        let theirs = printed(&format!("jq -cr -f {}", dir.path("program").display()), &input);
        let ours = ours(&["--jq", &all], &input);
        let [theirs, ours] = [&theirs, &ours].map(|text| String::from_utf8_lossy(text));
        let (theirs, ours): (Vec<_>, Vec<_>) = (theirs.lines().collect(), ours.lines().collect());
        assert_eq!(ours.len(), theirs.len(), "{all}");
        for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let (line, place) = (at / (2 * programs.len()), at % (2 * programs.len()) / 2);
            if *ours != theirs {
                let value = VALUES.lines().nth(line).unwrap();
                differ.push(format!("{} of {value}: {ours}, and not {theirs}", programs[place]));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
#[ignore = "needs jq: scripts/check runs it"]
fn every_builtin_of_jq_is_among_them() {
    let dir = Dir::new();
    let input = dir.file("null", "null\n");
    let builtins = printed("jq -r 'builtins[] | split(\"/\")[0]'", &input);
    let builtins = String::from_utf8(builtins).unwrap();
    let are_apart = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let words: BTreeSet<&str> = SAME.split(are_apart).collect();
    let elsewhere: Vec<&str> = NOT_THERE.split(' ').chain(ELSEWHERE.split(' ')).collect();
    let missing: BTreeSet<&str> = builtins
        .lines()
        .filter(|name| !words.contains(name) && !elsewhere.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
