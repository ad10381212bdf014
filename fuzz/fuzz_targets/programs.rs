//! Programs of the user on any record: none hangs, none panics, and what is written is JSON again. The text of a
//! program is fuzzed by `steps`.
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
    "sort?, unique?, group_by(.)?, add?, flatten?",
    "(.a, .b[1:], .c[0])? |= [.]",
    "del(.[0]?, .a?, .b[1:]?)",
    "test(.; \"x\")?, split(\",\")?, ascii_downcase?, explode?, @base64d?, tonumber?",
    "gsub(\"\\\\s\"; \"\")?, .[1:]?, @csv?, @tsv?, @uri?, strptime(\"%Y-%m-%d\")?",
    ". * .?, . + ., . - .?, . / .?, . % .?, -.?",
    "def f: [., f]; f",
];

fuzz_target!(|record: &[u8]| {
    for text in PROGRAMS {
        let program = Program::new(text, &[]).expect("it is right");
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
});
