//! A member of a group, without a checkpoint: the group says which partitions, and where they begin.
//!
//! ```text
//! librdkafka's callback    revoked                                   assigned
//! read                     cut ──> batch closed, printed, out ──> offsets committed, partitions let go ...
//! ```
//!
//! A batch cannot be finished within the callback, so that only notes what the group wants. The open batch is cut
//! short, and when it is out its offsets are committed and the partitions are let go: what another member begins
//! with is what comes behind them. So a record comes again only after a death, those of one batch at most.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer};

use super::Offsets;
use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::{Context, Error};
use crate::metrics::link::Said;
use crate::say::{detail, note, say};
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::Cluster;
use crate::source::kafka::direct::brokers::{Brokers, Turn};
use crate::source::kafka::direct::reading::Reading;
use crate::source::kafka::meant::Meant;
use crate::source::kafka::parts::{Kept, Parts};
use crate::source::kafka::start::Start;
use crate::source::kafka::topics::Topics;
use crate::source::{Form, Read, Source, Stage};

/// The pause between two looks whether the batch that was cut is out.
const PAUSE: Duration = Duration::from_millis(20);

/// The source.
pub struct Member {
    meant: Meant,
    group: String,
    offsets: Offsets,
    /// The mark of the last record that was read, of the last one in a batch that is closed, and of the last one
    /// that is out.
    last: Mark,
    closed: Mark,
    out: Mark,
    /// True once the group has assigned partitions.
    has_parts: bool,
    reading: Option<Reading<Brokers>>,
}

impl Member {
    /// A member that has not joined yet.
    pub fn new(meant: Meant, group: &str) -> Member {
        Member {
            meant,
            group: group.to_string(),
            offsets: Offsets::default(),
            last: Mark::default(),
            closed: Mark::default(),
            out: Mark::default(),
            has_parts: false,
            reading: None,
        }
    }

    /// Does what the group wants, one thing after the other; what is returned ends the read.
    fn turn(&mut self, wait: &mut dyn Wait, until: Stamp) -> Result<Option<Read>, Error> {
        loop {
            let reading = self.reading.as_ref().expect("it is open");
            match reading.brokers.turn() {
                None => return Ok(None),
                Some(Turn::Assigned(parts)) => self.assigned(&parts, wait)?,
                Some(Turn::Revoked) if self.last > self.closed => return Ok(Some(Read::Cut)),
                Some(Turn::Revoked) if self.last > self.out => {
                    let soon = wait.now().after(PAUSE);
                    wait.until(soon.min(until)).place("kafka")?;
                    return Ok(Some(Read::Idle));
                }
                Some(Turn::Revoked) => self.release(),
            }
            self.reading.as_ref().expect("it is open").brokers.done();
        }
    }

    /// Begins with partitions, each where the group has been, or else where `--from` says.
    fn assigned(&mut self, parts: &[(Arc<str>, i32)], wait: &mut dyn Wait) -> Result<(), Error> {
        let reading = self.reading.as_mut().expect("it is open");
        let brokers = &reading.brokers;
        let ranges = brokers.ranges(parts, wait)?;
        let start = self.meant.start();
        let timed = match start.time(wait.now()) {
            Some(millis) => brokers.at(parts, millis, wait)?,
            None => vec![None; parts.len()],
        };
        let committed = match parts.is_empty() {
            true => Vec::new(),
            false => brokers.committed(parts, wait)?,
        };
        let known = match committed.contains(&None) {
            true => known(brokers, &self.meant.topics, wait)?,
            false => HashSet::new(),
        };
        let (mut all, mut fresh) = (Parts::default(), 0);
        for (at, (topic, partition)) in parts.iter().enumerate() {
            let position = committed[at].unwrap_or_else(|| {
                // Of a topic that the group has read, a partition that it does not know was added.
                let is_known = known.contains(&**topic);
                fresh += usize::from(!is_known);
                (if is_known { Start::Earliest } else { start }).resolve(ranges[at], timed[at])
            });
            let end = if self.meant.once { ranges[at].high } else { i64::MAX };
            all.add(topic, *partition, Kept { position, last: None }, end);
        }
        reading.receive(all, wait.now()).place("kafka")?;
        reading.brokers.assign(&reading.parts)?;
        self.has_parts = true;
        // Where they begin is known to the group before anything is read, so that none is taken for new later.
        self.offsets.clear();
        self.offsets.close(self.out, &reading.parts);
        self.offsets.commit(self.out);
        self.commit(CommitMode::Async);
        self.say_assigned(parts.len(), fresh);
        Ok(())
    }

