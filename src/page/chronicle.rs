//! What the page's thread knows: the last batches as messages for browsers, and how the run stands.
//!
//! ```text
//! batches   ... 118 | 119 | 120        each made into a message once, whoever reads it
//! listener A reads   ^      next
//! listener B                     ^     has all, and waits to be called
//! ```
//!
//! A listener knows the number of the message that comes next for it, and nothing is kept for it. What is
//! older than the messages that are kept, it does not see. Only one thread comes here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::board::{Hall, News, Shown};
use super::delays::Delays;
use super::machine;
use super::rows::Rows;
use super::verdict::{LOOKED_AT, Verdict, busy, verdict};
use crate::clock::{Stamp, Stopwatch};
use crate::metrics::Counter;
use crate::metrics::batch::{Batch, Taken};
use crate::metrics::flow::Flow;
use crate::metrics::link::Link;

/// So many batches are kept.
const KEPT: usize = 120;

/// The page's thread's memory.
pub struct Chronicle {
    /// What is asked of the rest of the program.
    pub hall: Hall,
    /// How long batches took.
    pub delays: Delays,
    /// True once records can come.
    begun: bool,
    /// Runs since the last batch has ended, or the run begun.
    last: Stopwatch,
    uptime: Stopwatch,
    batches: VecDeque<Kept>,
    /// The number of the next batch.
    next: u64,
    /// How many batches have ended, in this run.
    ended: u64,
    /// How often the standing was told, and how it was then.
    told: (u64, Bytes),
    /// The records when a second was sampled last, where batches do not end by the clock.
    sampled: Taken,
    /// Rows that are to be shown with the next such second.
    rows: Option<Rows>,
    listeners: BTreeMap<u64, Option<Waker>>,
    next_listener: u64,
}

/// A batch that is kept.
struct Kept {
    shown: Shown,
    json: Value,
    message: Bytes,
}

impl Chronicle {
    /// Nothing has happened yet.
    pub fn new(hall: Hall) -> Chronicle {
        Chronicle {
            hall,
            delays: Delays::default(),
            begun: false,
            last: Stopwatch::start(),
            uptime: Stopwatch::start(),
            batches: VecDeque::new(),
            next: 0,
            ended: 0,
            told: (0, Bytes::new()),
            sampled: Taken::default(),
            rows: None,
            listeners: BTreeMap::new(),
            next_listener: 0,
        }
    }

    /// Takes in what the engine has left.
    pub fn take(&mut self, news: News) {
        if news.begun {
            (self.begun, self.last) = (true, Stopwatch::start());
        }
        for shown in news.batches {
            self.ended += 1;
            self.delays.note(&shown.batch);
            self.last = Stopwatch::start();
            // Where they do not end by the clock seconds are shown instead.
            if self.hall.run.has_clock() {
                self.push(shown);
            }
        }
        self.rows = news.rows.or(self.rows.take());
        self.call();
    }

    /// A second has passed: tells how the run stands, if anybody listens.
    pub fn tick(&mut self) {
        if !self.hall.run.has_clock() {
            let news = self.hall.inbox.take();
            self.take(news);
            self.sample();
        }
        if !self.listeners.is_empty() {
            self.told = (self.told.0 + 1, self.standing_message());
            self.call();
        }
    }

    /// Where batches do not end by the clock, what has come within a second stands for one.
    fn sample(&mut self) {
        let rows = self.rows.take();
        let all = Taken::of(&self.hall.metrics);
        let taken = all.since(std::mem::replace(&mut self.sampled, all));
        let passed = self.uptime.elapsed().as_millis() as i64;
        let time = Stamp(self.hall.run.started.0 + passed);
        let batch = Batch { time, taken, ..Batch::default() };
        self.push(Shown { batch, rows, ..Shown::default() });
    }

    fn push(&mut self, shown: Shown) {
        let json = self.json(&shown);
        let id = format!("{}/{}", self.hall.run.id(), self.next);
        let message = Bytes::from(format!("id: {id}\nevent: batch\ndata: {json}\n\n"));
        self.next += 1;
        if self.batches.len() == KEPT {
            self.batches.pop_front();
        }
        self.batches.push_back(Kept { shown, json, message });
    }

