//! Who the source is connected with: its servers, clients, brokers or files, and what went wrong last.
//!
//! It is said when a batch ends, and each second while something comes, so it is as old as that at most.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::locked;

/// A connection, or what stands for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Who is at the other end, as messages name it.
    pub name: String,
    /// True if it stands.
    pub is_up: bool,
    /// True if it has called us: its name is another one the next time.
    pub is_guest: bool,
    /// What went wrong last, if anything did.
    pub error: Option<String>,
}

/// What a source has said of its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What the source waits for while nothing comes, as in "connections on 127.0.0.1:9999 (2 clients)".
    pub waiting: String,
    /// How many connections stand, if it has any.
    pub up: Option<u64>,
    /// The connections; where there are many, some of them.
    pub links: Vec<Link>,
    /// How many datagrams the system has dropped, since they came faster than they were read; if any can come.
    pub lost: Option<u64>,
}

/// So many connections are told apart.
pub const TOLD: usize = 32;

/// The connections of a source.
#[derive(Debug, Default)]
pub struct Links {
    is_wanted: AtomicBool,
    said: Mutex<Said>,
}

impl Links {
    /// Asks for them: without that nobody says anything.
    pub fn want(&self) {
        self.is_wanted.store(true, Relaxed);
    }

    /// True if somebody has asked for them.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted.load(Relaxed)
    }

    /// Says how they stand.
    pub fn set(&self, said: Said) {
        *locked(&self.said) = said;
    }

    /// What was said last.
    pub fn get(&self) -> Said {
        locked(&self.said).clone()
    }
}
