//! Where a key first appeared, beside any other cell.

use super::least::Least;
use super::{Cell, Overflow, Row};
use crate::report::value::Value;

/// A cell that also knows where its key first appeared, for `--sort none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<C> {
    cell: C,
    first: u64,
}

/// What a window keeps beside it: what will be the place of first appearance once others have left.
#[derive(Debug, Default)]
pub struct Trail<T> {
    cell: T,
    first: Least<u64>,
}

impl<C: Default> Default for Placed<C> {
    fn default() -> Placed<C> {
        Placed { cell: C::default(), first: u64::MAX }
    }
}

impl<C: Cell> Cell for Placed<C> {
    type Plan = C::Plan;

    type Input<'a> = (C::Input<'a>, u64);

    type Trail = Trail<C::Trail>;

    const PACKED: bool = C::PACKED;

    fn indelible(_: &C::Plan) -> Option<&'static str> {
        // The first place among the rows that are left cannot be told from the first of all.
        Some("the place of first appearance, which --sort none needs,")
    }

    #[inline(always)]
    fn read<'a>(plan: &C::Plan, row: Row<'a>) -> Result<Self::Input<'a>, &'static str> {
        Ok((C::read(plan, row)?, row.place))
    }

    #[inline(always)]
    fn push(&mut self, plan: &C::Plan, (input, place): Self::Input<'_>) {
        self.cell.push(plan, input);
        self.first = self.first.min(place);
    }

    #[inline(always)]
    fn merge(&mut self, other: &Placed<C>) {
        self.cell.merge(&other.cell);
        self.first = self.first.min(other.first);
    }

    fn unmerge(&mut self, other: &Placed<C>) {
        self.cell.unmerge(&other.cell);
    }

    fn enter(&mut self, trail: &mut Self::Trail, pane: u64, part: &Placed<C>) {
        self.cell.enter(&mut trail.cell, pane, &part.cell);
        trail.first.enter(pane, part.first);
        self.first = self.first.min(part.first);
    }

    fn leave(&mut self, trail: &mut Self::Trail, pane: u64, part: &Placed<C>) {
        self.cell.leave(&mut trail.cell, pane, &part.cell);
        trail.first.leave(pane);
        self.first = trail.first.least().copied().unwrap_or(u64::MAX);
    }

    fn records(&self) -> u64 {
        self.cell.records()
    }

    fn values(&self, plan: &C::Plan, out: &mut Vec<Value>) -> Result<(), Overflow> {
        self.cell.values(plan, out)
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.first.to_le_bytes());
        self.cell.save(out);
    }

    fn save_parting(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 8]);
        self.cell.save_parting(out);
    }

    fn load(from: &mut &[u8]) -> Option<Placed<C>> {
        let (bytes, mut rest) = from.split_first_chunk()?;
        let cell = C::load(&mut rest)?;
        *from = rest;
        Some(Placed { cell, first: u64::from_le_bytes(*bytes) })
    }
}