    fn json(&self, Shown { batch, rows, behind, .. }: &Shown) -> Value {
        let millis = |span: Duration| span.as_micros() as f64 / 1000.0;
        let run = &self.hall.run;
        let (taken, timed) = (batch.taken, run.has_clock());
        json!({
            "time_ms": batch.time.0,
            "records": taken.records,
            "bytes": taken.bytes,
            "bad": taken.bad,
            "dropped": taken.filtered,
            "passed_unread": taken.late_batches,
            "rows": batch.rows,
            "keys": batch.keys,
            "scheduling_delay_ms": timed.then(|| millis(batch.scheduling)),
            "processing_ms": timed.then(|| millis(batch.processing)),
            "total_delay_ms": timed.then(|| millis(batch.total())),
            "busy": timed.then(|| busy(run, batch)),
            "behind": behind,
            "report": rows.as_ref().map(Rows::json),
        })
    }

    /// The last batches, the oldest first, as JSON.
    pub fn batches(&self) -> Value {
        json!({ "batches": self.batches.iter().map(|kept| &kept.json).collect::<Vec<_>>() })
    }

    /// How many batches have ended.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// The last batch, if one has ended.
    pub fn newest(&self) -> Option<&Batch> {
        let newest = self.batches.back().filter(|_| self.hall.run.has_clock());
        newest.map(|kept| &kept.shown.batch)
    }

    /// True if records can come.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// How many browsers listen.
    pub fn listeners(&self) -> usize {
        self.listeners.len()
    }

    /// How the run is doing.
    pub fn verdict(&self) -> Verdict {
        let last = self.batches.range(self.batches.len().saturating_sub(LOOKED_AT)..);
        let last: Vec<_> = last.map(|kept| &kept.shown).collect();
        verdict(&self.hall.run, self.begun, &last, self.last.elapsed())
    }

    /// How the run stands, as JSON.
    pub fn standing(&self) -> Value {
        let metrics = &self.hall.metrics;
        let (verdict, memory, said) = (self.verdict(), machine::memory(), metrics.links.get());
        let link =
            |link: &Link| json!({ "name": link.name, "up": link.is_up, "error": link.error });
        let flow = |flow: &Arc<Flow>| {
            let [out, dropped, bad] = [&flow.left, &flow.dropped, &flow.bad].map(Counter::get);
            json!({ "out": out, "dropped": dropped, "bad": bad })
        };
        json!({
            "verdict": { "state": verdict.state.word(), "text": verdict.text },
            "uptime_ms": self.uptime.elapsed().as_millis() as u64,
            "batches": self.ended,
            "records": metrics.records.get(),
            "bytes": metrics.bytes.get(),
            "bad": metrics.bad.get(),
            "dropped": metrics.filtered.get(),
            "rows": metrics.rows.get(),
            "passed_unread": metrics.late_batches.get(),
            "keys": self.newest().and_then(|batch| batch.keys),
            "memory_bytes": memory.now,
            "memory_peak_bytes": memory.peak,
            "checkpoint": metrics.stored().map(|stored| json!({
                "bytes": stored.bytes,
                "commits": stored.commits,
                "commit_ms": stored.micros as f64 / 1000.0,
            })),
            "steps": metrics.flows.get().iter().map(flow).collect::<Vec<_>>(),
            "source": {
                "waiting": said.waiting,
                "links": said.links.iter().map(link).collect::<Vec<_>>(),
                "lost_datagrams": said.lost,
            },
            "behind": metrics.behind.get(),
            "last_bad": metrics.reasons.get(),
        })
    }

    fn standing_message(&self) -> Bytes {
        Bytes::from(format!("event: standing\ndata: {}\n\n", self.standing()))
    }

    /// Takes in somebody who listens: who it is, the first message, and what it has not read yet. `seen` is
    /// the last message that it has read on an earlier connection.
    pub fn listen(&mut self, seen: Option<&str>) -> (Listener, Bytes) {
        let (id, number) = (self.hall.run.id(), self.next_listener);
        self.next_listener += 1;
        self.listeners.insert(number, None);
        let oldest = self.next - self.batches.len() as u64;
        // What was read of another run says nothing of this one.
        let seen = seen.and_then(|seen| seen.strip_prefix(&*id)?.strip_prefix('/')?.parse().ok());
        let next = seen.map_or(oldest, |seen: u64| seen.saturating_add(1).clamp(oldest, self.next));
        let standing = self.standing();
        let first = format!(
            "retry: 1000\nevent: run\ndata: {}\n\nevent: standing\ndata: {standing}\n\n",
            self.hall.run.json()
        );
        (Listener { number, next, told: self.told.0 }, Bytes::from(first))
    }

