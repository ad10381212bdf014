//! Where jaq does otherwise than jq, and a program of ours does not.

use super::one;

#[test]
fn several_outputs_of_several_parts_come_in_the_order_of_jq() {
    let table = [
        ("(1, 2) + (10, 20)", "11 12 21 22"),
        ("(1, 2) - (3, 4) - (10, 20)", "-12 -11 -13 -12 -22 -21 -23 -22"),
        ("(1, 2) < (1, 2), (.a | . + 1)", "false false true false 2"),
        ("\"\\(1, 2) \\(3, 4)\"", r#""1 3" "2 3" "1 4" "2 4""#),
        ("@json \"\\(1, 2)\\(\"x\")\\(3, 4)\"", r#""1\"x\"3" "2\"x\"3" "1\"x\"4" "2\"x\"4""#),
        ("[{a: (1, 2), b: (3, 4)} | .a * 10 + .b]", "[13,14,23,24]"),
        ("[[1, 2], [3, 4]] | .[][0, 1], [path(.[][0, 1])[1]]", "1 3 2 4 [0,0,1,1]"),
        ("([1, 2], [3, 4])[(0, 1):(1, 2)]", "[1] [3] [1,2] [3,4] [] [] [2] [4]"),
        ("[[1, 2], [3, 4]] | .[][0, 1] += 1, (.[][1, 0]? |= 0)", "[[2,3],[4,5]] [[0,0],[0,0]]"),
        ("reduce range(3) as $i (0; . + 1, . + 2)", "6"),
        ("reduce range(3) as $i (0, 10; if $i == 1 then empty else . + 1 end)", "1 1"),
        ("reduce (\"a\", \"b\") as $k (.; .[$k, $k]?)", "null"),
        ("{a: {b: 2}} | path(reduce (\"a\", \"b\") as $k (.; .[$k]?))", "[\"a\",\"b\"]"),
        ("[foreach range(3) as $i (0; . + 1, . + 2)]", "[1,2,3,4,5,6]"),
        ("[foreach (1, 2) as $i (0, 10; select($i > 1) | . + $i; ., -.)]", "[2,-2,2,-2]"),
        ("[foreach (1, 2) as $i (0, 10; . + $i; ., -.)]", "[1,-1,3,-3,11,-11,13,-13]"),
        ("def f($a; g): a + g, $a; [f(1; 10, 20)]", "[11,21,1]"),
        ("def length: 1, 2; [length + length]", "[2,3,3,4]"),
        ("def f($n): if $n > 99999 then n else f($n + 1) end; f(0)", "100000"),
    ];
    for (text, expected) in table {
        assert_eq!(one(text, r#"{"a":1}"#), expected, "{text}");
    }
}

#[test]
fn what_is_no_number_is_less_than_itself_wherever_it_stands() {
    let table = [
        (
            "nan == nan, nan < nan, nan > nan, [nan] == [nan], [nan] < [nan]",
            "false true false false true",
        ),
        ("{a: nan} == {a: nan}, ([nan] | contains([nan]), index(nan))", "false false null"),
        ("[nan, 1] - [nan], ([nan, 1, nan] | unique, bsearch(nan))", "[null,1] [null,null,1] -1"),
        ("[[nan], [1], [nan]] | group_by(.), (sort | length)", "[[[null]],[[null]],[[1]]] 3"),
    ];
    for (text, expected) in table {
        assert_eq!(one(text, "null"), expected, "{text}");
    }
}

#[test]
fn functions_do_what_they_do_in_jq() {
    let table = [
        (
            "(null | has(\"a\"), has(0), reverse), (\"abé\" | reverse), ({} | reverse)",
            "false false [] \"éba\" []",
        ),
        ("\"\\ud83d\\ude00\" | length, explode", "1 [128512]"),
        ("[\"007\", \"+5\", \".5\", \"5.\", \" 1e2 \"] | map(tonumber)", "[7,5,0.5,5,1e2]"),
        (
            "[\"0x1\", \"\", \"1 2\", \"inf\", \"-\", \"e\"] | map(tonumber? // \"-\") | add",
            "\"------\"",
        ),
        (
            "\"aXb\" | test([\"x\", \"i\"]), match([\"X\"]).offset, capture([\"(?<c>x)\", \"i\"]).c",
            "true 1 \"X\"",
        ),
        (
            "\"a\\nb\" | test(\"a.b\"; \"s\"), test(\"a.b\"; \"p\"), (try test(\"a\"; \"l\") catch .)",
            "false true \"invalid regex flag: l\"",
        ),
        ("\"YQ\", \"YWI\", \"YWJj\", \"YQ=\" | @base64d", "\"a\" \"ab\" \"abc\" \"a\""),
        (
            "[1, \"a b\"] | format(\"csv\"), format(\"sh\", \"json\"), (try format(\"x\") catch .)",
            "\"1,\\\"a b\\\"\" \"1 'a b'\" \"[1,\\\"a b\\\"]\" \"x is not a valid format\"",
        ),
        (
            "try ({} | @csv) catch ., try ({} | @tsv) catch .",
            "\"object ({}) cannot be csv-formatted, only an array\" \"object ({}) cannot be tsv-formatted, only an array\"",
        ),
        ("[[1, [2]] | tostream]", "[[[0],1],[[1,0],2],[[1,0]],[[1]]]"),
        ("fromstream({a: [1, {b: 2}]}, [], 3 | tostream)", "{\"a\":[1,{\"b\":2}]} [] 3"),
        ("[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]", "[[[0],2],[[0]]]"),
        (
            "[1, 2] | [JOIN({\"1\": \"x\"}; tostring)], [JOIN({\"2\": \"y\"}; .[]; tostring; .[1])]",
            "[[[1,\"x\"],[2,null]]] [null,\"y\"]",
        ),
        ("[-2.5, 2.5] | map(nearbyint, (lgamma_r | .[1]))", "[-2,-1,2,1]"),
        (
            "[1425599507.5 | gmtime | mktime], [null | combinations], [[[1, 2], [3]] | combinations]",
            "[1425599507] [[]] [[1,3],[2,3]]",
        ),
        ("[{k: \"a\", v: false}] | from_entries", "{\"a\":false}"),
        (
            "try range(\"a\") catch ., [range(0, 1; 2, 3)], [range(0; 1; 0.4)], [limit(2; range(infinite))]",
            "\"Range bounds must be numeric\" [0,1,0,1,2,1,1,2] [0,0.4,0.8] [0,1]",
        ),
        ("[nan, 1, infinite, null | finites]", "[null,1]"),
        (
            "try (1 % \"a\") catch .",
            "\"number (1) and string (\\\"a\\\") cannot be divided (remainder)\"",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(one(text, "null"), expected, "{text}");
    }
}
