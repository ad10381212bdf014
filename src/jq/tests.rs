//! Programs as they are typed: what they come to, what is wrong with them, and that all of them end.

mod alike;
mod bounded;

use proptest::prelude::*;

use super::{Need, Program, Rooms, Value, part, write};

/// What a program makes of JSON, as JSON.
fn run(text: &str, input: &str) -> Result<Vec<String>, String> {
    outcome(&Program::new(text, &["$x"])?, input)
}

/// The same of a program, which is given what it looks at.
fn outcome(program: &Program, input: &str) -> Result<Vec<String>, String> {
    let outputs = Rooms::default().within(input.len(), || {
        let input = part(input.as_bytes(), false, program.need())?;
        let mut outputs = Vec::new();
        program.run(input, [Value::from(7usize)], |output| {
            let mut text = Vec::new();
            write(&output, &mut text);
            outputs.push(String::from_utf8(text).unwrap());
            true
        })?;
        Ok(outputs)
    });
    outputs.map_err(|failure| failure.to_string())
}

fn one(text: &str, input: &str) -> String {
    run(text, input).map_or_else(|why| format!("- {why}"), |outputs| outputs.join(" "))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn programs_come_to_what_jq_says() {
    let table = [
        (".", r#"{"b":1,"a":[1.50,null]}"#, r#"{"b":1,"a":[1.50,null]}"#),
        (".a, .b", r#"{"a":1}"#, "1 null"),
        (".[] | select(. > 1)", "[1,2,3]", "2 3"),
        ("[.[] | . * 2] | add", "[1,2,3]", "12"),
        ("6 / 2, 7 / 2, 7 % 3", "null", "3 3.5 1"),
        ("map(. + $x)", "[1]", "[8]"),
        ("{a: 1} + {b: 2} | to_entries | from_entries", "null", r#"{"a":1,"b":2}"#),
        ("group_by(.k) | map(length)", r#"[{"k":1},{"k":2},{"k":1}]"#, "[2,1]"),
        (".a.b.c = 1 | del(.a.b.c)", "null", r#"{"a":{"b":{}}}"#),
        ("del(.[0, 2])", "[1,2,3]", "[2]"),
        (".[2] = 5", "[1]", "[1,null,5]"),
        ("if . then \"y\" else \"n\" end", "false", "\"n\""),
        ("\"\\(.a)-\\(.b)\"", r#"{"a":1,"b":"x"}"#, "\"1-x\""),
        ("[limit(3; repeat(1))]", "null", "[1,1,1]"),
        ("try error(\"no\") catch .", "null", "\"no\""),
        ("reduce range(5) as $i (0; . + $i)", "null", "10"),
        ("test(\"^a+$\"), sub(\"a\"; \"b\")", "\"aaa\"", "true \"baa\""),
        ("@base64, (@base64 | @base64d)", "\"hi\"", "\"aGk=\" \"hi\""),
        ("@csv, @tsv", r#"["a\"b",1,null]"#, "\"\\\"a\\\"\\\"b\\\",1,\" \"a\\\"b\\t1\\t\""),
        ("strptime(\"%Y-%m-%d\") | mktime", "\"2018-12-11\"", "1544486400"),
        ("join(\",\"), (map(tostring) | join(\"-\"))", r#"["a",1,null]"#, "\"a,1,\" \"a-1-null\""),
        ("[.[] | tonumber]", r#"["1","2.50"]"#, "[1,2.50]"),
        ("indices(\"a\"), index(\"a\"), rindex(\"a\")", "\"éaba\"", "[1,3] 1 3"),
        ("contains({a: [1]}), (.a | contains([\"1\"]))", r#"{"a":[1,2]}"#, "true false"),
        ("has(\"a\"), has(\"b\")", r#"{"a":null}"#, "true false"),
        ("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#),
        ("sort, unique, min, max", "[3,1,3]", "[1,3,3] [1,3] 1 3"),
        ("\"ab\" * 2, \"ab\" * 0, (\"a,b\" / \",\")", "null", "\"abab\" null [\"a\",\"b\"]"),
        ("type, length", "\"é\"", "\"string\" 1"),
        ("tojson, (tojson | fromjson)", "[1]", "\"[1]\" [1]"),
        ("first, last, .[-1], .[1:], .[:-1]", "[1,2,3]", "1 3 3 [2,3] [1,2]"),
        ("splits(\", *\")", "\"a, b,c\"", "\"a\" \"b\" \"c\""),
        (
            "infinite, -infinite, nan, (nan | isnan), (nan < 1)",
            "1",
            "1.7976931348623157e+308 -1.7976931348623157e+308 null true true",
        ),
        ("[nan, 1, nan] | sort", "null", "[null,null,1]"),
        ("[.[] | floor, ceil, round]", "[1.5]", "[1,2,2]"),
        ("IN(1, 2), ([1, 2] | IN(.[]; 5))", "2", "true false"),
        ("INDEX(.[]; .k) | keys", r#"[{"k":"b"},{"k":"a"}]"#, r#"["a","b"]"#),
        (
            "9223372036854775807, 12345678901234567890123",
            "1",
            "9223372036854775807 12345678901234567890123",
        ),
        ("def f: if . > 99999 then . else . + 1 | f end; f", "0", "100000"),
        ("last(range(100000))", "0", "99999"),
        ("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#),
        ("flatten, flatten(1)", "[1,[2,[3]]]", "[1,2,3] [1,2,[3]]"),
        ("[limit(-1; .[])], [limit(0; .[])], [limit(1; .[])]", "[1,2]", "[1,2] [] [1]"),
        ("[nth(0, 2; .[])], [nth(9; .[])], nth(1)", "[1,2,3]", "[1,3] [3] 2"),
        ("[range(0; 3; 0)], [range(3; 0; -1)], [range(0, 1; 3)]", "1", "[] [3,2,1] [0,1,2,1,2]"),
        ("[path(limit(1; .[]))]", "[1,2]", "[[0]]"),
        ("4 | gamma, lgamma, tgamma", "1", "1.791759469228055 1.791759469228055 6"),
        (
            "[range(0; 10; 3)], [recurse(if . < 3 then . + 1 else empty end)]",
            "0",
            "[0,3,6,9] [0,1,2,3]",
        ),
    ];
    for (text, input, expected) in table {
        assert_eq!(one(text, input), expected, "{text} of {input}");
    }
}

#[test]
fn groups_that_take_no_part_are_null() {
    let table = [
        (
            "match(\"(?<x>q)?b\") | .captures",
            r#"[{"offset":-1,"length":0,"string":null,"name":"x"}]"#,
        ),
        (
            "[match(\"(a)?b\"; \"g\") | .captures[0] | [.offset, .string, .name]]",
            r#"[[-1,null,null],[1,"a",null]]"#,
        ),
        // Its groups do not stand in their order: this ended the process.
        (
            "match(\"(?:(a)|(b)){2}\") | [.length, (.captures[] | .offset, .string)]",
            r#"[2,1,"a",0,"b"]"#,
        ),
        ("capture(\"(?<x>q)?(?<y>b)\")", r#"{"x":null,"y":"b"}"#),
        ("[scan(\"(q)?(b)\")]", r#"[[null,"b"],[null,"b"]]"#),
        ("[scan(\"(q)?b\")], [scan(\"b\")]", r#"[[null],[null]] ["b","b"]"#),
        ("sub(\"(?<x>q)?b\"; \"<\\(.x)>\")", r#""<null>abé""#),
        ("gsub(\"(?<c>[ab])\"; .c + .c)", r#""bbaabbé""#),
        ("[splits(\"a\")], split(\"b\"; null)", r#"["b","bé"] ["","a","é"]"#),
        ("[match(\"\"; \"g\").offset], [match(\"\"; \"gn\")]", "[0,1,2,3,4] []"),
        ("[match(\"é|$\"; \"g\") | .offset, .length]", "[3,1]"),
        ("test(\"B\"), test(\"B\"; \"i\"), test(\"^\\\\w+$\")", "false true true"),
        ("try test(\"(\") catch .", r#""invalid regex: unclosed group""#),
        ("try test(\"a\"; \"q\") catch .", r#""invalid regex flag: q""#),
        ("try (1 | test(\"a\")) catch .", r#""cannot use 1 as string""#),
    ];
    for (text, expected) in table {
        assert_eq!(one(text, "\"babé\""), expected, "{text}");
    }
}

/// Programs that are plain, and some that nearly are.
#[expect(clippy::too_many_lines, reason = "a table")]
fn programs() -> impl Strategy<Value = String> {
    let leaves = [
        ".",
        ".a",
        ".b.a",
        ".a?",
        ".[0]",
        ".[-1]",
        ".[0]?",
        ".[\"odd key\"]",
        ".[]",
        ".[]?",
        ".a[]?.b",
        "1",
        "-2",
        "1.50",
        "0",
        "\"a\"",
        "\"x\\(.a)y\\(.)\"",
        "\"\\(.b)\"",
        "null",
        "true",
        "false",
        "$x",
        "[]",
        "{}",
        "{a}",
        "{$x, \"b\": .a}",
        "{(.a): 1}",
        "empty",
        "add",
        "length",
        "keys",
        "type",
        "tostring",
        "floor",
        "tonumber",
        "last",
        "not",
        "first",
        "tojson",
        "..",
    ];
    let leaf = prop::sample::select(leaves.to_vec()).prop_map(str::to_string);
    leaf.prop_recursive(4, 12, 3, |inner| {
        let operators = "+ - * / % == != < <= > >= and or // | ,".split(' ').collect::<Vec<_>>();
        let forms = [
            "[F]",
            "select(F)",
            "map(F)",
            "{k: (F)}",
            "{(F): 1, a: 2}",
            "(F)?",
            "try (F) catch .",
            "-(F)",
            "(F).a",
            "(F)[]",
            "(F).b?",
            "(F)[0]",
            "\"<\\(F)>\"",
            "if F then . end",
            "(F) as $y | $y",
            "first(F)",
            "select(F) | .",
            "select(F) | tojson",
            "(F)[1:]",
            "(F)[:-1]",
            "(F) | startswith(\"a\"), test(\"^[a-z]\")",
            "(F) | has(\"a\")",
            "(F) | contains(F)",
            "(F) | ltrimstr(\"a\")",
        ];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(left, with, right)| format!("({left}) {with} ({right})")),
            (prop::sample::select(forms.to_vec()), inner.clone())
                .prop_map(|(form, inner)| form.replace('F', &inner)),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("if {a} then {b} else {c} end")),
        ]
    })
}

/// Records that are nested a little.
fn records() -> impl Strategy<Value = String> {
    let leaves =
        ["null", "true", "0", "-1.50", "7", "\"\"", "\"a\"", "\"é\\n\"", "[]", "{}", "1e3"];
    let leaf = prop::sample::select(leaves.to_vec()).prop_map(str::to_string);
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop::sample::select(vec!["a", "b", "\\u0061", "odd key", "c"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((name, inner), 0..5).prop_map(|members| {
                let member = |(name, value): &(&str, String)| format!("\"{name}\":{value}");
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_plain_program_comes_to_what_the_interpreter_says(
        text in programs(), inputs in prop::collection::vec(records(), 1..6),
    ) {
        let program = Program::new(&text, &["$x"]).unwrap();
        let interpreted = program.clone().interpreted();
        for input in inputs {
            let passes = Rooms::default().within(9, || Ok(program.passes(input.as_bytes())));
            prop_assert!(passes == Ok(true) || outcome(&interpreted, &input) == Ok(Vec::new()));
            let [plain, other] = [&program, &interpreted].map(|program| outcome(program, &input));
            prop_assert_eq!(plain, other, "{} of {}", text, input);
        }
    }

    #[test]
    fn what_is_not_looked_at_is_held_to_the_grammar(
        record in records(), cut in any::<prop::sample::Index>(), put in "[]\\[{}:,\"\\\\x1-]{0,2}",
    ) {
        // Something else in one place of it.
        let at = cut.index(record.len() + 1);
        let at = (0..=at).rev().find(|&at| record.is_char_boundary(at)).unwrap();
        let rest = record[at..].chars().skip(1).collect::<String>();
        let record = format!("{}{put}{rest}", &record[..at]);
        let read = |need: &Need| {
            let done = Rooms::default().within(9, || part(record.as_bytes(), false, need).map(drop));
            done.map_err(|failure| failure.to_string())
        };
        let program = Program::new(".a.b, .c", &[]).unwrap();
        prop_assert!(!program.need().is_whole());
        prop_assert_eq!(read(program.need()), read(Need::WHOLE), "{}", record);
    }
}

#[test]
fn what_only_looks_up_compares_and_calculates_is_plain() {
    let plain = [
        "select(.request.status >= 500) | [.request.path, .request.ms]",
        ". + $x",
        "if $x > . then $x else . end",
        "{n: (.values | length), last: .values[-1].path}",
        "(.values | add // 0) + (.state // 0)",
        ".items[] | select(.n > 1 and .s != \"x\") | \"\\(.n) \\(.s)\"",
        "[.list[]? | .a.b? // 1] | map(. * 2)",
        ".a?, (try .b catch \"none\")",
    ];
    for text in plain {
        assert!(Program::new(text, &["$x"]).unwrap().is_plain(), "{text}");
    }
    let passes = |text: &str, input: &str| {
        let program = Program::new(text, &[]).unwrap();
        Rooms::default().within(9, || Ok(program.passes(input.as_bytes()))).unwrap()
    };
    for text in ["select(.a > 1)", "select(.a > 1) | to_entries | .[]"] {
        assert!(!passes(text, r#"{"a":1}"#) && passes(text, r#"{"a":2}"#), "{text}");
        assert!(passes(text, "{"), "{text}: it is the program that says what is wrong");
    }
    for text in [
        "reduce .[] as $y (0; 1)",
        "def f: .; f",
        "def select(f): 1; select(.)",
        "..",
        "$x as $y | $y",
    ] {
        assert!(!Program::new(text, &["$x"]).unwrap().is_plain(), "{text}");
    }
}

#[test]
fn errors_are_told_in_the_words_of_jq() {
    let table = [
        (".a", "5", "Cannot index number with \"a\""),
        (".[0]", "{}", "Cannot index object with number"),
        (".[]", "null", "Cannot iterate over null"),
        (". + \"a\"", "1", "number (1) and string (\"a\") cannot be added"),
        (". / 0", "1", "number (1) and number (0) cannot be divided because the divisor is zero"),
        ("error(\"boom\")", "1", "boom"),
        ("error({a: 1})", "1", "{\"a\":1} (not a string)"),
        (".", "{\"a\":", "no JSON: the record ends too early, at byte 5 of it"),
    ];
    for (text, input, expected) in table {
        assert_eq!(run(text, input).unwrap_err(), expected, "{text} of {input}");
    }
}

#[test]
fn a_mistake_is_pointed_at() {
    let table = [
        (".a | | .b", 5, "term is expected"),
        ("if . then 1", 11, "else or end is expected, and the program ends"),
        ("[1, 2", 5, "closing bracket is expected"),
        (". + nothing", 4, "there is no nothing"),
        ("map(1; 2)", 0, "there is no map of 2 arguments"),
        ("$y", 0, "there is no variable $y"),
        (". | now", 4, "now: the clock"),
        ("$ENV.PATH", 0, "$ENV: the surroundings"),
        ("[inputs]", 1, "inputs: a program sees one record"),
        ("halt", 0, "halt: a record does not end the stream"),
        (". as [$a] | {a: $a, b: @nix}", 23, "there is no @nix"),
    ];
    for (text, at, expected) in table {
        let told = Program::new(text, &[]).err().unwrap_or_else(|| panic!("{text} is taken"));
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines[1], format!("    {text}"), "{told}");
        assert_eq!(lines[2], format!("{}^", " ".repeat(4 + at)), "{told}");
        assert!(lines[3].starts_with(&format!("error: {expected}")), "{text}: {told}");
    }
    let told = Program::new("# about\n.a |\n  nothing | .b", &[]).err().unwrap();
    assert!(told.contains("\n      nothing | .b\n      ^\n"), "{told}");
}

#[test]
fn numbers_of_whatever_kind_have_one_order() {
    let (exact, more) = (1i64 << 53, 200);
    let number = |at: i64| match at * 7 % 3 {
        0 => format!("{}.0", exact + at * 11 % 40),
        _ => format!("{}", exact + at * 11 % 40),
    };
    let list: Vec<String> = (0..more).map(number).collect();
    let list = format!("[{}]", list.join(","));
    assert_eq!(one("sort | length", &list), more.to_string());
    assert_eq!(one("sort as $l | all(range(199); $l[.] <= $l[. + 1])", &list), "true");
    let table = [
        ("[9007199254740993, 9007199254740992.0] | .[0] > .[1]", "true"),
        (
            "[2, 1.5, -1.5, -1, -2, 1e300, -1e300, 9223372036854775807] | sort",
            "[-1e+300,-2,-1.5,-1,1.5,2,9223372036854775807,1e+300]",
        ),
        (
            "1 == 1.0, 1 < 1.5, 1 > 0.5, -1 > -1.5, -1 < -0.5, 1 < infinite, 1 > -infinite, 1 > nan",
            "true true true true true true true true",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(one(text, "null"), expected, "{text}");
    }
}

#[test]
fn a_time_that_no_calendar_has_is_an_error_and_no_other_time() {
    // So many microseconds are 448,384 more than 64 bits hold.
    for text in ["todate", "gmtime", "strftime(\"%Y\")"] {
        let told = run(text, "18446744073710").unwrap_err();
        assert!(told.contains("is not in the required range"), "{text}: {told}");
    }
    assert_eq!(
        one("todate, (gmtime | mktime)", "253402207200"),
        "\"9999-12-30T22:00:00Z\" 253402207200"
    );
}

#[test]
fn bytes_that_are_no_text_pass_and_are_characters_of_their_own() {
    let program = Program::new(".[1:], length, (. + \"x\")", &[]).unwrap();
    let mut outputs = Vec::new();
    let done = Rooms::default().within(9, || {
        let input = Value::text(b"\xffa\xc3");
        program.run(input, [], |output| {
            let mut text = Vec::new();
            super::write_bare(&output, &mut text);
            outputs.push(text);
            true
        })
    });
    assert_eq!(done, Ok(()));
    assert_eq!(outputs, [&b"a\xc3"[..], b"3", b"\xffa\xc3x"]);
}
