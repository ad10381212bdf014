//! Selectors: any SEL, any record. What is found stands in the record, or was made.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::selector::access_log::{self, AccessLog};
use weir::selector::field::{self, Fields, Separator};
use weir::selector::logfmt::{self, Logfmt};
use weir::selector::{Found, Part, Selector};

/// Finds the parts of a record and looks at each.
fn select(mut selector: impl Selector, items: usize, record: &[u8]) {
    let (mut parts, mut more, mut made) = (vec![Part::Unsaid; items], Vec::new(), Vec::new());
    selector.select(record, &mut Found::new(&mut parts, &mut more, &mut made));
    for part in parts.iter().chain(more.iter().map(|(_, part)| part)) {
        match *part {
            Part::Within(start, end) => assert!(record.get(start..end).is_some()),
            Part::Made(start, end) => assert!(made.get(start..end).is_some()),
            Part::Unsaid => (),
            Part::Lacks(lack) => assert!(!lack.to_string().is_empty()),
        }
    }
}

fuzz_target!(|input: (&str, &[u8], &[u8])| {
    let (sel, separator, record) = input;
    if let Ok(items) = field::parse(sel) {
        let separator = Separator::new(separator).unwrap_or(Separator::Blanks);
        select(Fields::new(items.clone(), separator, b" ".to_vec()), items.len(), record);
    }
    if let Ok(items) = access_log::parse(sel) {
        select(AccessLog::new(items.clone()), items.len(), record);
    }
    if let Ok(keys) = logfmt::parse(sel) {
        select(Logfmt::new(keys.clone()), keys.len(), record);
    }
});
