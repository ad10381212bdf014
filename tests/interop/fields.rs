//! Fields and parts of records against mawk, and values of keys against Python, byte by byte.

use std::path::PathBuf;

use crate::common::Dir;
use crate::words::{counted, inputs, printed, turned};

/// Counts what mawk takes from each line, a line of several blanks among them.
#[track_caller]
fn like_mawk(steps: &[&str], flags: &str, taken: &str) {
    let dir = Dir::new();
    for input in inputs(&dir) {
        let script =
            format!("mawk {flags} '{{ {taken} }} END {{ for (k in c) print c[k] \" \" k }}'");
        let (ours, theirs) = (counted(steps, &input), turned(&printed(&script, &input)));
        assert!(ours == theirs, "{steps:?} of {}", input.display());
        assert!(ours.len() > 1000);
    }
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn fields_are_those_of_mawk() {
    like_mawk(&["--field", "3", "--else", ""], "", "c[$3]++");
    like_mawk(&["--field", "NF", "--else", ""], "", "c[NF ? $NF : \"\"]++");
    like_mawk(&["--field", "NF-1", "--else", "-"], "", "c[NF > 1 ? $(NF-1) : \"-\"]++");
    like_mawk(&["--field", "4,2", "--else", "", "--output-delimiter", "/"], "", "c[$4 \"/\" $2]++");
    like_mawk(&["--field", "0"], "", "c[$0]++");
    like_mawk(&["--field", "2", "--else", "", "--delimiter", "a"], "-F a", "c[$2]++");
    let rest = "r = $3; for (i = 4; i <= NF; i++) r = r \" \" $i; c[r]++";
    like_mawk(&["--field", "3-", "--else", ""], "", rest);
}

/// An access log without blanks where mawk does not expect them.
fn access_log(dir: &Dir) -> PathBuf {
    let line = |n: u32| {
        let (minute, status) = (n / 997 % 60, [200, 304, 404, 500][(n * n % 7 % 4) as usize]);
        let bytes = if n.is_multiple_of(5) { "-".to_string() } else { (n % 331).to_string() };
        format!(
            "10.0.{}.{} - u{} [07/Sep/2025:15:{minute:02}:{:02} +0200] \"GET /p/{} HTTP/1.1\" {status} {bytes} \
             \"http://h/{}\" \"agent/{} (x; y)\"\n",
            n % 3,
            n % 251,
            n % 17,
            n % 60,
            n % 1009,
            n % 7,
            n % 13,
        )
    };
    dir.file("access.log", (0..60_000).map(line).collect::<String>())
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn parts_of_an_access_log_are_those_that_mawk_finds_by_place() {
    let dir = Dir::new();
    let input = access_log(&dir);
    let table = [
        ("status", "$9"),
        ("host,status", "$1 \" \" $9"),
        ("user", "$3"),
        ("path", "$7"),
        ("class", "substr($9, 1, 1) \"xx\""),
        ("bytes", "$10 + 0"),
        ("minute", "\"2025-09-07T\" substr($4, 14, 5)"),
        ("hour", "\"2025-09-07T\" substr($4, 14, 2)"),
    ];
    for (sel, key) in table {
        let script = format!("mawk '{{ c[{key}]++ }} END {{ for (k in c) print c[k] \" \" k }}'");
        let (ours, theirs) =
            (counted(&["--access-log", sel], &input), turned(&printed(&script, &input)));
        assert!(ours == theirs, "{sel}");
    }
    let script = "mawk -F '\"' '{ c[$6]++ } END { for (k in c) print c[k] \" \" k }'";
    assert!(counted(&["--access-log", "agent"], &input) == turned(&printed(script, &input)));
}

#[test]
#[ignore = "needs python3: scripts/check runs it"]
fn values_of_keys_are_those_that_a_shell_would_have() {
    let dir = Dir::new();
    let line = |n: u32| {
        let quoted = ["all is well", "a \\\"b\\\" c", "d\\\\e", "", "k=v msg=no"][(n % 5) as usize];
        format!("n={} msg=\"{quoted}\" level=l{} flag k{}=\"x y\"\n", n % 101, n % 3, n % 2)
    };
    let input = dir.file("logfmt", (0..5000).map(line).collect::<String>());
    let script = "python3 -c '
import collections, shlex, sys
counts = collections.Counter()
for line in sys.stdin:
    pairs = dict((word + \"=\").split(\"=\", 1) for word in shlex.split(line))
    counts[pairs[\"msg\"][:-1] + \"|\" + pairs[\"n\"][:-1] + \"|\" + pairs[\"flag\"][:-1]] += 1
for key, count in counts.items():
    print(count, key)'";
    let steps = ["--logfmt", "msg,n,flag", "--output-delimiter", "|"];
    let (ours, theirs) = (counted(&steps, &input), turned(&printed(script, &input)));
    assert!(ours == theirs && ours.len() > 1000);
}
