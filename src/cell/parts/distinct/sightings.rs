//! What a window keeps beside distinct values, so that they leave in the order in which they came.
//!
//! A hash leaves with the pane in which it was seen last. Of few, that pane stands beside each. Of many, only the
//! newest hashes are kept, since few that are left are among them; and for each register what will be its most once
//! others have left: of what is older and not more nothing is left to tell.
//!
//! ```text
//! Few     hashes            ¦ trail: where each was seen last
//! Many    registers         ¦ trail: 512 to 1024 hashes of those seen last, and where
//!                           ¦        register 7:  most 9, pane 2   most 5, pane 6   most 3, pane 9
//! ```

use super::{Distinct, EXACT, REGISTERS, registered};
use crate::cell::parts::{Leaves, Part};

/// How many registers have their marks in one list.
const SHARED: usize = 64;

/// What is kept beside hashes or registers.
#[derive(Debug, Default)]
pub(in crate::cell) struct Sightings {
    /// The pane in which each hash was seen last, in their order.
    last: Vec<Pane>,
    /// There beside registers.
    many: Option<Box<Many>>,
}

/// A pane by the end of its number: panes that are in a window at the same time are told apart.
type Pane = u32;

#[derive(Debug)]
struct Many {
    /// The newest hashes, sorted.
    hashes: Vec<u64>,
    /// The newest pane of a hash that is not among them.
    dropped: Option<u64>,
    /// Marks of some registers each, by register and then by what is kept.
    marks: Vec<Vec<Mark>>,
}

/// What a register will keep at least, until a pane leaves.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Which register of its list (6 bits), and what it keeps (6 bits).
    kept: u16,
    pane: Pane,
}

impl Mark {
    fn new(register: usize, most: u8, pane: Pane) -> Mark {
        Mark { kept: ((register % SHARED) << 6) as u16 | u16::from(most), pane }
    }

    fn is_beside(self, other: Mark) -> bool {
        self.kept >> 6 == other.kept >> 6
    }

    fn most(self) -> u8 {
        (self.kept & 0x3f) as u8
    }
}

/// Notes that a hash is seen in a pane, and whether that is news.
fn see(hashes: &mut Vec<u64>, last: &mut Vec<Pane>, hash: u64, pane: u64) {
    match hashes.binary_search(&hash) {
        Ok(at) => last[at] = pane as Pane,
        Err(at) => {
            hashes.insert(at, hash);
            last.insert(at, pane as Pane);
        }
    }
}

/// Forgets a hash, if it was seen last in a pane.
fn forget(hashes: &mut Vec<u64>, last: &mut Vec<Pane>, hash: u64, pane: u64) {
    if let Ok(at) = hashes.binary_search(&hash)
        && last[at] == pane as Pane
    {
        hashes.remove(at);
        last.remove(at);
    }
}

/// Forgets the hashes of which the pane is not to be kept.
fn retain(hashes: &mut Vec<u64>, last: &mut Vec<Pane>, is_kept: impl Fn(Pane) -> bool) {
    let mut kept = 0;
    for at in 0..hashes.len() {
        if is_kept(last[at]) {
            (hashes[kept], last[kept]) = (hashes[at], last[at]);
            kept += 1;
        }
    }
    hashes.truncate(kept);
    last.truncate(kept);
}

impl Many {
    /// Makes it of hashes that were seen in panes up to `pane`.
    fn new(hashes: Vec<u64>, last: &[Pane], pane: u64) -> Many {
        let mut many = Many { hashes, dropped: None, marks: vec![Vec::new(); REGISTERS / SHARED] };
        let age = |at: &usize| (pane as Pane).wrapping_sub(last[*at]);
        let mut places: Vec<usize> = (0..last.len()).collect();
        places.sort_unstable_by_key(|at| std::cmp::Reverse(age(at)));
        for at in places {
            let (register, most) = registered(many.hashes[at]);
            many.mark(register, most, pane - u64::from(age(&at)));
        }
        many
    }

    /// Marks what a register keeps of a pane, which is none of those before.
    fn mark(&mut self, register: usize, most: u8, pane: u64) {
        let (marks, mark) =
            (&mut self.marks[register / SHARED], Mark::new(register, most, pane as Pane));
        let first = Mark::new(register, 0, 0).kept;
        let start = marks.partition_point(|held| held.kept < first);
        let end = start + marks[start..].partition_point(|held| held.kept <= mark.kept);
        let is_more = |more: &Mark| more.is_beside(mark) && more.pane == mark.pane;
        if marks.get(end).is_some_and(is_more) {
            return;
        }
        match start < end {
            true => {
                marks[start] = mark;
                marks.drain(start + 1..end);
            }
            false => marks.insert(start, mark),
        }
    }