    /// What comes next for somebody who listens; if there is nothing, `waker` is called when there is.
    pub fn next(&mut self, listener: &mut Listener, waker: &Waker) -> Option<Bytes> {
        let oldest = self.next - self.batches.len() as u64;
        listener.next = listener.next.max(oldest);
        if let Some(kept) = self.batches.get((listener.next - oldest) as usize) {
            listener.next += 1;
            return Some(kept.message.clone());
        }
        if listener.told < self.told.0 {
            listener.told = self.told.0;
            return Some(self.told.1.clone());
        }
        self.listeners.insert(listener.number, Some(waker.clone()));
        None
    }

    /// Somebody does not listen any more.
    pub fn leave(&mut self, listener: &Listener) {
        self.listeners.remove(&listener.number);
    }

    fn call(&mut self) {
        self.listeners.values_mut().filter_map(Option::take).for_each(Waker::wake);
    }
}

/// Somebody who listens, and what comes next for it.
#[derive(Debug)]
pub struct Listener {
    number: u64,
    next: u64,
    told: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::run::tests::run;

    fn chronicle() -> Chronicle {
        let hall = Hall {
            run: run(),
            metrics: Arc::default(),
            inbox: Arc::default(),
            host: String::new(),
        };
        Chronicle::new(hall)
    }

    fn end_batches(chronicle: &mut Chronicle, times: std::ops::Range<i64>) {
        let shown = |time| Shown {
            batch: Batch { time: Stamp(time), ..Batch::default() },
            ..Shown::default()
        };
        chronicle.take(News { begun: true, batches: times.map(shown).collect(), rows: None });
    }

    /// The Times of all batches that a listener is told of now.
    fn told(chronicle: &mut Chronicle, listener: &mut Listener) -> Vec<i64> {
        let messages = std::iter::from_fn(|| chronicle.next(listener, Waker::noop()));
        let times = messages.filter_map(|message| {
            let text = String::from_utf8(message.to_vec()).unwrap();
            let data = text.split("event: batch\ndata: ").nth(1)?.to_string();
            serde_json::from_str::<Value>(&data).unwrap()["time_ms"].as_i64()
        });
        times.collect()
    }

    #[test]
    fn who_listens_is_told_what_there_was_and_then_what_comes() {
        let mut chronicle = chronicle();
        end_batches(&mut chronicle, 0..3);
        let (mut listener, first) = chronicle.listen(None);
        assert!(first.starts_with(b"retry: 1000\nevent: run\ndata: {"));
        assert_eq!(told(&mut chronicle, &mut listener), [0, 1, 2]);
        assert_eq!(told(&mut chronicle, &mut listener), [0; 0]);
        end_batches(&mut chronicle, 3..5);
        assert_eq!(told(&mut chronicle, &mut listener), [3, 4]);
        chronicle.leave(&listener);
        assert_eq!(chronicle.listeners(), 0);
    }

    #[test]
    fn who_reads_too_slowly_misses_the_oldest() {
        let mut chronicle = chronicle();
        let (mut listener, _) = chronicle.listen(None);
        end_batches(&mut chronicle, 0..1000);
        let times = told(&mut chronicle, &mut listener);
        assert_eq!((times.len(), times[0], times[KEPT - 1]), (KEPT, 1000 - KEPT as i64, 999));
    }

    #[test]
    fn who_comes_again_is_told_what_it_has_missed_unless_the_run_is_another() {
        let mut chronicle = chronicle();
        end_batches(&mut chronicle, 0..5);
        let again = |chronicle: &mut Chronicle, seen: String| {
            let (mut listener, _) = chronicle.listen(Some(&seen));
            told(chronicle, &mut listener)
        };
        let id = chronicle.hall.run.id();
        assert_eq!(again(&mut chronicle, format!("{id}/2")), [3, 4]);
        assert_eq!(again(&mut chronicle, format!("{id}/99")), [0; 0]);
        for other in ["1-1/2".to_string(), "2".to_string(), format!("{id}2/2"), format!("{id}/x")] {
            assert_eq!(again(&mut chronicle, other), [0, 1, 2, 3, 4]);
        }
    }
}
