//! How many different values: of few exact, of many with a standard error of 1.6 %.
//!
//! Up to 512 hashes of values are kept as they are. Of more, 4096 registers keep the most zeros that the
//! hashes of their share have begun with. This is the HyperLogLog of Flajolet, Fusy, Gandouet and Meunier
//! (2007), with hashes of 64 bits, and the estimate of Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017), algorithm 6, which needs no tables. The hash is XXH64 of seed 0, for ever:
//! it stands in checkpoints.

mod sightings;

pub(in crate::cell) use sightings::Sightings;
use twox_hash::XxHash64;

use super::Part;
use crate::cell::bytes;
use crate::report::value::Value;

/// So many hashes are kept as they are: as much memory as the registers.
const EXACT: usize = 512;
/// How many bits of a hash choose its register.
const BITS: u32 = 12;
/// How many registers there are.
const REGISTERS: usize = 1 << BITS;
/// The most zeros that the rest of a hash can begin with.
const MOST: usize = 64 - BITS as usize;

/// Hashes of values, or what registers keep of them.
#[derive(Clone, Debug)]
pub(in crate::cell) enum Distinct {
    /// Few, sorted.
    Few(Vec<u64>),
    /// Many.
    Many(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Few(Vec::new())
    }
}

impl Distinct {
    /// Takes a value in.
    pub(in crate::cell) fn add(&mut self, value: &[u8]) {
        self.add_hash(XxHash64::oneshot(0, value));
    }

    fn add_hash(&mut self, hash: u64) {
        match self {
            Distinct::Few(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else { return };
                hashes.insert(place, hash);
                if hashes.len() > EXACT {
                    self.go_over();
                }
            }
            Distinct::Many(registers) => note(registers, hash),
        }
    }

    /// Goes over to registers, if it is not there yet.
    fn go_over(&mut self) {
        if let Distinct::Few(hashes) = self {
            let mut registers = Box::new([0; REGISTERS]);
            hashes.iter().for_each(|hash| note(&mut registers, *hash));
            *self = Distinct::Many(registers);
        }
    }

    /// How many different values there are, or are estimated to be.
    pub(in crate::cell) fn value(&self) -> Value {
        Value::Int(match self {
            Distinct::Few(hashes) => hashes.len() as i64,
            Distinct::Many(registers) => estimate(registers).round() as i64,
        })
    }
}

fn note(registers: &mut [u8; REGISTERS], hash: u64) {
    let (register, most) = registered(hash);
    registers[register] = registers[register].max(most);
}

/// The register of a hash, and what it keeps there.
fn registered(hash: u64) -> (usize, u8) {
    let zeros = (hash << BITS).leading_zeros().min(MOST as u32) as u8;
    ((hash >> (64 - BITS)) as usize, zeros + 1)
}

fn estimate(registers: &[u8; REGISTERS]) -> f64 {
    let mut counts = [0u32; MOST + 2];
    registers.iter().for_each(|register| counts[usize::from(*register)] += 1);
    let size = REGISTERS as f64;
    let mut sum = size * tau(1.0 - f64::from(counts[MOST + 1]) / size);
    for count in counts[1..=MOST].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += size * sigma(f64::from(counts[0]) / size);
    size * size / (2.0 * std::f64::consts::LN_2 * sum)
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut factor, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor *= 2.0;
        if sum == before {
            return sum;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut factor, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}

impl Part for Distinct {
    fn merge(&mut self, other: &Distinct) {
        match (&mut *self, other) {
            (_, Distinct::Few(hashes)) => hashes.iter().for_each(|hash| self.add_hash(*hash)),
            (Distinct::Few(_), Distinct::Many(_)) => {
                self.go_over();
                self.merge(other);
            }
            (Distinct::Many(mine), Distinct::Many(others)) => {
                mine.iter_mut().zip(others.iter()).for_each(|(mine, other)| {
                    *mine = (*mine).max(*other);
                });
            }
        }
    }

    /// How many hashes (2 bytes) and these (8 each), or 65535 and the registers (4096).
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Distinct::Few(hashes) => {
                out.extend((hashes.len() as u16).to_le_bytes());
                hashes.iter().for_each(|hash| out.extend(hash.to_le_bytes()));
            }
            Distinct::Many(registers) => {
                out.extend(u16::MAX.to_le_bytes());
                out.extend(&registers[..]);
            }
        }
    }

    fn load(from: &mut &[u8]) -> Option<Distinct> {
        let count = u16::from_le_bytes(bytes(from)?);
        if count == u16::MAX {
            let registers: [u8; REGISTERS] = bytes(from)?;
            let is_one = |register: &u8| usize::from(*register) <= MOST + 1;
            return registers.iter().all(is_one).then(|| Distinct::Many(Box::new(registers)));
        }
        let hash = |_| bytes(from).map(u64::from_le_bytes);
        let hashes: Vec<u64> = (0..count).map(hash).collect::<Option<_>>()?;
        hashes.is_sorted_by(|one, next| one < next).then_some(Distinct::Few(hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: std::ops::Range<u64>) -> i64 {
        let mut distinct = Distinct::default();
        for value in values.clone().chain(values) {
            distinct.add(value.to_string().as_bytes());
        }
        match distinct.value() {
            Value::Int(count) => count,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn few_values_are_counted_exactly_and_many_are_estimated() {
        for count in [0, 1, 100, 512] {
            assert_eq!(of(0..count), count as i64);
        }
        // Three standard errors; values and hash are always the same, so this either holds or does not.
        for count in [513, 2000, 10_000, 100_000, 1_000_000] {
            let error = of(0..count) as f64 / count as f64 - 1.0;
            assert!(error.abs() < 3.0 * 0.0163, "{count}: {error}");
        }
    }
}
