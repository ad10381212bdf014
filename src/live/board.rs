//! What there is to be seen: some rows of the last report, and what its batch was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::format::Shape;
use crate::metrics::Metrics;
use crate::metrics::batch::Batch;
use crate::report::Report;
use crate::report::value::{Text, Value};

/// More rows than this no window has.
pub const ROWS: usize = 512;
/// So many bytes of a key or a record are kept: more than a line of a window has.
const BYTES: usize = 4096;

/// What is the same for the whole run.
pub struct About {
    /// The command, as it was typed.
    pub title: String,
    /// Whether rows have keys.
    pub shape: Shape,
    /// True if there is no aggregate: records pass, and the last ones are seen.
    pub passes: bool,
    /// What the values of a row are called.
    pub columns: Vec<String>,
    /// The value that rows are ordered by, which the bars show.
    pub by: usize,
    /// How a Time is written.
    pub clockface: Clockface,
    /// How long a batch is.
    pub interval: Duration,
    /// True if the terminal shows more than ASCII.
    pub is_utf8: bool,
}

/// A row of a report, or a record without values.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its key, or the record; nothing if the key is missing.
    pub key: Option<Box<[u8]>>,
    /// Its values.
    pub values: Vec<Value>,
}

/// What there is to be seen.
pub struct Board {
    /// What is the same for the whole run.
    pub about: About,
    /// What is counted meanwhile.
    pub metrics: Arc<Metrics>,
    /// True once the source is open.
    pub has_begun: bool,
    /// The Time of the report.
    pub time: Option<Stamp>,
    /// The first rows of the report, or the last records.
    pub lines: VecDeque<Line>,
    /// True if there are rows that are not among these.
    pub has_more: bool,
    /// The last batch that is out.
    pub batch: Option<Batch>,
}

impl Board {
    /// Nothing yet.
    pub fn new(about: About, metrics: Arc<Metrics>) -> Board {
        Board {
            about,
            metrics,
            has_begun: false,
            time: None,
            lines: VecDeque::new(),
            has_more: false,
            batch: None,
        }
    }

    /// Records can come.
    pub fn begins(&mut self) {
        self.has_begun = true;
    }

    /// A report is made.
    pub fn report(&mut self, time: Stamp, report: &Report) {
        self.time = Some(time);
        if self.about.passes {
            return;
        }
        self.has_more = report.len() > ROWS;
        self.lines.clear();
        let rows = report.pieces().flat_map(|piece| piece.rows());
        self.lines.extend(
            rows.take(ROWS)
                .map(|(key, values)| Line { key: key.map(cut), values: values.to_vec() }),
        );
    }

    /// Records are written as they come: the last ones are seen.
    pub fn records(&mut self, chunk: &Chunk) {
        self.time = Some(chunk.time);
        let first = chunk.keys.len().saturating_sub(ROWS);
        for row in first..chunk.keys.len() {
            let (key, value) = (chunk.key(row), chunk.value(row));
            let text = |bytes: &[u8]| Value::Bytes(Box::new(Text(cut(bytes))));
            self.lines.push_back(Line {
                key: key.map(cut),
                values: value.map(text).into_iter().collect(),
            });
        }
        let beyond = self.lines.len().saturating_sub(ROWS);
        self.lines.drain(..beyond);
        self.has_more = false;
    }

    /// A batch is out.
    pub fn batch(&mut self, batch: &Batch) {
        self.batch = Some(*batch);
    }
}

/// As much as a line has room for.
fn cut(bytes: &[u8]) -> Box<[u8]> {
    bytes[..bytes.len().min(BYTES)].into()
}
