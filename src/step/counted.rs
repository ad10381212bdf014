//! A step whose rows are counted, for whoever looks: once a chunk, and not at all if nobody does, because
//! then no step is one of these.

use std::sync::Arc;

use super::Step;
use crate::chunk::Chunk;
use crate::error::Error;
use crate::metrics::flow::{Flow, Flows};

/// A step, and what has gone through it and its copies.
struct Counted {
    step: Box<dyn Step>,
    flow: Arc<Flow>,
}

/// The same steps, of which `flows` counts the rows.
pub fn counted(steps: Vec<Box<dyn Step>>, flows: &Flows) -> Vec<Box<dyn Step>> {
    let flows = flows.begin(steps.len());
    let pairs = steps.into_iter().zip(flows);
    pairs.map(|(step, flow)| Counted { step, flow: Arc::clone(flow) }.boxed()).collect()
}

impl Counted {
    fn boxed(self) -> Box<dyn Step> {
        Box::new(self)
    }

    /// Counts what `act` makes of a chunk.
    fn counting(
        &mut self,
        chunk: &mut Chunk,
        act: fn(&mut dyn Step, &mut Chunk) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (filtered, bad) = (chunk.filtered, chunk.bad.len());
        act(&mut *self.step, chunk)?;
        self.flow.left.add(chunk.rows() as u64);
        self.flow.dropped.add(chunk.filtered - filtered);
        self.flow.bad.add((chunk.bad.len() - bad) as u64);
        Ok(())
    }
}

impl Step for Counted {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.counting(chunk, |step, chunk| step.apply(chunk))
    }

    fn fork(&self) -> Box<dyn Step> {
        Counted { step: self.step.fork(), flow: Arc::clone(&self.flow) }.boxed()
    }

    fn is_serial(&self) -> bool {
        self.step.is_serial()
    }

    fn is_steady(&self) -> bool {
        self.step.is_steady()
    }

    fn has_more(&self) -> bool {
        self.step.has_more()
    }

    fn needs_beginnings(&self) -> bool {
        self.step.needs_beginnings()
    }

    fn finish(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.counting(chunk, |step, chunk| step.finish(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{built, stream};
    use crate::step::{pattern, split, text};

    #[test]
    fn what_leaves_each_step_is_counted_for_all_copies_together() {
        let flows = Flows::default();
        let steps = vec![
            built(&text::TRIM, &[]).unwrap(),
            built(&split::SPLIT, &[" "]).unwrap(),
            built(&pattern::filter::FILTER, &["a"]).unwrap(),
        ];
        let mut steps = counted(steps, &flows);
        let mut copies: Vec<_> = steps.iter().map(|step| step.fork()).collect();
        for steps in [&mut steps, &mut copies] {
            let mut chunk = stream(&[b"a b a", b"", b"ba"]);
            steps.iter_mut().for_each(|step| step.apply(&mut chunk).unwrap());
        }
        let shown: Vec<_> =
            flows.get().iter().map(|flow| [flow.left.get(), flow.dropped.get()]).collect();
        assert_eq!(shown, [[6, 0], [10, 0], [6, 4]]);
    }

    #[test]
    fn without_somebody_who_looks_there_are_no_flows() {
        assert!(Flows::default().get().is_empty());
    }
}
