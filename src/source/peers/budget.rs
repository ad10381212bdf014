//! How much of unfinished lines is held in memory, over all clients (or servers, for `connect`): the
//! policy, and no more.
//!
//! Each client may hold a line of `--max-record` bytes; thousands of them together may not. While
//! the clients hold more than the limit in sum,
//!
//! ```text
//! holds at most SMALL      is read, in small turns: short lines of others still come through
//! holds more               is parked: not read, and so slowed by TCP
//! holds the most           is read: the nearest to its end, or to --max-record
//! ```
//!
//! If the one that holds the most does not go on for [`PATIENCE`] while others are parked, its line
//! is to be given up, so that nobody waits for ever. Nothing here reads a clock or a socket, and no
//! call takes time in proportion to the number of clients.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Stamp;

/// How much of unfinished lines all clients may hold together, beside one of the longest.
const ALL: usize = 64 << 20;
/// What a client may hold without being parked, and what it is read at most a turn meanwhile.
pub const SMALL: usize = 4 << 10;
/// How many bytes of one client are read a turn.
pub const TURN: usize = 64 << 10;
/// How long others wait for a line that does not go on.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Who holds how much, and who waits until there is room.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    held: usize,
    /// The clients that hold more than [`SMALL`], with what they hold; the last one leads.
    large: BTreeSet<(usize, usize)>,
    parked: BTreeSet<usize>,
    /// The client that was let go last, so that the next one is another.
    last: usize,
    /// Since when the leader has not gone on and others are parked.
    since: Stamp,
}

impl Budget {
    /// Makes a budget for clients whose lines have at most `longest` bytes.
    pub fn beside(longest: usize) -> Budget {
        Budget::new(ALL.saturating_add(longest))
    }

    /// Makes a budget of `limit` bytes for all clients together.
    pub fn new(limit: usize) -> Budget {
        let (large, parked) = (BTreeSet::new(), BTreeSet::new());
        Budget { limit, held: 0, large, parked, last: 0, since: Stamp(0) }
    }

    /// How many bytes may be read of a client that holds `held`; none if it is to be parked.
    pub fn turn(&self, client: usize, held: usize) -> Option<usize> {
        match () {
            () if !self.is_over() || self.leader() == Some(client) => Some(TURN),
            () if held <= SMALL => Some(SMALL),
            () => None,
        }
    }

    /// How many bytes of unfinished lines are held.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Notes that a client held `before` bytes and now holds `after`.
    pub fn moved(&mut self, client: usize, before: usize, after: usize, now: Stamp) {
        let leader = self.leader();
        self.held = self.held - before + after;
        if before > SMALL {
            self.large.remove(&(before, client));
        }
        if after > SMALL {
            self.large.insert((after, client));
        }
        if leader == Some(client) || self.leader() != leader {
            self.since = now;
        }
    }

    /// Parks a client; [`Budget::unpark`] gives it back.
    pub fn park(&mut self, client: usize, now: Stamp) {
        if self.parked.is_empty() {
            self.since = now;
        }
        self.parked.insert(client);
    }

    /// A parked client that may be read now, if there is one; it is parked no longer.
    pub fn unpark(&mut self) -> Option<usize> {
        let client = match self.is_over() {
            true => self.leader().filter(|leader| self.parked.contains(leader)),
            false => self.parked.range(self.last + 1..).next().or(self.parked.first()).copied(),
        }?;
        self.parked.remove(&client);
        self.last = client;
        Some(client)
    }

    /// True if some client is parked.
    pub fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// True if a parked client may be read now.
    pub fn can_unpark(&self) -> bool {
        match self.is_over() {
            true => self.leader().is_some_and(|leader| self.parked.contains(&leader)),
            false => self.has_parked(),
        }
    }

    /// Forgets a client that has gone and held `held` bytes.
    pub fn leave(&mut self, client: usize, held: usize, now: Stamp) {
        self.moved(client, held, 0, now);
        self.parked.remove(&client);
    }

    /// The client that holds the most, if it is more than [`SMALL`].
    pub fn leader(&self) -> Option<usize> {
        self.large.last().map(|&(_, client)| client)
    }

    /// When the leader's line is to be given up, if it does not go on and others wait for it.
    pub fn deadline(&self) -> Stamp {
        let waiting = self.is_over() && self.has_parked() && self.leader().is_some();
        if waiting { self.since.after(PATIENCE) } else { Stamp::NEVER }
    }

    fn is_over(&self) -> bool {
        self.held > self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    /// A budget of 100 KiB; client `i` holds `held[i]` KiB.
    fn budget(held: &[usize]) -> Budget {
        let mut budget = Budget::new(100 * KIB);
        for (client, held) in held.iter().enumerate() {
            budget.moved(client, 0, held * KIB, Stamp(0));
        }
        budget
    }

    #[test]
    fn below_the_limit_everybody_has_a_full_turn() {
        let budget = budget(&[60, 40, 0]);
        assert_eq!(budget.turn(0, 60 * KIB), Some(TURN));
        assert_eq!(budget.turn(1, 40 * KIB), Some(TURN));
        assert_eq!(budget.turn(2, 0), Some(TURN));
    }

    #[test]
    fn above_the_limit_the_largest_is_read_and_the_small_a_little() {
        let budget = budget(&[60, 50, 4, 5]);
        assert_eq!(budget.turn(0, 60 * KIB), Some(TURN), "the nearest to its end");
        assert_eq!(budget.turn(1, 50 * KIB), None);
        assert_eq!(budget.turn(2, 4 * KIB), Some(SMALL));
        assert_eq!(budget.turn(3, 5 * KIB), None);
    }

    #[test]
    fn the_parked_come_back_one_after_the_other_when_there_is_room() {
        let mut budget = budget(&[60, 20, 20, 20]);
        (1..4).for_each(|client| budget.park(client, Stamp(0)));
        assert_eq!((budget.can_unpark(), budget.unpark()), (false, None));
        budget.moved(0, 60 * KIB, 0, Stamp(1));
        assert!(budget.can_unpark());
        assert_eq!(budget.unpark(), Some(1));
        budget.park(1, Stamp(1));
        assert_eq!([budget.unpark(), budget.unpark()], [Some(2), Some(3)], "each has its turn");
        assert_eq!([budget.unpark(), budget.unpark()], [Some(1), None]);
    }

    #[test]
    fn a_new_leader_is_let_go_while_the_others_stay_parked() {
        let mut budget = budget(&[60, 55, 54]);
        budget.park(1, Stamp(0));
        budget.park(2, Stamp(0));
        budget.leave(0, 60 * KIB, Stamp(1));
        assert_eq!([budget.unpark(), budget.unpark()], [Some(1), None]);
        budget.leave(2, 54 * KIB, Stamp(2));
        assert!(!budget.has_parked(), "who has gone is not parked");
    }

    #[test]
    fn a_leader_that_does_not_go_on_is_waited_for_five_seconds() {
        let mut budget = budget(&[60, 55]);
        assert_eq!(budget.deadline(), Stamp::NEVER, "nobody waits for it");
        budget.park(1, Stamp(10_000));
        assert_eq!(budget.deadline(), Stamp(15_000));
        budget.moved(0, 60 * KIB, 61 * KIB, Stamp(12_000));
        assert_eq!(budget.deadline(), Stamp(17_000), "it goes on");
        budget.moved(0, 61 * KIB, 0, Stamp(17_000));
        assert_eq!(budget.deadline(), Stamp::NEVER, "there is room");
    }
}
