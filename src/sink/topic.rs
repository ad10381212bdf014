//! `--to-kafka TOPIC`: each row is a message.
//!
//! Without a checkpoint messages are sent as they come, and a batch is over when brokers have all of them:
//! at least once. With one a batch is a transaction, and comes exactly once for whoever reads what is
//! committed. In the transaction stands its mark, number and Time of the batch, so after a crash that
//! tells whether the batch is out:
//!
//! ```text
//! stage                                                        nothing
//! publish   begin | message | message ... | mark n | commit    seen all at once, or never
//! redeem    open: who was before us is shut out, and what he left is finished or undone
//!           the last mark is n: the batch is out               another: as publish
//! ```
//!
//! When anything goes wrong within a transaction nobody can tell what has become of it but the brokers:
//! they are asked by the same way, so what a restart does is what every trouble does. A mark that is
//! neither that of our last batch nor of the one in doubt is of somebody else who has this checkpoint
//! too. A batch without rows is not sent, and leaves no mark.

#[cfg(feature = "kafka")]
mod client;
#[cfg(feature = "kafka")]
mod ears;
#[cfg(test)]
pub(crate) mod sim;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::batch::{Batch, OutputId, Promise};
use super::output::{Output, Staged};
use super::spool::Spool;
use crate::clock::Stamp;
use crate::error::Error;
use crate::kafka;
use crate::process::signal::Stop;
use crate::process::supervisor::Supervisor;
use crate::say::note;
use crate::wire::message::{Message, Pieces};

/// Where messages are to go, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The topic.
    pub topic: String,
    /// The brokers, unless properties name them.
    pub brokers: Option<String>,
    /// What all that talks to brokers is told.
    pub client: kafka::Flags,
}

impl Destination {
    /// Refuses what cannot be, before anything is opened.
    pub fn check(&self) -> Result<(), Error> {
        #[cfg(feature = "kafka")]
        return client::Client::check(self);
        #[cfg(not(feature = "kafka"))]
        Err(Error::usage(
            "--to-kafka: this weir was built without it; cargo's feature `kafka` is on by default",
        ))
    }
}

/// What a transaction says of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The number of the batch that comes next.
    pub next: u64,
    /// The Time of the batch.
    pub time: Stamp,
}

/// Why something was not sent, or perhaps was not.
#[derive(Debug)]
pub enum Trouble {
    /// The transaction cannot go on, for this reason; the batch may well go by another one.
    Again(String),
    /// A signal came while brokers were waited for, for this reason.
    Stopped(String),
    /// It is no use.
    Failed(Error),
}

/// A client of the brokers of a topic.
pub trait Brokers: Send {
    /// Sends a message; while many are under way it waits.
    fn send(&mut self, message: Message<'_>) -> Result<(), Trouble>;

    /// Returns when brokers have all that was sent.
    fn flush(&mut self) -> Result<(), Trouble>;

    /// Begins anew: whoever sent for this checkpoint before is shut out, what he left under way is finished
    /// or undone. Returns the mark of the last transaction. It was tried so often in vain before.
    fn reopen(&mut self, tries: u32) -> Result<Option<Mark>, Trouble>;

    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), Trouble>;

    /// Ends it: all that was sent since is there, and the mark, or nothing.
    fn commit(&mut self, mark: Mark) -> Result<(), Trouble>;
}

/// A topic as an output.
pub struct Topic {
    name: String,
    brokers: Box<dyn Brokers>,
    /// What is cut in messages that come in pieces.
    pieces: Pieces,
    is_open: bool,
    /// The last mark, once that is known, if there is one.
    last: Option<Option<Mark>>,
}

impl Topic {
    /// A topic that these brokers have.
    pub fn new(name: &str, brokers: Box<dyn Brokers>) -> Topic {
        let (name, pieces) = (name.to_string(), Pieces::default());
        Topic { name, brokers, pieces, is_open: false, last: None }
    }

    /// Connects to the brokers of a topic; those of a checkpoint know it by `name`.
    pub fn connect(
        to: &Destination,
        name: Option<String>,
        stop: &Arc<Stop>,
        supervisor: &Arc<Supervisor>,
    ) -> Result<Topic, Error> {
        to.check()?;
        #[cfg(feature = "kafka")]
        {
            let has_transactions = name.is_some();
            let client = client::Client::connect(to, name, stop, supervisor)?;
            let topic = Topic::new(&to.topic, Box::new(client));
            if has_transactions { topic.opened() } else { Ok(topic) }
        }
        #[cfg(not(feature = "kafka"))]
        unreachable!("{name:?}, {stop:?}, {supervisor:?}: refused already")
    }