    /// Takes a mark away, if it is of a pane, and finds what is kept then.
    fn unmark(&mut self, register: usize, most: u8, pane: u64) -> Option<u8> {
        let mark = Mark::new(register, most, pane as Pane);
        let marks = &mut self.marks[register / SHARED];
        let at = marks.binary_search_by_key(&mark.kept, |held| held.kept).ok()?;
        if marks[at].pane != mark.pane {
            return None;
        }
        marks.remove(at);
        let less = at.checked_sub(1).map(|at| marks[at]);
        Some(less.filter(|less| less.is_beside(mark)).map_or(0, Mark::most))
    }

    /// Drops the older half of the hashes, once they are twice as many as are needed.
    fn drop_old(&mut self, last: &mut Vec<Pane>, pane: u64) {
        if self.hashes.len() <= 2 * EXACT {
            return;
        }
        let age = |last: Pane| (pane as Pane).wrapping_sub(last);
        let mut ages: Vec<u32> = last.iter().map(|last| age(*last)).collect();
        let (_, &mut oldest, _) = ages.select_nth_unstable(EXACT);
        retain(&mut self.hashes, last, |last| age(last) < oldest);
        self.dropped = Some(pane - u64::from(oldest));
    }
}

impl Distinct {
    /// The same in a window, of which the trail has to know more from now on.
    fn go_over_in(&mut self, trail: &mut Sightings, pane: u64) {
        if let Distinct::Few(hashes) = self {
            trail.many = Some(Box::new(Many::new(hashes.clone(), &trail.last, pane)));
            self.go_over();
        }
    }

    fn enter_hash(&mut self, trail: &mut Sightings, hash: u64, pane: u64) {
        match (&mut *self, &mut trail.many) {
            (Distinct::Many(registers), Some(many)) => {
                see(&mut many.hashes, &mut trail.last, hash, pane);
                many.drop_old(&mut trail.last, pane);
                let (register, most) = registered(hash);
                many.mark(register, most, pane);
                registers[register] = registers[register].max(most);
            }
            (Distinct::Few(hashes), _) => {
                see(hashes, &mut trail.last, hash, pane);
                if hashes.len() > EXACT {
                    self.go_over_in(trail, pane);
                }
            }
            (Distinct::Many(_), None) => unreachable!("what went over has a trail"),
        }
    }

    fn leave_hash(&mut self, trail: &mut Sightings, hash: u64, pane: u64) {
        match (self, &mut trail.many) {
            (Distinct::Many(registers), Some(many)) => {
                forget(&mut many.hashes, &mut trail.last, hash, pane);
                let (register, most) = registered(hash);
                let left = many.unmark(register, most, pane);
                registers[register] = left.unwrap_or(registers[register]);
            }
            (Distinct::Few(hashes), _) => forget(hashes, &mut trail.last, hash, pane),
            (Distinct::Many(_), None) => unreachable!("what went over has a trail"),
        }
    }
}

impl Leaves for Distinct {
    type Trail = Sightings;

    fn enter(&mut self, trail: &mut Sightings, pane: u64, part: &Distinct) {
        match part {
            Distinct::Few(hashes) => {
                hashes.iter().for_each(|hash| self.enter_hash(trail, *hash, pane));
            }
            Distinct::Many(others) => {
                self.go_over_in(trail, pane);
                self.merge(part);
                let many = trail.many.as_mut().expect("it has gone over");
                for (register, most) in others.iter().enumerate().filter(|(_, most)| **most > 0) {
                    many.mark(register, *most, pane);
                }
                // Its hashes are not known, and are more than few as long as it is there.
                many.hashes.clear();
                trail.last.clear();
                many.dropped = Some(pane);
            }
        }
    }

    fn leave(&mut self, trail: &mut Sightings, pane: u64, part: &Distinct) {
        match (part, &mut *self, &mut trail.many) {
            (Distinct::Few(hashes), ..) => {
                hashes.iter().for_each(|hash| self.leave_hash(trail, *hash, pane));
            }
            (Distinct::Many(others), Distinct::Many(registers), Some(many)) => {
                retain(&mut many.hashes, &mut trail.last, |last| last != pane as Pane);
                for (register, most) in others.iter().enumerate() {
                    let left = many.unmark(register, *most, pane);
                    registers[register] = left.unwrap_or(registers[register]);
                }
            }
            (Distinct::Many(_), ..) => unreachable!("many of a pane are many of the window"),
        }
        if let Some(many) = trail.many.take_if(|many| {
            many.hashes.len() <= EXACT && many.dropped.is_none_or(|dropped| dropped <= pane)
        }) {
            *self = Distinct::Few(many.hashes);
        }
    }
}
