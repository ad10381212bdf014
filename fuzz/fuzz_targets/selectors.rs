//! Selectors: any SEL, any record. What is found stands in the record, or was made.
//!
//! SEL, the separator and the record, a NUL between them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::selector::access_log::{self, AccessLog};
use weir::selector::csv::column::{self, names, resolved};
use weir::selector::csv::{Between, Csv};
use weir::selector::field::{self, Fields, Separator};
use weir::selector::json::{self, Json};
use weir::selector::logfmt::{self, Logfmt};
use weir::selector::{Found, Part, Selector};

/// Finds the parts of a record and looks at each.
fn select(mut selector: impl Selector, items: usize, record: &[u8]) {
    let (mut parts, mut rows, mut made) = (vec![Part::Unsaid; items], Vec::new(), Vec::new());
    selector.select(record, &mut Found::new(&mut parts, &mut rows, &mut made));
    assert!(selector.is_many() || rows.is_empty());
    assert_eq!(rows.len() % items.max(1), 0);
    for part in parts.iter().chain(&rows) {
        match *part {
            Part::Within(start, end) => assert!(record.get(start..end).is_some()),
            Part::Made(start, end) => assert!(made.get(start..end).is_some()),
            Part::Unsaid => (),
            Part::Lacks(lack) => {
                assert!(!lack.to_string().is_empty());
                assert!(lack.byte().is_none_or(|byte| byte <= record.len()));
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (Ok(sel), separator, record) = (std::str::from_utf8(part()), part(), part()) else {
        return;
    };
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
    if let Ok(paths) = json::path::parse(sel)
        && json::path::must_go_together(&paths).is_ok()
    {
        let count = paths.len();
        select(Json::new(paths), count, record);
    }
    if let (Ok(columns), Ok(between)) = (column::parse(sel), Between::new(separator)) {
        let named = names(record, separator).ok().and_then(|names| resolved(&columns, &names).ok());
        let columns = named.unwrap_or(columns);
        select(Csv::new(columns.clone(), between, b" ".to_vec()), columns.len(), record);
    }
});
