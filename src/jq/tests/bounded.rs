//! Programs that have no end, or make too much: each is bounded.

use super::{Program, one, run};

#[test]
fn a_program_that_is_spent_while_it_sorts_fails() {
    for (count, how) in [(177, "sort"), (198, "group_by(.)"), (212, "sort_by(.)")] {
        let text = format!(
            "[range({count}) | [. * 7919 % 10007]] as $l | [range(2000) | $l | {how} | length]"
        );
        let told = run(&text, "1").unwrap_err();
        assert_eq!(told, "the program takes too many steps; does it end?", "{text}");
    }
}

#[test]
fn whatever_is_typed_ends() {
    let steps = "the program takes too many steps; does it end?";
    let bytes = "the program makes too much of the record: many times its length";
    let (depth, stack) = ("a value is nested too deep", "the program calls itself too deep");
    let table: &[(&str, &[&str])] = &[
        ("def f: f; f", &[steps]),
        ("def f: 1 + f; f", &[steps, stack]),
        ("def f: f, f; f", &[steps, stack]),
        ("def f: [f]; f", &[steps, stack]),
        ("def f(g): f(g + 1); f(0)", &[steps, stack]),
        ("range(infinite)", &[steps]),
        ("[range(infinite)]", &[steps, bytes]),
        ("last(range(infinite))", &[steps]),
        ("[limit(infinite; repeat(1))]", &[steps, bytes]),
        ("first(range(infinite) | select(. < 0))", &[steps]),
        ("[recurse]|length, [..], (def f: try error catch f; f)", &[steps, stack]),
        ("try (def f: f; f) catch 1", &[steps]),
        ("(def f: f; f)? // 1", &[steps]),
        ("label $out | def f: f; f, break $out", &[steps]),
        ("until(false; .)", &[steps]),
        ("[while(true; .)]", &[steps, bytes]),
        ("reduce range(infinite) as $i (0; 1)", &[steps]),
        ("[foreach range(infinite) as $i (0; 1)]", &[steps, bytes]),
        ("\"x\" * 1e9, 1", &[bytes]),
        ("\"x\" * 1e18", &[bytes]),
        ("reduce range(60) as $i (\"xx\"; . + .)", &[bytes]),
        ("reduce range(60) as $i ([1]; . + .)", &[bytes, steps]),
        ("reduce range(60) as $i ([1]; [.[], .[]])", &[bytes, steps]),
        ("reduce range(60) as $i ({}; {a: ., b: .}) | tojson", &[bytes]),
        ("reduce range(60) as $i ({}; {a: ., b: .})", &[bytes]),
        ("reduce range(60) as $i (\"\"; \"\\(.)x\\(.)\")", &[bytes]),
        ("reduce range(1000000) as $i (0; [.])", &[depth, steps]),
        ("reduce range(20001) as $i (0; {a: .})", &[depth]),
        ("reduce range(20001) as $i (0; [.]) | tojson", &[depth]),
        ("null | .[1e9] = 1", &["Array index too large", bytes]),
        ("null | .[1e8] = 1", &[bytes]),
        ("[1e18 | range(0; .)]", &[steps, bytes]),
        ("[combinations(100)]", &[steps, bytes, "Cannot iterate over number (0)"]),
        ("[range(100000)] | combinations(3)", &[steps, bytes]),
        ("[range(3000)] | sort_by(def f: f; f)", &[steps]),
        ("[range(100000)] as $a | [$a[] as $i | $a == $a]", &[steps]),
        ("pow(10; 400) | tojson", &[]),
        ("\"a\" * 100000 | test(\"(a*)*b\")", &[]),
        ("[range(300000)|tostring]|add|length", &[]),
        ("walk(def f: f; f)", &[steps]),
        ("path(def f: f; f)", &[steps]),
        ("(def f: f; f) |= 1", &[steps, stack]),
        ("null | (def f: .a | f; f) |= 1", &[steps, stack, depth]),
        ("[.[]?] | getpath([range(100000)|tostring])", &[]),
        ("[range(5000)|\"a\"] as $p | {} | setpath($p; 1)", &[]),
    ];
    let wrong = table.iter().filter_map(|(text, expected)| {
        let told = run(text, "0");
        let is_right = told.as_ref().err().is_some_and(|why| expected.contains(&why.as_str()));
        (!is_right && !expected.is_empty()).then(|| format!("{text}: {told:?}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn nested_json_is_read_as_deep_as_a_large_room_allows() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(one(".", &nested(9000)), nested(9000));
    assert_eq!(one("[..] | length", &nested(2000)), "2000");
    assert_eq!(one(".", &nested(10_001)), "- a value is nested too deep");
    assert_eq!(one(".", &"[".repeat(1 << 20)), "- a value is nested too deep");
}

#[test]
fn what_holds_itself_many_times_over_is_compared_within_the_limits() {
    let doubled = "def m: reduce range(60) as $i (1; [., .]); ";
    for program in ["m == m", "[m, m] | unique", "[m, m, m] | sort", "[m, m] - [m]"] {
        // None of these ended.
        assert!(run(&format!("{doubled}{program} | length"), "1").is_err(), "{program}");
    }
}

#[test]
fn a_program_that_is_nested_deep_is_parsed_or_refused() {
    for text in [
        format!("{}1", "-".repeat(20_000)),
        format!("{}.{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("{}1", "try ".repeat(15_000)),
        format!("{}1", "1,".repeat(30_000)),
        format!("{}.a", ".a//".repeat(15_000)),
        // Each level was looked at twice as often as the one around it.
        format!("{}..{}", "[".repeat(60), " | .]".repeat(60)),
        ".a".repeat(30_000),
        format!("if 1 then 1 {} end", "elif 1 then 1".repeat(4_000)),
    ] {
        let _ = Program::new(&text, &[]);
    }
}
