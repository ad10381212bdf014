//! `--group-id`: offsets that are kept by the brokers too.
//!
//! ```text
//! without --checkpoint    a member: the group says which partitions, and where they begin
//! with --checkpoint       weir assigns, the checkpoint says where; offsets go to the group for lag monitors
//! ```
//!
//! Either way an offset goes to the group when the batch that its record is in is out, and not before.

pub mod member;
pub mod monitor;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rdkafka::TopicPartitionList;
use rdkafka::topic_partition_list::Offset;

use super::parts::Parts;
use crate::chunk::Mark;

/// A partition, by topic and number.
pub type Place = (Arc<str>, i32);

/// Positions on their way: noted when a batch is closed, due when it is out.
#[derive(Debug, Default)]
pub struct Offsets {
    /// Where each partition stood when a batch was closed last, in the order of the parts.
    seen: Vec<i64>,
    /// What had moved when a batch was closed, by the mark of its last record.
    closed: VecDeque<(Mark, Vec<(Place, i64)>)>,
    /// The last positions that are due.
    out: BTreeMap<Place, i64>,
}

impl Offsets {
    /// Notes where the partitions stand at the end of a batch whose records go up to `mark`.
    pub fn close(&mut self, mark: Mark, parts: &Parts) {
        let mut moved = Vec::new();
        self.seen.resize(parts.len(), -1);
        for (part, seen) in parts.iter().zip(&mut self.seen) {
            if std::mem::replace(seen, part.position) != part.position {
                moved.push(((Arc::clone(&part.topic), part.partition), part.position));
            }
        }
        if !moved.is_empty() {
            self.closed.push_back((mark, moved));
        }
    }

    /// Says that all records up to `mark` are out; true if positions are due now.
    pub fn commit(&mut self, mark: Mark) -> bool {
        let before = self.closed.len();
        while self.closed.front().is_some_and(|(closed, _)| *closed <= mark) {
            self.out.extend(self.closed.pop_front().into_iter().flat_map(|(_, moved)| moved));
        }
        self.closed.len() < before
    }

    /// Forgets all partitions: they are somebody else's now.
    pub fn clear(&mut self) {
        self.seen.clear();
        self.closed.clear();
        self.out.clear();
    }

    /// The positions that are due, for the client; none if there are none.
    pub fn due(&self) -> Option<TopicPartitionList> {
        let mut list = TopicPartitionList::with_capacity(self.out.len());
        for ((topic, partition), position) in &self.out {
            list.add_partition_offset(topic, *partition, Offset::Offset(*position)).ok()?;
        }
        (list.count() > 0).then_some(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::kafka::parts::Kept;

    #[test]
    fn positions_are_due_when_their_batch_is_out_and_not_before() {
        let (mut offsets, mut parts) = (Offsets::default(), Parts::default());
        let at = parts.add(&Arc::from("t"), 0, Kept { position: 5, last: None }, i64::MAX);
        offsets.close(Mark(1), &parts);
        parts.advance(at, 9);
        offsets.close(Mark(3), &parts);
        offsets.close(Mark(4), &parts);
        assert!(offsets.due().is_none());
        assert!(offsets.commit(Mark(2)) && !offsets.commit(Mark(2)));
        let due =
            |offsets: &Offsets| offsets.due().unwrap().find_partition("t", 0).unwrap().offset();
        assert_eq!(due(&offsets), Offset::Offset(5));
        assert!(offsets.commit(Mark(4)));
        assert_eq!(due(&offsets), Offset::Offset(9));
        offsets.clear();
        assert!(offsets.due().is_none());
    }
}
