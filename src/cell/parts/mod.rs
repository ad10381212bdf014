//! Parts of cells: what a statistic needs beside sums, each an algebra of its own.
//!
//! A part obeys the law of cells. It is there only in cells of which it is asked, and boxed there.

mod distinct;
mod ends;
mod extent;
mod percentiles;
mod squares;

pub(super) use distinct::{Distinct, Sightings};
pub(super) use ends::{Ends, EndsTrail};
pub(super) use extent::{Extent, ExtentTrail};
pub(super) use percentiles::{Newest, Percentiles};
pub(super) use squares::Squares;

/// What a part can do, whatever it is of.
pub(super) trait Part: Clone + Default {
    /// Takes in what another has taken in.
    fn merge(&mut self, other: &Self);

    /// Appends it as bytes: little endian, the same whatever the order in which it was made.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes it off the front of bytes that [`Part::save`] wrote; `None` if they are not such.
    fn load(from: &mut &[u8]) -> Option<Self>;
}

/// What leaves a window in the order in which it came, though it cannot be subtracted alone.
pub(super) trait Leaves: Part {
    /// What is kept beside it.
    type Trail: Default;

    /// As [`Cell::enter`](super::Cell::enter).
    fn enter(&mut self, trail: &mut Self::Trail, pane: u64, part: &Self);

    /// As [`Cell::leave`](super::Cell::leave).
    fn leave(&mut self, trail: &mut Self::Trail, pane: u64, part: &Self);
}

/// Takes a part in that may not be there.
pub(super) fn enter<P: Leaves>(
    whole: &mut Option<Box<P>>,
    trail: &mut Option<Box<P::Trail>>,
    pane: u64,
    part: &Option<Box<P>>,
) {
    if let Some(part) = part {
        whole.get_or_insert_default().enter(trail.get_or_insert_default(), pane, part);
    }
}

/// Lets a part go that may not be there; `None` is one of which nothing is asked.
pub(super) fn leave<P: Leaves>(
    whole: &mut Option<Box<P>>,
    trail: &mut Option<Box<P::Trail>>,
    pane: u64,
    part: &Option<Box<P>>,
) {
    let nothing = P::default();
    if let (Some(whole), Some(trail)) = (whole, trail) {
        whole.leave(trail, pane, part.as_ref().map_or(&nothing, |part| part));
    }
}

/// The least and the greatest of two ranges; of two zeros the negative one is the smaller, whichever came first.
pub(super) fn stretched([low, high]: [f64; 2], [other, higher]: [f64; 2]) -> [f64; 2] {
    let least = |a: f64, b: f64| if a.total_cmp(&b).is_le() { a } else { b };
    [least(low, other), -least(-high, -higher)]
}

/// Merges a part that may not be there.
pub(super) fn merge<P: Part>(mine: &mut Option<Box<P>>, other: &Option<Box<P>>) {
    match (mine, other) {
        (Some(mine), Some(other)) => mine.merge(other),
        (mine @ None, Some(other)) => *mine = Some(other.clone()),
        (_, None) => {}
    }
}

/// Appends a part, behind 1 if it is there, or 0.
pub(super) fn save<P: Part>(part: &Option<Box<P>>, out: &mut Vec<u8>) {
    out.push(u8::from(part.is_some()));
    if let Some(part) = part {
        part.save(out);
    }
}

/// Takes a part off that may not be there; `None` if the bytes are not such.
pub(super) fn load<P: Part>(from: &mut &[u8]) -> Option<Option<Box<P>>> {
    match super::bytes(from)? {
        [0] => Some(None),
        [1] => Some(Some(Box::new(P::load(from)?))),
        _ => None,
    }
}