    fn say_assigned(&self, count: usize, fresh: usize) {
        let plural = if count == 1 { "" } else { "s" };
        let what = format!("group {}: {count} partition{plural}", self.group);
        match (fresh, self.meant.start) {
            (0, _) => detail(&format!("{what}, where the group was")),
            (_, Some(_)) => detail(&format!("{what}, {fresh} of them new to it")),
            (_, None) => {
                let from = if self.meant.once { "earliest" } else { "latest" };
                note(&format!(
                    "{what}, {fresh} of them new to it: from {from}; --from says otherwise"
                ));
            }
        }
    }

    /// Lets all partitions go; what was read of them is out.
    fn release(&mut self) {
        self.commit(CommitMode::Sync);
        self.offsets.clear();
        let reading = self.reading.as_mut().expect("it is open");
        reading.parts = Parts::default();
        // It fails only where the group has let go already.
        let _ = reading.brokers.consumer().unassign();
        detail(&format!("group {}: the partitions are given back", self.group));
    }

    fn commit(&self, mode: CommitMode) {
        let Some(reading) = &self.reading else { return };
        if let (Some(due), false) = (self.offsets.due(), reading.brokers.is_out()) {
            // Of a commit that is not waited for the context is told. One that is fails where the group has
            // given the partitions to others.
            if let Err(error) = reading.brokers.commit(&due, mode) {
                self.meant.voice.uncommitted(&error);
            }
        }
    }
}

/// The topics of which the group has read, whoever of its members did.
fn known(
    brokers: &Brokers,
    topics: &Topics,
    wait: &mut dyn Wait,
) -> Result<HashSet<String>, Error> {
    let found = brokers.partitions(topics, wait)?;
    let all: Vec<(Arc<str>, i32)> = found
        .iter()
        .flat_map(|(topic, numbers)| {
            let topic: Arc<str> = Arc::from(topic.as_str());
            numbers.iter().map(move |number| (Arc::clone(&topic), *number))
        })
        .collect();
    let committed = brokers.committed(&all, wait)?;
    let read = all.iter().zip(committed).filter(|(_, committed)| committed.is_some());
    Ok(read.map(|((topic, _), _)| topic.to_string()).collect())
}

impl Source for Member {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        if self.meant.keeps_state {
            say(&format!(
                "-G {}: state and windows do not move with partitions that go to another member",
                self.group
            ));
        }
        let bell = Bell::of(wait)?;
        let brokers = Brokers::connect(&(), &self.meant, Some(&self.group), &bell)?;
        // Topics that are not there are told at once; which partitions there are is the group's matter.
        let found = brokers.partitions(&self.meant.topics, wait)?;
        self.meant.say_unmatched(&found.keys().collect::<Vec<_>>());
        let typed = self.meant.topics.all();
        brokers
            .consumer()
            .subscribe(&typed)
            .map_err(|error| Error::Failed(format!("--topic {}: {error}", typed.join(","))))?;
        let reading = Reading::new(brokers, &bell, self.meant.rows(), self.meant.rate);
        self.reading = Some(reading.place("kafka")?);
        Ok(())
    }

    fn form(&self) -> Form {
        self.meant.form()
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        self.reading.as_ref().expect("the engine opens a source first").brokers.hear()?;
        if let Some(read) = self.turn(wait, until)? {
            return Ok(read);
        }
        let (on_reset, once) = (self.meant.on_reset, self.meant.once);
        let reading = self.reading.as_mut().expect("it is open");
        if once && self.has_parts && reading.parts.len() == 0 {
            return Ok(Read::End);
        }
        let read = reading.read(chunk, limit, on_reset, wait, until)?;
        if !chunk.is_empty() {
            self.last = chunk.mark;
        }
        Ok(read)
    }

    fn waiting(&self) -> String {
        self.meant.waiting()
    }

    fn links(&self, said: &mut Said) {
        said.links.push(self.meant.link());
    }

    fn behind(&self, note: &mut dyn FnMut(&str, u64)) {
        self.reading.iter().for_each(|reading| reading.behind(note));
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        let Some(reading) = &self.reading else { return Ok(()) };
        match stage {
            Stage::Closed => {
                self.closed = self.closed.max(mark);
                self.offsets.close(mark, &reading.parts);
            }
            Stage::Folded | Stage::Logged => {}
            Stage::Committed => {
                self.out = self.out.max(mark);
                if self.offsets.commit(mark) {
                    self.commit(CommitMode::Async);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.commit(CommitMode::Sync);
        if let Some(reading) = &self.reading {
            reading.brokers.leave();
        }
    }
}
