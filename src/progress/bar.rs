//! What the line looks like: indicatif lays it out and reckons the time that is left, and what it draws is
//! taken down here, for [`crate::say`] to write.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{
    BinaryBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle,
    TermLike,
};

use super::meter::Reading;
use crate::metrics::Extent;
use crate::units::named;

/// A terminal of at least so many columns has a bar, and none is wider than the other.
const WIDTHS: (u16, u16) = (60, 100);
/// What the percents take, and what a bar takes with what stands around it, if it is to show anything.
const TAKEN: (usize, usize) = (5, 18);
/// The bar's fill, head and rest.
const BAR: &str = "=> ";

/// The line.
pub struct Bar {
    bar: ProgressBar,
    paper: Paper,
    /// The template that is used.
    style: &'static str,
}

impl Bar {
    /// One that was not drawn yet.
    pub fn new() -> Bar {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let bar = ProgressBar::with_draw_target(Some(0), target);
        Bar { bar, paper, style: "" }
    }

    /// Its text, on a terminal so wide.
    pub fn text(&mut self, reading: &Reading, columns: u16) -> String {
        let room = columns.min(WIDTHS.1).saturating_sub(1);
        self.paper.get().columns = room;
        match reading.extent {
            Some(extent) => self.with_end(reading, extent, columns),
            None => self.without_end(reading, room.into()),
        }
        self.bar.force_draw();
        self.paper.get().text.trim_end().to_string()
    }

    fn with_end(&mut self, reading: &Reading, extent: Extent, columns: u16) {
        self.set_style(match columns {
            narrow if narrow < WIDTHS.0 => "{percent:>3}% {msg}",
            _ => "{percent:>3}% [{wide_bar}] {msg}",
        });
        self.bar.set_length(extent.total.max(extent.done));
        self.bar.set_position(extent.done);
        let show = |count| match extent.in_records {
            true => HumanCount(count).to_string(),
            false => BinaryBytes(count).to_string(),
        };
        let amount = format!("{} of {}", show(extent.done), show(extent.total));
        let left = match self.bar.eta() {
            // What has not moved yet tells nothing.
            Duration::ZERO => String::new(),
            left => format!("{:#} left", HumanDuration(left)),
        };
        self.bar.set_message(beside_percents([&amount, &rate(reading), &left], columns));
    }

    fn without_end(&mut self, reading: &Reading, room: usize) {
        self.set_style("{msg}");
        let records = counted(reading.records, "record");
        let bytes = BinaryBytes(reading.bytes).to_string();
        let elapsed = format!("{:#}", HumanDuration(reading.elapsed));
        let rate = rate(reading);
        let choices: [&[&str]; 4] = [
            &[&records, &bytes, &rate, &elapsed],
            &[&records, &rate, &elapsed],
            &[&records, &rate],
            &[&rate],
        ];
        self.bar.set_message(fitting(&choices, room));
    }

    fn set_style(&mut self, style: &'static str) {
        if self.style != style {
            let laid_out =
                ProgressStyle::with_template(style).expect("the template is well formed");
            self.bar.set_style(laid_out.progress_chars(BAR));
            self.style = style;
        }
    }
}

/// What is said behind the percents of amount, rate and what is left, on a terminal so wide.
fn beside_percents([amount, rate, left]: [&str; 3], columns: u16) -> String {
    let taken = if columns < WIDTHS.0 { TAKEN.0 } else { TAKEN.1 };
    let room = usize::from(columns.min(WIDTHS.1)).saturating_sub(taken + 1);
    fitting(&[&[amount, rate, left], &[rate, left], &[left]], room)
}

fn rate(reading: &Reading) -> String {
    format!("{}/s", counted(reading.rate as u64, "record"))
}

fn counted(count: u64, what: &str) -> String {
    format!("{} {}", HumanCount(count), named(count, what))
}

/// The first of the choices for which there is room: half a number would be a wrong one.
fn fitting(choices: &[&[&str]], room: usize) -> String {
    let mut texts = choices.iter().map(|parts| {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    });
    texts.find(|text| text.len() <= room).unwrap_or_default()
}

/// What takes down a line instead of drawing it.
#[derive(Clone, Debug, Default)]
struct Paper(Arc<Mutex<Sheet>>);

#[derive(Debug, Default)]
struct Sheet {
    text: String,
    columns: u16,
}

impl Paper {
    fn get(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for Paper {
    fn width(&self) -> u16 {
        self.get().columns
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.get().text.push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.get().text.clear();
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(extent: Option<Extent>) -> Reading {
        let elapsed = Duration::from_secs(12);
        Reading { records: 1_234_567, bytes: 5 << 30, rate: 98_765.4, elapsed, extent }
    }

    #[test]
    fn where_the_end_is_known_there_is_a_bar() {
        let mut bar = Bar::new();
        let text = bar.text(&reading(Some(Extent::bytes(1 << 30, 4 << 30))), 80);
        assert!(text.starts_with(" 25% [===="), "{text}");
        assert!(text.contains("] 1.00 GiB of 4.00 GiB, 98,765 records/s"), "{text}");
        assert!(text.len() <= 79, "{text}");
        let text = bar.text(&reading(Some(Extent::bytes(4 << 30, 4 << 30))), 300);
        assert!(text.starts_with("100% [=====") && text.len() <= 99, "{text}");
    }

    #[test]
    fn nothing_that_is_said_is_cut_whatever_the_width() {
        let parts = ["1.00 GiB of 4.00 GiB", "98,765 records/s", "36s left"];
        let table = [(120, 0), (80, 0), (60, 1), (40, 1), (25, 2), (10, 3)];
        for (columns, first) in table {
            let said = beside_percents(parts, columns);
            assert_eq!(said, parts[first..].join(", "), "{columns}");
            let bar = if columns < WIDTHS.0 { 0 } else { "[=========>] ".len() };
            assert!(" 25% ".len() + bar + said.len() < usize::from(columns), "{columns}");
        }
        let said = [80, 50, 40, 20, 9].map(|columns| Bar::new().text(&reading(None), columns));
        let wanted = [
            "1,234,567 records, 5.00 GiB, 98,765 records/s, 12s",
            "1,234,567 records, 98,765 records/s, 12s",
            "1,234,567 records, 98,765 records/s",
            "98,765 records/s",
            "",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_narrow_terminal_has_none() {
        let text = Bar::new().text(&reading(Some(Extent::records(1, 4))), 40);
        assert!(text.starts_with(" 25% 1 of 4, 98,765 records/s"), "{text}");
    }

    #[test]
    fn where_no_end_is_known_there_is_a_rate() {
        let text = Bar::new().text(&reading(None), 80);
        assert_eq!(text, "1,234,567 records, 5.00 GiB, 98,765 records/s, 12s");
    }
}
