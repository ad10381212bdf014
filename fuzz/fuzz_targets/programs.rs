//! Programs of the user on any record: none hangs, none panics, and what is written is JSON again.
//!
//! A program and a record, a NUL between them; without one it is a record, for all of the programs below.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::jq::{Program, Rooms, input, json};

const PROGRAMS: &[&str] = &[
    ".",
    "..",
    "[paths, (.. | scalars)]",
    "walk(if type == \"number\" then . + 1 else . end)",
    "to_entries? // length?",
    "[.[]? | tojson | fromjson]",
    "sort?, unique?, group_by(.)?, sort_by(.a?)?, min?, max?, add?, flatten?, transpose?, any?",
    "(.[]?, .) as $x | . - [$x]?, index($x)?, contains($x)?, bsearch($x)?, . == $x, . < $x",
    "(.a, .b[1:], .c[0])? |= [.]",
    "del(.[0]?, .a?, .b[1:]?), delpaths([paths])?, (.[.[]?]? = 1), .[.[0]?:.[1]?]?",
    "test(.; \"x\")?, split(\",\")?, ascii_downcase?, explode?, @base64d?, tonumber?, ltrimstr(\"a\")",
    "gsub(\"\\\\s\"; \"\")?, .[1:]?, @csv?, @tsv?, @uri?, @html?, @sh?, strptime(\"%Y-%m-%d\")?, implode?",
    "todate?, fromdate?, gmtime?, mktime?, strftime(\"%c %j\")?, floor?, sqrt?, ltrimstr(1), tostring, @json",
    ". * .?, . + ., . - .?, . / .?, . % .?, -.?, (.[]? * 3)?, (.[0]? % .[1]?)?, (.[0]? / .[1]?)?",
    "def f: [., f]; f",
    "[limit(20; repeat(.))] | sort | length, [range(.[0]?; .[1]?; .[2]?)]?, splits(.)?, combinations?",
    "reduce .[]? as $x (null; . + $x), [foreach .[]? as [$a, $b] ([]; [$a, .]; $b)], INDEX(.[]?; .a?)",
    "try error(.) catch ., (.. |= .), (.[]? += 1)?, getpath([\"a\", 0])?",
];

thread_local! {
    /// Compiled once: that takes longer than most records do.
    static COMPILED: Vec<Program> = PROGRAMS.iter().map(|text| program(text)).collect();
}

fn program(text: &str) -> Program {
    Program::new(text, &[]).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

/// Runs a program, and reads what it writes.
fn run(program: &Program, record: &[u8]) {
    let mut outputs = Vec::new();
    let _ = Rooms::default().within(record.len(), || {
        let input = input(record, false)?;
        outputs.clear();
        program.run(input, [], |output| {
            outputs.push(output);
            outputs.len() < 100
        })
    });
    for output in outputs {
        let text = json(&output);
        let again = Rooms::default().within(text.len(), || input(&text, false));
        assert!(again.is_ok(), "{}", String::from_utf8_lossy(&text));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(border) = bytes.iter().position(|&byte| byte == 0) else {
        return COMPILED.with(|all| all.iter().for_each(|program| run(program, bytes)));
    };
    let (typed, record) = (&bytes[..border], &bytes[border + 1..]);
    let Ok(typed) = std::str::from_utf8(typed) else { return };
    match Program::new(typed, &[]) {
        Ok(program) => run(&program, record),
        Err(wrong) => assert!(!wrong.is_empty()),
    }
});
