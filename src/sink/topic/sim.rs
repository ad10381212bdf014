//! A topic whose brokers lose requests, answers and transactions, as a tape of choices says.
//!
//! ```text
//! commit    lost        the transaction stays open, until somebody opens anew: undone
//!           answered    all of it is there, with its mark
//!           unheard     the same, and who has asked does not know
//!           timed out   undone, and who has asked is shut out
//! ```
//!
//! Each request is an operation of the simulated machine too, so that the process may end before or
//! after it.

use std::sync::{Arc, Mutex, MutexGuard};

use super::{Brokers, Mark, Trouble};
use crate::disk::sim::mistake::{Mistake, made};
use crate::disk::sim::{SimDisk, Tape};
use crate::error::Context;
use crate::wire::message::Message;

/// A message that the topic has: key and value.
pub type Owned = (Option<Vec<u8>>, Vec<u8>);

/// What the brokers have.
pub struct Cluster {
    /// What is committed, with the mark it came with.
    pub seen: Vec<(Mark, Vec<Owned>)>,
    /// The mark as it is kept.
    pub mark: Option<Mark>,
    /// The transaction under way.
    open: Option<Vec<Owned>>,
    /// How often it was opened; only whoever did so last is heard.
    epoch: u64,
    tape: Tape,
    /// How many of a hundred requests go wrong.
    pub troubles: u64,
}

/// What becomes of a request.
enum Fate {
    Answered,
    Lost,
    Unheard,
    TimedOut,
}

impl Cluster {
    /// An empty topic.
    pub fn new(seed: u64, troubles: u64) -> Arc<Mutex<Cluster>> {
        let (seen, tape) = (Vec::new(), Tape(seed));
        let cluster = Cluster { seen, mark: None, open: None, epoch: 0, tape, troubles };
        Arc::new(Mutex::new(cluster))
    }

    fn fate(&mut self) -> Fate {
        match self.tape.chance(self.troubles) {
            false => Fate::Answered,
            true => match self.tape.below(3) {
                0 => Fate::Lost,
                1 => Fate::Unheard,
                _ => Fate::TimedOut,
            },
        }
    }

    fn commit(&mut self, mark: Mark) {
        let messages = self.open.take().expect("a transaction was begun");
        self.mark = Some(mark);
        self.seen.push((mark, messages));
    }
}

/// A client of such a topic.
pub struct Client {
    cluster: Arc<Mutex<Cluster>>,
    machine: SimDisk,
    epoch: u64,
}

impl Client {
    /// Begins without a connection.
    pub fn new(cluster: &Arc<Mutex<Cluster>>, machine: &SimDisk) -> Client {
        Client { cluster: Arc::clone(cluster), machine: machine.clone(), epoch: 0 }
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap()
    }

    /// Has brokers do something, if they hear of it; `act` is told what is to become of it.
    fn ask(&self, act: impl FnOnce(&mut Cluster, Fate)) -> Result<(), Trouble> {
        let (epoch, mut again) = (self.epoch, None);
        let asked = || {
            let mut cluster = self.cluster();
            if cluster.epoch != epoch {
                again = Some("somebody else has opened it");
                return;
            }
            let fate = cluster.fate();
            again = match fate {
                Fate::Answered => None,
                Fate::Lost => Some("no answer"),
                Fate::Unheard => Some("the answer was lost"),
                Fate::TimedOut => Some("the time is over"),
            };
            if let Fate::TimedOut = fate {
                cluster.open = None;
                cluster.epoch += 1;
            }
            act(&mut cluster, fate);
        };
        let happened = self.machine.beside(asked).place("the topic");
        happened.map_err(Trouble::Failed)?;
        again.map_or(Ok(()), |what| Err(Trouble::Again(what.to_string())))
    }
}

impl Brokers for Client {
    fn send(&mut self, message: Message<'_>) -> Result<(), Trouble> {
        let owned = (message.key.map(<[u8]>::to_vec), message.value.to_vec());
        self.ask(|cluster, fate| {
            if let (Fate::Answered | Fate::Unheard, Some(open)) = (fate, &mut cluster.open) {
                open.push(owned);
            }
        })
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    fn reopen(&mut self, _: u32) -> Result<Option<Mark>, Trouble> {
        let mut found = (0, None);
        let open = || {
            let mut cluster = self.cluster();
            cluster.open = None;
            cluster.epoch += 1;
            found = (cluster.epoch, cluster.mark.filter(|_| !made(Mistake::MarkForgotten)));
        };
        self.machine.beside(open).place("the topic").map_err(Trouble::Failed)?;
        self.epoch = found.0;
        Ok(found.1)
    }

    fn begin(&mut self) -> Result<(), Trouble> {
        self.ask(|cluster, fate| {
            if let Fate::Answered = fate {
                cluster.open = Some(Vec::new());
            }
        })
    }

    fn commit(&mut self, mark: Mark) -> Result<(), Trouble> {
        if made(Mistake::MarkApart) {
            self.ask(|cluster, _| cluster.mark = Some(mark))?;
        }
        self.ask(|cluster, fate| match fate {
            Fate::Answered | Fate::Unheard => cluster.commit(mark),
            Fate::Lost | Fate::TimedOut => {}
        })
    }
}
