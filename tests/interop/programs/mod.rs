//! Programs of `--jq` against jq, on random JSON.
//!
//! Where they differ is in the man page, and left out here: numbers keep their text (`1.50`), integers are exact, 0
//! has no sign, indices count characters as in jq 1.7, `@uri` escapes what jq 1.7 does, what a replay would
//! change is not there, nor is `$__loc__`; `exp10` may differ in the last digit.

mod same;

use crate::common::{Dir, from, shell, start, weir};
use crate::parts::{Dice, ours, printed};

/// What both know. Each is run as `[(PROGRAM)?]`, so that an error ends one record alone.
const PROGRAMS: &[&str] = &[
    ".",
    ".a",
    ".a.b",
    r#".["odd key"]"#,
    ".list[]",
    ".list[1:]",
    ".list[:-1]",
    ".list[-1]",
    ".n + 1",
    ".n * 2 - 7",
    ".n / 4",
    ".n % 7",
    r#".s + "x""#,
    ".s * 3",
    r#".s / ",""#,
    ".s | length",
    ".s | ascii_downcase, ascii_upcase",
    ".s | explode",
    ".s | explode | implode",
    r#".s | ltrimstr("a"), rtrimstr("a")"#,
    r#".s | startswith("a"), endswith("a")"#,
    r#".s | split(",") | join("-")"#,
    r#".s | test("a"), test("[a-z]+,")"#,
    r#".s | sub("a"; "b"), gsub("a"; "b")"#,
    r#".s | [match("a"; "g").offset]"#,
    r#".s | [scan("[a-z]")]"#,
    ".s | tojson, (tojson | fromjson)",
    ".s | @base64, (@base64 | @base64d)",
    ".s | utf8bytelength",
    ".s | .[1:], .[:2]",
    ".s | ascii_downcase | tostring",
    r#".s | inside("xx,yy" + .)"#,
    r#".s | contains("a")"#,
    r#".s | tonumber? // "none""#,
    ".list | length, add",
    ".list | map(type)",
    ".list | sort, unique",
    ".list | min, max",
    ".list | reverse",
    ".list | first, last, nth(0)",
    ".list | group_by(type) | map(length)",
    ".list | sort_by(type)",
    ".list | unique_by(type)",
    ".list | max_by(tojson), min_by(tojson)",
    ".list | index(1), indices(1)",
    ".list | any, all",
    ".list | flatten, flatten(1)",
    r#".list | map(select(type == "number")) | add"#,
    ".list | map(numbers, strings, nulls, booleans, arrays, objects)",
    ".list | map(iterables, scalars, values)",
    ".list | to_entries",
    ".list | paths",
    r#".list | [paths(type == "number")]"#,
    ".list | [.[] | tojson]",
    ".list | [.[] | tostring]",
    ".list | contains([1])",
    ".list - [1, null]",
    ".list + [1]",
    ".list | [limit(2; .[])]",
    ".list | [first(.[]), isempty(.[])]",
    ".list | [range(length)]",
    ".list | has(0), has(9)",
    ".list | del(.[0]), del(.[0, 1]), del(.[-1:])",
    ".list | .[1] = 5, .[4] = 5",
    r#".list | .[1:2] = ["x", "y"]"#,
    ".list | map_values(. // 0)",
    r#".list | join(",")"#,
    ".list | transpose?",
    ".list | @csv, @tsv",
    ".list | @json",
    ".list | tojson | length",
    ".list | combinations?",
    ".obj | keys, keys_unsorted, length",
    ".obj | to_entries, (to_entries | from_entries)",
    ".obj | with_entries(.value |= tojson)",
    ".obj | map_values(type)",
    r#".obj | has("a"), has("zz")"#,
    ".obj | del(.a), del(.a, .b)",
    ".obj | .a = 1 | .q.r = 2",
    ".obj | .a |= tojson",
    ".obj + {a: 1}",
    ".obj * {a: {b: 1}, c: 2}",
    ".obj | [.[]]",
    ".obj | add",
    ".obj | tojson",
    ".obj | [paths]",
    ".obj | [leaf_paths]",
    ".obj | [.. | scalars]",
    r#".obj | walk(if type == "number" then . + 1 else . end)"#,
    r#".obj | getpath(["a", "b"])"#,
    r#".obj | setpath(["a"]; 1), delpaths([["a"], ["b"]])"#,
    r#".obj | to_entries | map("\(.key)=\(.value)")"#,
    ".obj | contains({a: 1})",
    ".obj | path(.a, .b)",
    ".obj | any, all",
    ".n as $n | .list | map(. == $n)",
    ". as {n: $n, list: [$a]} | [$n, $a]",
    r#"if .n > 0 then "pos" elif .n < 0 then "neg" else "zero" end"#,
    r#".n > 0 and .s != "", (.n > 0 | not)"#,
    r#".list[0] // "none""#,
    ".list == [], .obj == {}, .n == 1.0",
    ".list < .obj, .s < .list, null < .n",
    "[.n, .m] | sort | map(floor, ceil, round, sqrt?)",
    "[.n, .m] | add, min, max",
    ".m | floor, ceil, round, fabs",
    ".m * 2, .m + .n, .m - 0.5",
    ".n | tostring, tojson, length",
    ".n | [limit(3; repeat(. * 2))]",
    "[.n | while(. < 100 and . > 0; . * 2)]",
    ".n | [until(. > 100; if . < 1 then 200 else . * 3 end)]",
    "reduce .list[] as $x (0; . + 1)",
    "[foreach .list[] as $x (0; . + 1; [., $x])]",
    "[recurse] | length",
    ".. | numbers",
    "label $out | foreach .list[] as $x (0; . + 1; if . > 1 then ., break $out else . end)",
    r#"try error("x") catch ."#,
    "try (.n | keys) catch .",
    r#"(.n | keys)? // "no""#,
    "[.[] | type]",
    r#"{n, s: .s, (.s): 1, "k\(.n)": 2, "@": @base64 "x\(.s)"}"#,
    "{a: .list[]}",
    r#""a\(.list[] | tojson)b""#,
    r#"[splits(",")?]"#,
    r#".s | [splits(", *")]"#,
    r#".s | capture("(?<x>[a-z]+)")?"#,
    "[.n, .s] | tojson",
    ".n | tojson | fromjson",
    r#"1544488280 | todate, gmtime, strftime("%Y-%m-%d")"#,
    r#""2018-12-11T00:31:20Z" | fromdate, strptime("%Y-%m-%dT%H:%M:%SZ")"#,
    r#""2018-12-11T00:31:20Z" | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime"#,
    r#"@json "x\(.list)""#,
    "def f(x): x * 2; f(.n)",
    "def f($x; y): $x + y; f(.n; 1)",
    ".list |= map(tojson)",
    ".n += 1 | .n -= 2 | .n *= 3",
    ".list[] += 1",
    ".obj[] |= tojson",
    ".zz // .s",
    ".zz.yy.xx",
    ".list | .[1:] |= map(tojson)",
    "to_entries | map(.key)",
    "tojson",
    "[.list[]?, .obj[]?] | length",
    "limit(1; .list[])",
    "first(.list[]), [.list[] | select(. != null)]",
    r#"splits("a")"#,
    "ascii_downcase",
    "[.list[] as [$a] | $a]",
    ".list as [$a, $b] | {a: $a, b: $b}",
    ". as {obj: {a: $x}} | $x",
    "infinite, -infinite | tostring",
    "nan | isnan",
    "[nan] | sort",
    "significand?",
    "ltrimstr(1)",
    ".list | IN(1)",
    r#".s | IN("a", "b")"#,
    "INDEX(.list[]?; type)",
    "[.list[] | objects | .a]",
    r#"getpath(["obj", "a", 0])?"#,
    ".s | @sh",
    "[.list[] | @text]",
    ".list | tojson | @base64",
    ".s[2:4]",
    r#".s | test("A"; "i")"#,
    r#".s | [match("(?<l>[a-z])"; "g") | .captures[0].name]"#,
    ".s | @html, @sh, @text, @json",
    "[1, 3, 5] | bsearch(3)",
    // Groups that take no part; the order of what describes a match is another matter.
    r#".s | [match("(a)?(?<x>Z)?[a7Z]"; "g") | [.offset, .length, .string]]"#,
    r#".s | [match("(a)?(?<x>Z)?[a7Z]"; "g") | .captures[] | [.offset, .length, .string, .name]]"#,
    r#".s | [match("(?:(a)|(Z)|([7,;])){2}"; "g") | .captures[] | [.offset, .string]]"#,
    r#".s | capture("(?<x>a)?(?<y>[7Z])")"#,
    r#".s | [scan("(a)?([7Z])")]"#,
    r#".s | [scan("(a)?[7Z]")]"#,
    r#".s | sub("(?<x>a)?(?<y>[7Z])"; "<\(.x)\(.y)>")"#,
    r#".s | gsub("(?<y>[7aZ])"; .y + .y)"#,
    "[nth(0, 2; 1, .list[])], [nth(9; 1, .list[])]",
    "nth(-1; .list[])",
    "[limit(-1; .list[])], [limit(1, 2; .list[])]",
    "[path(limit(1; .list[]))]",
    ".list | flatten, flatten(0), flatten(2)",
    ".obj | flatten",
    ".t | flatten",
    "null | flatten",
    "[range(0; 3; 0)], [range(3; 0; -1)], [range(0, 1; 3, 4)], [range(0; 10; 3, 4)]",
    "[4 | gamma, lgamma, tgamma]",
    // Plain ones: these are not interpreted.
    "select(.n > 1) | [.s, .m]",
    "select(.obj.a.b == null and .n != 7) | {n, s, a: .obj.a}",
    r#".list[] | select(. != null) | "\(.)!""#,
    r#"[.list[]? | .a.b? // "none"] | map([.])"#,
    "(.zz // .n) + 1, -(.n + 1)",
    r#"{(.s): .n, "k\(.n)": [.list[] | type]} | keys"#,
    r#"if .n > 5 then "a" elif .n > 0 then "b" else "c" end, (try (.s + 1) catch "no")"#,
    r#".list[-1], .list[0], .obj["a"], .["odd key"]"#,
];

