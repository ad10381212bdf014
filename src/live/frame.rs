//! A frame: all lines of a window, made of the board and the window's size alone, so that tables can test it.
//!
//! ```text
//! listen 9999 --split ' ' --count-by-key --window 60 --slide 10      the command
//! 2026-11-26 21:30:05   1204 records (120/s)   17 keys                the last batch
//!
//! hello   412  ████████████████████████████                          the rows, as far as there is room
//! world    97  ██████▌
//! ...                                                                there are more
//!
//! weir: a bad record is skipped: ...                                 what was said last, always at the foot
//! ```
//!
//! No line is longer than the window is wide, no frame higher: the terminal never scrolls. A bar begins in the same
//! column whatever stands before it, because the column is named and not counted.

use std::fmt::Write;

use super::board::{Board, Line};
use super::plain::put;
use crate::format::Shape;
use crate::format::python::{self, Object};
use crate::process::screen::Size;
use crate::report::value::Value;
use crate::units::{counted, show_duration};

/// So many lines stand above the rows: the command, the last batch, and what the values are called.
const HEAD: usize = 3;
/// Of what was said so many lines are shown, where there are rows enough; where there are few, one, or none.
const SAID: usize = 3;
const ENOUGH: usize = 12;
const FEW: usize = 5;
/// Eighths of a block.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// All that is sent to a terminal to show the board. A line is wiped and written at once, so that nothing flickers;
/// not behind it, where the wiping would take the last column of a line that is full.
pub fn drawn(board: &Board, said: &[String], size: Size) -> String {
    let (mut out, lines) = (String::from("\x1b[H"), lines(board, said, size));
    for (place, line) in lines.iter().enumerate() {
        out.push_str(if place > 0 { "\r\n\x1b[2K" } else { "\x1b[2K" });
        out.push_str(line);
    }
    if lines.len() < size.1 {
        out.push_str("\r\n\x1b[J");
    }
    out
}

/// The last report as ordinary lines, for the screen on which the command was typed.
pub fn last(board: &Board, (columns, rows): Size) -> String {
    let all = lines(board, &[], (columns, rows.saturating_sub(1)));
    let used = all.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    all[..used].iter().map(|line| format!("{line}\n")).collect()
}

/// The lines of a window of this size.
fn lines(board: &Board, said: &[String], (columns, rows): Size) -> Vec<String> {
    let cut = |text: &str| {
        let mut line = String::new();
        put(&mut line, text.as_bytes(), columns);
        line
    };
    let (most, gap) = match rows {
        0..FEW => (0, 0),
        FEW..ENOUGH => (1, 0),
        _ => (SAID, 1),
    };
    let said = &said[said.len().saturating_sub(most)..];
    let said: Vec<_> = said.iter().map(|text| cut(text)).collect();
    let below = if said.is_empty() { 0 } else { said.len() + gap };
    let (names, body) = body(board, columns, rows.saturating_sub(HEAD + below));
    let mut all = vec![cut(&board.about.title), cut(&state(board)), names];
    all.truncate(rows);
    all.extend(body);
    if !said.is_empty() {
        all.resize(rows - said.len(), String::new());
        all.extend(said);
    }
    all
}

/// What is waited for as long as nothing is reported.
fn waiting(board: &Board) -> String {
    if !board.has_begun {
        return "what was kept is read, and the source opened".to_string();
    }
    let (records, bad) = (board.metrics.records.get(), board.metrics.bad.get());
    let what = match board.about.interval {
        interval if board.batch.is_none() && !interval.is_zero() => {
            format!("the first batch, of {}", show_duration(interval))
        }
        _ => "the first report".to_string(),
    };
    let bad = if bad > 0 { format!(", {bad} bad") } else { String::new() };
    format!("waiting for {what}: {} so far{bad}", counted(records, "record"))
}

/// What the last batch was, in one line.
fn state(board: &Board) -> String {
    let Some(time) = board.time else { return waiting(board) };
    let mut at = Vec::new();
    board.about.clockface.python(&mut at, time);
    let mut line = String::from_utf8_lossy(&at).into_owned();
    let Some(batch) = &board.batch else { return line };
    let (taken, seconds) = (&batch.taken, board.about.interval.as_secs_f64());
    let _ = write!(line, "   {}", counted(taken.records, "record"));
    if seconds > 0.0 {
        let _ = write!(line, " ({:.0}/s)", taken.records as f64 / seconds);
    }
    let keys = batch.keys.unwrap_or(0);
    let also = [
        (taken.bad, format!("{} bad", taken.bad)),
        (taken.late_batches, format!("{} passed unread", counted(taken.late_batches, "batch"))),
        (keys, counted(keys, "key")),
    ];
    for (_, what) in also.iter().filter(|(count, _)| *count > 0) {
        let _ = write!(line, "   {what}");
    }
    let _ = write!(line, "   out after {} ms", batch.total().as_millis());
    line
}

