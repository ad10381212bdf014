//! Finding partitions and topics that appear while weir runs.
//!
//! A question to a broker waits for its answer, and nobody is to wait for this one: a thread asks, leaves the
//! answer and rings the bell. There is one such question at most.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stamp;
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::{Cluster, Found};
use crate::source::kafka::topics::Topics;

/// Asks again and again which partitions there are.
pub struct Watch {
    topics: Arc<Topics>,
    bell: Arc<Bell>,
    every: Duration,
    /// When the next question is due; never while one is open.
    due: Stamp,
    answer: Arc<Mutex<Option<Option<Found>>>>,
}

impl Watch {
    /// Asks for these topics, for the first time when `every` has passed.
    pub fn new(topics: &Arc<Topics>, bell: &Arc<Bell>, every: Duration, now: Stamp) -> Watch {
        let (topics, bell) = (Arc::clone(topics), Arc::clone(bell));
        Watch { topics, bell, every, due: now.after(every), answer: Arc::default() }
    }

    /// When the next question is due.
    pub fn due(&self) -> Stamp {
        self.due
    }

    /// Asks, if it is time to.
    pub fn ask(&mut self, cluster: &impl Cluster, now: Stamp) {
        if now < self.due {
            return;
        }
        self.due = Stamp::NEVER;
        let (bell, answer) = (Arc::clone(&self.bell), Arc::clone(&self.answer));
        cluster.look(&self.topics, move |found| {
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            bell.ring();
        });
    }

    /// What was found, if there is an answer; the next question is due later.
    pub fn answer(&mut self, now: Stamp) -> Option<Found> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.due = now.after(self.every);
        answer
    }
}
