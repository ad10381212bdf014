//! Offsets for lag monitors: the checkpoint decides where reading goes on, and a group of that name is only told.
//!
//! It has a client of its own, which is no member. A group that has members would get offsets from two sides, so
//! it is refused.

use std::sync::Arc;

use rdkafka::consumer::CommitMode;

use super::Offsets;
use crate::chunk::Mark;
use crate::clock::Wait;
use crate::error::Error;
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::Cluster;
use crate::source::kafka::meant::Meant;
use crate::source::kafka::parts::Parts;

/// A group that is told how far reading has come.
pub struct Monitor<C: Cluster> {
    brokers: C,
    offsets: Offsets,
}

impl<C: Cluster> Monitor<C> {
    /// Connects, and looks whether the group is free.
    pub fn open(
        at: &C::Address,
        group: &str,
        meant: &Meant,
        bell: &Arc<Bell>,
        wait: &mut dyn Wait,
    ) -> Result<Monitor<C>, Error> {
        let brokers = C::connect(at, meant, Some(group), bell)?;
        let members = brokers.members(group, wait)?;
        if members > 0 {
            let count = format!("{members} member{}", if members == 1 { "" } else { "s" });
            return Err(Error::Refused(format!(
                "--group-id {group}: it has {count}, and with --checkpoint weir assigns all partitions itself; name a \
                 group that is no other's"
            )));
        }
        Ok(Monitor { brokers, offsets: Offsets::default() })
    }

    /// Takes what its client has to tell.
    pub fn hear(&self) -> Result<(), Error> {
        self.brokers.hear()
    }

    /// A batch is closed.
    pub fn close(&mut self, mark: Mark, parts: &Parts) {
        self.offsets.close(mark, parts);
    }

    /// All records up to `mark` are out.
    pub fn commit(&mut self, mark: Mark) {
        if self.offsets.commit(mark) {
            self.tell(CommitMode::Async);
        }
    }

    fn tell(&self, mode: CommitMode) {
        if let Some(due) = self.offsets.due() {
            // That it has failed is told to the client's context; the next one has all of it again.
            let _ = self.brokers.commit(&due, mode);
        }
    }
}

impl<C: Cluster> Drop for Monitor<C> {
    fn drop(&mut self) {
        if !self.brokers.is_out() {
            self.tell(CommitMode::Sync);
        }
    }
}
