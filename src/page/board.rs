//! What the engine's threads leave for the page's: the last batches, until they are taken.
//!
//! Leaving something takes a lock that the other side holds for as long as it takes to swap two pointers.
//! What the page's thread has not taken when so much more has come is forgotten, the oldest first: nobody
//! waits for it, and it cannot pile up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::rows::Rows;
use super::run::Run;
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::metrics::Metrics;
use crate::metrics::batch::Batch;
use crate::report::Report;
use crate::report::viewer::Viewer;

/// So many batches wait at most.
const KEPT: usize = 64;

/// A batch as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What it was.
    pub batch: Batch,
    /// The first rows of its report, if one was due with it.
    pub rows: Option<Rows>,
    /// How many records of the input were not read yet, if that is known.
    pub behind: Option<u64>,
    /// How many datagrams were lost by then.
    pub lost: u64,
}

/// What has come since it was taken last.
#[derive(Debug, Default)]
pub struct News {
    /// True if records can come.
    pub begun: bool,
    /// The batches, the oldest first.
    pub batches: VecDeque<Shown>,
    /// Rows that are not of a batch, because batches do not end by the clock.
    pub rows: Option<Rows>,
}

/// Where it waits.
#[derive(Debug, Default)]
pub struct Inbox {
    news: Mutex<News>,
    /// Told when there is something.
    come: Notify,
}

impl Inbox {
    /// Waits until there is something, and takes it.
    pub async fn next(&self) -> News {
        self.come.notified().await;
        self.take()
    }

    /// Takes what there is.
    pub fn take(&self) -> News {
        std::mem::take(&mut *self.news())
    }

    fn leave(&self, act: impl FnOnce(&mut News)) {
        act(&mut self.news());
        self.come.notify_one();
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the page's thread asks of the rest of the program.
pub struct Hall {
    /// What is known from the start.
    pub run: Run,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What the engine leaves.
    pub inbox: Arc<Inbox>,
    /// The host that was typed.
    pub host: String,
}

/// The viewer that leaves what it is shown.
pub struct Board {
    inbox: Arc<Inbox>,
    metrics: Arc<Metrics>,
    has_clock: bool,
    by: usize,
    /// The rows of the batch that is open.
    rows: Option<Rows>,
}

impl Board {
    /// Nothing has been shown yet.
    pub fn new(run: &Run, metrics: &Arc<Metrics>) -> Board {
        let (has_clock, by, metrics) = (run.has_clock(), run.by, Arc::clone(metrics));
        Board { inbox: Arc::default(), metrics, has_clock, by, rows: None }
    }

    /// Where it leaves what it is shown.
    pub fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    fn keep(&mut self, rows: Rows) {
        match self.has_clock {
            true => self.rows = Some(rows),
            // Whoever waits for the next second finds them then.
            false => self.inbox.news().rows = Some(rows),
        }
    }
}

impl Viewer for Board {
    fn begins(&mut self) {
        self.inbox.leave(|news| news.begun = true);
    }

    fn report(&mut self, time: Stamp, report: &Report) {
        self.keep(Rows::of(time, report, self.by));
    }

    fn records(&mut self, chunk: &Chunk) {
        let rows = Rows::of_records(chunk);
        match self.has_clock {
            true => self.rows = Some(rows.behind(self.rows.take())),
            false => self.keep(rows),
        }
    }

    fn batch(&mut self, batch: &Batch) {
        let behind = self.metrics.behind.get();
        let behind = (!behind.is_empty()).then(|| behind.values().sum());
        let lost = self.metrics.links.get().lost.unwrap_or(0);
        let shown = Shown { batch: *batch, rows: self.rows.take(), behind, lost };
        self.inbox.leave(|news| {
            if news.batches.len() == KEPT {
                news.batches.pop_front();
            }
            news.batches.push_back(shown);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::run::tests::run;
    use crate::report::{Selection, Sort};

    #[test]
    fn what_nobody_takes_does_not_pile_up() {
        let mut board = Board::new(&run(), &Arc::default());
        for time in 0..1000 {
            let report = Selection::all(Sort::Value).collector(1).finish().unwrap();
            board.report(Stamp(time), &report);
            board.batch(&Batch { time: Stamp(time), ..Batch::default() });
        }
        let news = board.inbox().take();
        assert_eq!(news.batches.len(), KEPT);
        let newest = news.batches.back().unwrap();
        assert_eq!(
            (newest.batch.time, newest.rows.as_ref().unwrap().time),
            (Stamp(999), Stamp(999))
        );
        assert!(board.inbox().take().batches.is_empty());
    }

    #[test]
    fn a_batch_without_a_report_of_its_own_has_no_rows() {
        let mut board = Board::new(&run(), &Arc::default());
        let report = Selection::all(Sort::Value).collector(1).finish().unwrap();
        board.report(Stamp(1), &report);
        board.batch(&Batch { time: Stamp(1), ..Batch::default() });
        board.batch(&Batch { time: Stamp(2), ..Batch::default() });
        let rows = board.inbox().take().batches.into_iter().map(|shown| shown.rows.is_some());
        assert_eq!(rows.collect::<Vec<_>>(), [true, false]);
    }
}