/// What the values are called, and the rows, as far as there is room for them.
fn body(board: &Board, columns: usize, room: usize) -> (String, Vec<String>) {
    let is_tail = board.about.passes;
    let count = board.lines.len();
    let fits = count <= room && !board.has_more;
    let shown = if fits || is_tail { count.min(room) } else { room.saturating_sub(1).min(count) };
    // Of records that pass the last ones are seen.
    let first = if is_tail { count - shown } else { 0 };
    let rows: Vec<_> = board.lines.iter().skip(first).take(shown).collect();
    let (names, mut all) = match is_tail {
        true => (String::new(), rows.iter().map(|line| record(line, columns)).collect()),
        false => bars(board, &rows, columns),
    };
    if !fits && !is_tail && room > 0 {
        all.push("...".chars().take(columns).collect());
    }
    (names, all)
}

/// A record, or a pair with its value behind.
fn record(line: &Line, columns: usize) -> String {
    let mut out = String::new();
    let taken = put(&mut out, line.key.as_deref().unwrap_or(b"None"), columns);
    if let Some(value) = line.values.first().filter(|_| taken + 2 < columns) {
        out.push_str("  ");
        put(&mut out, text(value).as_bytes(), columns - taken - 2);
    }
    out
}

/// Keys, values and bars, and above the values what they are called.
fn bars(board: &Board, rows: &[&Line], columns: usize) -> (String, Vec<String>) {
    let about = &board.about;
    let values: Vec<Vec<String>> =
        rows.iter().map(|line| line.values.iter().map(text).collect()).collect();
    let lengths = rows.iter().map(|line| number(line, about.by));
    let lengths: Vec<f64> = lengths.map(|length| length.unwrap_or(0.0).max(0.0)).collect();
    let most = lengths.iter().copied().fold(0.0, f64::max);
    // One value needs no name.
    let names = if about.columns.len() > 1 { &about.columns[..] } else { &[] };
    let wide = |text: &[u8]| put(&mut String::new(), text, columns);
    let key = |line: &&Line| wide(line.key.as_deref().unwrap_or(b"None"));
    let has_keys = about.shape != Shape::Whole;
    // A key may have half of a window, values what they need.
    let keys = if has_keys { rows.iter().map(key).max().unwrap_or(0).min(columns / 2) } else { 0 };
    let mut places = Places { at: Vec::new(), end: keys + if has_keys { 2 } else { 0 } };
    for column in 0..values.iter().map(Vec::len).fold(names.len(), usize::max) {
        let texts = values.iter().map(Vec::as_slice).chain([names]);
        let texts = texts.filter_map(|texts| texts.get(column));
        places.add(texts.map(|text| wide(text.as_bytes())).max().unwrap_or(0));
    }
    let room = columns.saturating_sub(places.end);
    let line = |((line, values), length): ((&&Line, &Vec<String>), &f64)| {
        let mut out = String::new();
        if has_keys {
            put(&mut out, line.key.as_deref().unwrap_or(b"None"), keys);
        }
        places.put(&mut out, values, columns);
        if most > 0.0 && room > 0 {
            let _ = write!(out, "\x1b[{}G", places.end + 1);
            bar(&mut out, length / most, room, about.is_utf8);
        }
        out
    };
    let mut head = String::new();
    places.put(&mut head, names, columns);
    (head, rows.iter().zip(&values).zip(&lengths).map(line).collect())
}

/// Where the values of a row stand, whose last characters are in one column.
struct Places {
    /// The first column of each, and how wide it is.
    at: Vec<(usize, usize)>,
    /// The column behind them, with a gap between.
    end: usize,
}

impl Places {
    /// Adds one that is so wide.
    fn add(&mut self, width: usize) {
        self.at.push((self.end, width));
        self.end += width + 2;
    }

    /// Puts texts into their places, as far as a line of so many columns has room.
    fn put(&self, out: &mut String, texts: &[String], columns: usize) {
        let has_room = |(_, (at, _)): &(&String, &(usize, usize))| *at < columns;
        for (text, &(at, width)) in texts.iter().zip(&self.at).filter(has_room) {
            let wide = put(&mut String::new(), text.as_bytes(), columns);
            let indent = width.saturating_sub(wide).min(columns - at - 1);
            let _ = write!(out, "\x1b[{}G", at + indent + 1);
            put(out, text.as_bytes(), columns - at - indent);
        }
    }
}

/// A bar that takes such a part of the room.
fn bar(out: &mut String, part: f64, room: usize, is_utf8: bool) {
    match is_utf8 {
        true => {
            let eighths = (part * room as f64 * 8.0).round() as usize;
            out.extend(std::iter::repeat_n('█', eighths / 8));
            out.push_str(EIGHTHS[eighths % 8]);
        }
        false => out.extend(std::iter::repeat_n('#', (part * room as f64).round() as usize)),
    }
}

/// The number that a bar shows.
fn number(line: &Line, by: usize) -> Option<f64> {
    match line.values.get(by)? {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// A value as Python prints it.
fn text(value: &Value) -> String {
    let mut out = Vec::new();
    python::print(&mut out, Object::of(std::slice::from_ref(value)));
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
