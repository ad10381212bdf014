//! Frames of boards and windows of all sizes.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::live::board::About;
use crate::metrics::batch::{Batch, Taken};

/// What begins a command to a terminal.
const ESCAPE: char = '\u{1b}';

fn board(shape: Shape, rows: &[(&[u8], &[Value])]) -> Board {
    let about = About {
        title: "weir listen 9999 --count-by-key".to_string(),
        shape,
        passes: shape == Shape::Records,
        columns: vec!["value".to_string()],
        by: 0,
        clockface: Clockface::new(true, Style::Rfc3339),
        interval: Duration::from_secs(2),
        is_utf8: true,
    };
    let mut board = Board::new(about, Arc::default());
    board.begins();
    board.time = Some(Stamp(1_544_488_280_000));
    let line = |(key, values): &(&[u8], &[Value])| Line {
        key: Some((*key).into()),
        values: values.to_vec(),
    };
    board.lines = rows.iter().map(line).collect();
    board
}

/// The lines without the columns that are named.
fn seen(board: &Board, said: &[&str], size: Size) -> Vec<String> {
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    let plain = |line: &String| {
        let mut text = String::new();
        let mut rest = line.as_str();
        while let Some((before, behind)) = rest.split_once("\x1b[") {
            text.push_str(before);
            let (column, behind) = behind.split_once('G').unwrap();
            let column: usize = column.parse().unwrap();
            let used = text.chars().count();
            assert!(used < column, "{line:?}");
            text.extend(std::iter::repeat_n(' ', column - 1 - used));
            rest = behind;
        }
        text + rest
    };
    lines(board, &said, size).iter().map(plain).collect()
}

#[test]
fn rows_have_bars_by_their_values() {
    let rows: [(&[u8], &[Value]); 3] =
        [(b"hello", &[Value::Int(8)]), (b"a", &[Value::Int(4)]), (b"\x1b[2J", &[Value::Int(-1)])];
    let mut board = board(Shape::Keyed, &rows);
    let taken = Taken { records: 12, bad: 1, ..Taken::default() };
    let batch =
        Batch { taken, keys: Some(3), scheduling: Duration::from_millis(7), ..Batch::default() };
    board.batch(&batch);
    let expected = [
        "weir listen 9999 --count-by-key",
        "2018-12-11 00:31:20   12 records (6/s)   1 bad   3 keys   out after 7 ms",
        "",
        "hello     8  ███████████████████████████",
        "a         4  █████████████▌",
        "\\x1b[2J  -1",
    ];
    let found = seen(&board, &[], (72, 10));
    let found: Vec<_> =
        found.iter().map(|line| line.chars().take(72).collect::<String>()).collect();
    let widths: Vec<_> = found.iter().map(|line| line.trim_end().to_string()).collect();
    assert_eq!(widths[..3], expected[..3]);
    let bars: Vec<_> =
        widths[3..].iter().map(|line| line.chars().filter(|c| *c == '█').count()).collect();
    assert_eq!(bars, [59, 29, 0]);
    assert!(widths[3].starts_with("hello     8  █") && widths[4].starts_with("a         4  █"));
    assert_eq!(widths[5], expected[5]);
    board.about.is_utf8 = false;
    assert!(seen(&board, &[], (30, 10))[3].ends_with("8  #################"));
}

#[test]
fn what_has_no_room_is_told_by_dots_and_messages_stand_at_the_bottom() {
    let rows: Vec<(&[u8], &[Value])> = vec![(b"key", &[Value::Int(1)]); 20];
    let board = board(Shape::Keyed, &rows);
    let found = seen(&board, &["one", "two", "three", "four"], (40, 12));
    assert_eq!(found.len(), 12);
    assert_eq!(found[7], "...");
    assert_eq!(found[8..], ["", "two", "three", "four"]);
    let found = seen(&board, &["one", "two"], (40, 6));
    assert_eq!(found[3..], ["key  1  ████████████████████████████████", "...", "two"]);
    let found = seen(&board, &["one"], (40, 4));
    assert_eq!(found[3..], ["..."], "rows come first");
}

