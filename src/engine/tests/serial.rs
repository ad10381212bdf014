//! Serial steps that make more than a chunk of one: nothing is lost, and all keeps its order.

use super::*;

/// Makes `COPIES` of each record, and of a batch's end as many rows; never more than a few at once.
#[derive(Default)]
struct Swelling {
    left: Vec<Vec<u8>>,
    ends: usize,
    has_more: bool,
}

const COPIES: usize = 5;

impl Swelling {
    fn put(&mut self, chunk: &mut Chunk) {
        for record in self.left.drain(..self.left.len().min(3)) {
            chunk.push(&record);
        }
        chunk.filtered += 1;
        self.has_more = !self.left.is_empty();
    }
}

impl Step for Swelling {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let copies = |arena: &[u8], start, end| {
            let copy = |copy| [&arena[start..end], b".", format!("{copy}").as_bytes()].concat();
            self.left.extend((0..COPIES).map(copy));
        };
        chunk.for_each_key(copies);
        chunk.clear();
        self.put(chunk);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        unreachable!("a serial step is never copied")
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn finish(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        if !self.has_more {
            self.ends += 1;
            self.left =
                (0..COPIES).map(|n| format!("end {}.{n}", self.ends).into_bytes()).collect();
        }
        self.put(chunk);
        Ok(())
    }
}

fn swelling(count: usize) -> Vec<Box<dyn Step>> {
    (0..count).map(|_| Box::new(Swelling::default()) as Box<dyn Step>).collect()
}

/// What so many such steps, one behind the other, make of a record.
fn copies(record: &str, steps: usize) -> Vec<String> {
    (0..steps).fold(vec![record.to_string()], |records, _| {
        let all =
            |record: &String| (0..COPIES).map(|n| format!("{record}.{n}")).collect::<Vec<_>>();
        records.iter().flat_map(all).collect()
    })
}

/// The same of numbers, and then of the ends of a batch, of which each step has its own.
fn batch(numbers: std::ops::Range<u64>, end: u64, steps: usize) -> Vec<String> {
    let of_numbers = numbers.flat_map(|n| copies(&n.to_string(), steps));
    let of_end = (0..steps).rev().flat_map(|behind| copies(&format!("end {end}"), behind + 1));
    of_numbers.chain(of_end).collect()
}

#[test]
fn what_is_more_than_a_chunk_comes_in_order_whatever_the_workers_do() {
    for (steps, threads) in [(1, 1), (1, 4), (2, 3), (3, 2)] {
        let (text, ..) = run_case(Case { steps: swelling(steps), ..case(140, threads) });
        let records: Vec<_> = text.lines().map(|line| line.split_once('\t').unwrap().1).collect();
        let wanted = [batch(0..70, 1, steps), batch(70..140, 2, steps)].concat();
        assert_eq!(records, wanted, "{steps} steps, {threads} threads");
    }
}

#[test]
fn all_parts_are_folded_into_their_batch() {
    let steps = swelling(2);
    let (text, ..) = run_case(Case { steps, aggregate: Some("count"), ..case(140, 3) });
    assert_eq!(text, "1\t1780\n2\t1780\n");
}
