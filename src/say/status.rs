//! The status line: a text below all messages that is drawn again and again in the same place.
//!
//! ```text
//! weir: a message
//! weir: another one           a message takes the line away, and draws it again below itself
//!  45% [####>     ] ...       the line, without a newline
//! ```
//!
//! Here is only what is written for that; who writes is [`super`]. Who prints where the line is drawn hides it
//! meanwhile ([`Status::hide`]), so that the two never mix. The cursor waits at the beginning of the line and it is
//! never broken at the margin, so it is taken away whole too when the terminal was made narrower, and some
//! terminals have broken it then.

/// To the first column, and erases all from there on; nothing else is below.
const ERASE: &str = "\r\x1b[J";
/// Has what does not fit be cut at the margin; what stood behind a text is erased, and others find all as it was.
const BEGIN: &str = "\r\x1b[?7l";
const END: &str = "\x1b[J\x1b[?7h\r";

/// The line, as far as it is drawn.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// What is drawn; nothing, if it is empty.
    drawn: String,
    /// How many write where it would be in the way, and what they have hidden.
    hidden: usize,
    covered: String,
    /// True if it is over when somebody has written there.
    yields: bool,
    is_over: bool,
}

impl Status {
    /// One that may be drawn from now on.
    pub(super) fn new(yields: bool) -> Status {
        Status { yields, ..Status::default() }
    }

    /// What draws a text in place of what is drawn, on a terminal so wide.
    pub(super) fn draw(&mut self, text: &str, columns: usize) -> String {
        if self.hidden > 0 || self.is_over {
            return String::new();
        }
        // A cursor behind the last column is not in the same place on all terminals.
        self.drawn = text.chars().take(columns.saturating_sub(1)).collect();
        self.line()
    }

    /// What is to be written before a message, and behind it.
    pub(super) fn around(&self) -> (String, String) {
        match self.drawn.is_empty() {
            true => (String::new(), String::new()),
            false => (ERASE.to_string(), self.line()),
        }
    }

    /// What takes it away until all have shown it again who hide it.
    pub(super) fn hide(&mut self) -> String {
        self.hidden += 1;
        if !self.drawn.is_empty() {
            self.covered.clone_from(&self.drawn);
        }
        self.erase()
    }

    /// One who has hidden it does so no longer. It is drawn when there is a new text, or `again` at once.
    pub(super) fn show(&mut self, again: bool) -> String {
        self.hidden = self.hidden.saturating_sub(1);
        self.is_over |= self.yields;
        match std::mem::take(&mut self.covered) {
            covered if again && !covered.is_empty() => self.draw(&covered, usize::MAX),
            _ => String::new(),
        }
    }

    /// What takes it away for good.
    pub(super) fn end(&mut self) -> String {
        self.is_over = true;
        self.erase()
    }

    fn line(&self) -> String {
        format!("{BEGIN}{}{END}", self.drawn)
    }

    fn erase(&mut self) -> String {
        let is_drawn = !std::mem::take(&mut self.drawn).is_empty();
        if is_drawn { ERASE.to_string() } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        format!("\r\x1b[?7l{text}\x1b[J\x1b[?7h\r")
    }

    #[test]
    fn a_line_is_drawn_over_the_one_before() {
        let mut status = Status::new(false);
        assert_eq!(status.draw("10%", 80), line("10%"));
        assert_eq!(status.draw("20%", 80), line("20%"));
        assert_eq!(status.end(), ERASE);
        assert_eq!((status.draw("30%", 80), status.end()), (String::new(), String::new()));
    }

    #[test]
    fn a_message_stands_above_it() {
        let mut status = Status::new(false);
        assert_eq!(status.around(), (String::new(), String::new()));
        status.draw("10%", 80);
        for _ in 0..2 {
            assert_eq!(status.around(), (ERASE.to_string(), line("10%")));
        }
    }

    #[test]
    fn it_is_not_drawn_while_somebody_prints() {
        let mut status = Status::new(false);
        status.draw("10%", 80);
        assert_eq!((status.hide(), status.hide()), (ERASE.to_string(), String::new()));
        assert_eq!(status.show(false), "");
        assert_eq!(status.draw("20%", 80), "");
        assert_eq!(status.show(false), "");
        assert_eq!(status.draw("30%", 80), line("30%"));
        status.hide();
        assert_eq!(status.show(true), line("30%"));
    }

    #[test]
    fn one_that_yields_is_over_when_somebody_has_printed() {
        let mut status = Status::new(true);
        status.draw("10%", 80);
        status.hide();
        assert_eq!((status.show(true), status.draw("20%", 80)), (String::new(), String::new()));
    }

    #[test]
    fn it_fits_the_terminal() {
        let mut status = Status::new(false);
        assert_eq!(status.draw("0123456789", 10), line("012345678"));
        assert_eq!(status.draw("0123456789", 11), line("0123456789"));
        assert_eq!(status.draw("ab", 0), line(""));
    }
}