#[test]
fn until_something_is_reported_it_is_told_what_is_waited_for_and_what_has_come() {
    let mut board = board(Shape::Keyed, &[]);
    (board.has_begun, board.time) = (false, None);
    let state = |board: &Board| seen(board, &[], (72, 10))[1].clone();
    assert_eq!(state(&board), "what was kept is read, and the source opened");
    board.begins();
    assert_eq!(state(&board), "waiting for the first batch, of 2s: 0 records so far");
    board.metrics.records.add(7);
    board.metrics.bad.add(2);
    assert_eq!(state(&board), "waiting for the first batch, of 2s: 7 records so far, 2 bad");
    // A window may be due later than a batch, and what is read to its end has no batches.
    board.batch(&Batch::default());
    assert_eq!(state(&board), "waiting for the first report: 7 records so far, 2 bad");
    (board.batch, board.about.interval) = (None, Duration::ZERO);
    assert_eq!(state(&board), "waiting for the first report: 7 records so far, 2 bad");
}

#[test]
fn of_records_the_last_ones_are_seen_and_of_sums_no_key() {
    let rows: [(&[u8], &[Value]); 3] = [(b"one", &[]), (b"two", &[]), (b"three", &[])];
    let found = seen(&board(Shape::Records, &rows), &[], (40, 5));
    assert_eq!(found[3..], ["two", "three"]);
    let found =
        seen(&board(Shape::Whole, &[(b"", &[Value::Int(5), Value::Float(2.5)])]), &[], (40, 5));
    assert!(found[3].starts_with("5  2.5  █"), "{found:?}");
}

#[test]
fn several_values_stand_in_columns_beneath_their_names() {
    let rows: [(&[u8], &[Value]); 2] = [
        (b"hello", &[Value::Int(1200), Value::Float(2.5)]),
        (b"a", &[Value::Int(7), Value::Float(30.25)]),
    ];
    let mut board = board(Shape::Keyed, &rows);
    board.about.columns = vec!["count".to_string(), "p99".to_string()];
    let found = seen(&board, &[], (40, 8));
    assert_eq!(found[2], "       count    p99");
    assert!(found[3].starts_with("hello   1200    2.5  █"), "{found:?}");
    assert!(found[4].starts_with("a          7  30.25  "), "{found:?}");
    assert_eq!(seen(&board, &[], (10, 8))[2..4], ["       co…", "hello   1…"], "{found:?}");
}

#[test]
fn the_last_frame_has_a_line_for_the_prompt_and_none_that_is_empty_at_its_end() {
    let board = board(Shape::Keyed, &[(b"key", &[Value::Int(1)])]);
    let text = last(&board, (40, 24));
    assert_eq!(text.lines().count(), 4);
    assert!(text.ends_with('\n'));
}

proptest! {
    #[test]
    fn no_frame_is_larger_than_its_window_and_no_key_is_obeyed(
        keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..30),
        value in any::<i64>(), columns in 1usize..60, rows in 1usize..30, said in any::<bool>(),
    ) {
        let values = [Value::Int(value)];
        let all: Vec<(&[u8], &[Value])> = keys.iter().map(|key| (&key[..], &values[..])).collect();
        for shape in [Shape::Keyed, Shape::Records, Shape::Whole] {
            let board = board(shape, &all);
            let said: &[&str] = if said { &["a message that is too long for some of the windows"] } else { &[] };
            let said: Vec<String> = said.iter().map(ToString::to_string).collect();
            let found = lines(&board, &said, (columns, rows));
            prop_assert!(found.len() <= rows, "{} of {}", found.len(), rows);
            for line in found {
                let is_obeyed = line.contains(|c: char| c.is_control() && c != ESCAPE);
                prop_assert!(!is_obeyed, "{:?}", line);
                // Only columns are named, and only such as there are.
                for part in line.split(ESCAPE).skip(1) {
                    let column = part.strip_prefix('[').and_then(|part| part.split_once('G'));
                    let column: usize = column.unwrap().0.parse().unwrap();
                    prop_assert!(column <= columns);
                }
            }
        }
    }
}