    /// Looks what the last run has come to, before anything is read.
    pub fn opened(mut self) -> Result<Topic, Error> {
        let found = self.brokers.reopen(0).map_err(|trouble| self.given_up(trouble))?;
        (self.last, self.is_open) = (Some(found), true);
        Ok(self)
    }

    /// Sends a batch by one transaction, unless it is there.
    fn transact(&mut self, batch: &Batch) -> Result<(), Error> {
        if batch.messages.is_none_or(Spool::is_empty) {
            return Ok(());
        }
        let mark = Mark { next: batch.number + 1, time: batch.time };
        for tries in 0.. {
            match self.attempt(batch, mark, tries) {
                Ok(()) => break,
                Err(Trouble::Again(what)) => {
                    self.is_open = false;
                    // A second reason is mostly the first one, said otherwise.
                    if tries == 0 {
                        note(&format!("{}: {what}; the batch is sent again", self.shown()));
                    }
                }
                Err(Trouble::Stopped(what)) => {
                    let name = self.shown();
                    note(&format!(
                        "{name}: {what}; a signal came, and the next start goes on with it"
                    ));
                    return Err(Error::Closed);
                }
                Err(Trouble::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn attempt(&mut self, batch: &Batch, mark: Mark, tries: u32) -> Result<(), Trouble> {
        if !self.is_open {
            let found = self.brokers.reopen(tries)?;
            let ours = [self.last.flatten(), Some(mark), None];
            match found {
                Some(last) if self.last.is_some() && !ours.contains(&found) => {
                    return Err(Trouble::Failed(self.of_another(last, mark)));
                }
                // Brokers forget a mark some day; that of the batch in doubt would be new.
                _ => (self.last, self.is_open) = (Some(found), true),
            }
        }
        match self.last.flatten() {
            Some(last) if last == mark => return Ok(()),
            // Behind a reset the numbers begin anew, and Times do not.
            Some(last) if last.next >= mark.next && last.time >= mark.time => {
                return Err(Trouble::Failed(self.of_another(last, mark)));
            }
            _ => {}
        }
        self.brokers.begin()?;
        self.send_all(batch)?;
        self.brokers.commit(mark)?;
        self.last = Some(Some(mark));
        Ok(())
    }

    fn send_all(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let Some(messages) = batch.messages else { return Ok(()) };
        let (mut pieces, mut trouble) = (Pieces::default(), None);
        let brokers = &mut self.brokers;
        let sent = messages.each(|piece| {
            pieces.take(piece, |message| {
                brokers.send(message).map_err(|what| {
                    trouble = Some(what);
                    Error::Closed
                })
            })
        });
        match trouble {
            Some(trouble) => Err(trouble),
            None => sent.map_err(Trouble::Failed),
        }
    }

    /// Somebody else has sent batches of this checkpoint.
    fn of_another(&self, found: Mark, mark: Mark) -> Error {
        let (name, last, batch) = (self.shown(), found.next.saturating_sub(1), mark.next - 1);
        Error::Refused(format!(
            "{name}: has batch {last} of this checkpoint, and here it is the turn of batch {batch}: a copy of \
             the checkpoint is in use by another process, or was; go on with the one that is ahead"
        ))
    }

    /// What becomes of a run that cannot try again.
    fn given_up(&self, trouble: Trouble) -> Error {
        let name = self.shown();
        match trouble {
            Trouble::Failed(error) => error,
            Trouble::Again(what) => Error::Failed(format!("{name}: {what}")),
            Trouble::Stopped(what) => {
                Error::Failed(format!("{name}: {what}; a signal came, and the batch is lost"))
            }
        }
    }

    fn shown(&self) -> String {
        format!("topic {}", self.name)
    }
}

impl Output for Topic {
    fn begin(&mut self, _: Stamp, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn write(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        let Topic { brokers, pieces, .. } = self;
        let sent = pieces.take(messages, |message| brokers.send(message));
        sent.map_err(|trouble| self.given_up(trouble))
    }

    fn takes_messages(&self) -> bool {
        true
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        self.brokers.flush().map_err(|trouble| self.given_up(trouble))
    }
}

impl Staged for Topic {
    fn id(&self) -> OutputId {
        OutputId::of(&format!("topic {}", self.name))
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        let (length, crc) = batch.messages.map_or((0, 0), |all| (all.len(), all.crc()));
        let before = self.last.flatten().map_or(0, |last| last.next);
        Ok(Promise { output: self.id(), before, length, crc })
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        self.transact(batch)
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        if promise.before > 0 && self.last == Some(None) {
            note(&format!(
                "{}: the brokers have forgotten which batch came last; it is sent, and may come twice",
                self.shown()
            ));
        }
        self.transact(batch)
    }
}