/// A value in the spelling that both print.
fn value(dice: &mut Dice, depth: u64) -> String {
    let text = |dice: &mut Dice| serde_json::Value::from(dice.text()).to_string();
    match dice.below(if depth == 0 { 5 } else { 8 }) {
        0 => "null".to_string(),
        1 => (dice.below(2) == 0).to_string(),
        2 => number(dice),
        3 | 4 => text(dice),
        5 => list(dice, depth),
        _ => object(dice, depth),
    }
}

fn number(dice: &mut Dice) -> String {
    let numbers = ["0", "1", "2", "-3", "17", "1000", "123456789", "0.5", "-2.25", "1.125"];
    numbers[dice.below(numbers.len() as u64) as usize].to_string()
}

fn list(dice: &mut Dice, depth: u64) -> String {
    let items: Vec<_> = (0..dice.below(4)).map(|_| value(dice, depth - 1)).collect();
    format!("[{}]", items.join(","))
}

fn object(dice: &mut Dice, depth: u64) -> String {
    let names = ["a", "b", "c", "x"].iter().filter(|_| dice.below(3) == 0).collect::<Vec<_>>();
    let members = names.iter().map(|name| format!("\"{name}\":{}", value(dice, depth - 1)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[test]
#[ignore = "needs jq: scripts/check runs it"]
fn programs_come_to_what_they_come_to_in_jq() {
    let (dir, mut dice) = (Dir::new(), Dice(0x1234_5678_9abc_def1));
    let mut lines = String::new();
    for _ in 0..300 {
        let (n, m, s) = (number(&mut dice), number(&mut dice), value(&mut dice, 0));
        let text = serde_json::Value::from(dice.text());
        let (list, object) = (list(&mut dice, 2), object(&mut dice, 2));
        let (a, odd) = (value(&mut dice, 2), value(&mut dice, 0));
        let n = n.split('.').next().unwrap_or("0").replace("-2", "7");
        lines += &format!(
            "{{\"n\":{n},\"m\":{m},\"s\":{text},\"t\":{s},\"list\":{list},\"obj\":{object},\"a\":{a},\"odd key\":{odd}}}\n"
        );
    }
    let input = dir.file("lines", &lines);
    for program in PROGRAMS {
        let program = format!("[({program})?]");
        dir.file("program", &program);
        let theirs = printed(&format!("jq -c -f {}", dir.path("program").display()), &input);
        let ours = ours(&["--jq", &program], &input);
        let differs =
            theirs.split(|b| *b == b'\n').zip(ours.split(|b| *b == b'\n')).zip(lines.lines());
        for ((theirs, ours), line) in differs {
            let [theirs, ours] = [theirs, ours].map(String::from_utf8_lossy);
            assert_eq!(ours, theirs, "{program} of {line}");
        }
        assert_eq!(ours.len(), theirs.len(), "{program}");
    }
}

#[test]
#[ignore = "needs jq: scripts/check runs it"]
fn a_string_is_written_bare_and_several_outputs_are_several_records() {
    let dir = Dir::new();
    let input = dir.file("lines", "{\"a\":[\"x\",1,{\"b\":null}]}\n{\"a\":[]}\n");
    let mut theirs = start(from(shell("jq -cr '.a[]'"), &input));
    let mut ours = start(from(weir(&["--jq", ".a[]", "--format", "text"]), &input));
    assert_eq!(ours.out.all(), theirs.out.all());
    assert_eq!([ours, theirs].map(|run| run.end().status), [0, 0]);
}
