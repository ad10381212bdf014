//! Unsigned integers of several limbs, the lowest first.

use super::ATTOS;

/// A number of 128 bits as limbs.
pub fn limbs(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}

/// Adds a number that is no longer; what is carried out of the highest limb is lost.
pub fn add(to: &mut [u64], number: &[u64]) {
    let mut carry = false;
    for (index, limb) in to.iter_mut().enumerate() {
        let (sum, first) = limb.overflowing_add(number.get(index).copied().unwrap_or(0));
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (*limb, carry) = (sum, first || second);
        if !carry && index + 1 >= number.len() {
            break;
        }
    }
}

/// Subtracts a number that is no longer; what is borrowed beyond the highest limb is lost.
pub fn subtract(from: &mut [u64], number: &[u64]) {
    let mut borrow = false;
    for (index, limb) in from.iter_mut().enumerate() {
        let (rest, first) = limb.overflowing_sub(number.get(index).copied().unwrap_or(0));
        let (rest, second) = rest.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (rest, first || second);
        if !borrow && index + 1 >= number.len() {
            break;
        }
    }
}

/// The product, of which `N` limbs hold all.
pub fn times<const N: usize>(one: &[u64], other: &[u64]) -> [u64; N] {
    let mut product = [0; N];
    for (place, limb) in one.iter().enumerate().filter(|(_, limb)| **limb != 0) {
        let mut carry = 0u128;
        for (index, target) in product[place..].iter_mut().enumerate() {
            let factor = other.get(index).copied().unwrap_or(0);
            // Less than 2^128: (2^64 - 1) squared, and twice 2^64 - 1.
            let sum = u128::from(*limb) * u128::from(factor) + u128::from(*target) + carry;
            (*target, carry) = (sum as u64, sum >> 64);
        }
    }
    product
}

/// True if wholes and attos together are below 0, and their size in attos.
pub fn attos(whole: i128, atto: i128) -> (bool, [u64; 3]) {
    let one = i128::from(ATTOS);
    let (floor, rest) = (whole + atto.div_euclid(one), atto.rem_euclid(one));
    let (is_negative, size, rest) = match floor < 0 {
        true if rest > 0 => (true, (floor + 1).unsigned_abs(), one - rest),
        true => (true, floor.unsigned_abs(), 0),
        false => (false, floor.unsigned_abs(), rest),
    };
    let mut all = times::<3>(&limbs(size), &[ATTOS as u64]);
    add(&mut all, &[rest as u64]);
    (is_negative, all)
}

/// The double nearest to a number times 2^`lowest`, ties to even; infinite if that is beyond all doubles.
pub fn nearest(limbs: &[u64], lowest: i32) -> f64 {
    let Some(top) = limbs.iter().rposition(|limb| *limb != 0) else { return 0.0 };
    // The 64 highest bits, of which the lowest also says whether anything is below it: so the
    // conversion rounds as if it saw all.
    let (high, power) = match top {
        0 => (limbs[0], lowest),
        _ => {
            let zeros = limbs[top].leading_zeros();
            let both = u128::from(limbs[top]) << 64 | u128::from(limbs[top - 1]);
            let moved = both << zeros;
            let deeper = limbs[..top - 1].iter().any(|limb| *limb != 0);
            let rest = moved as u64 != 0 || deeper;
            ((moved >> 64) as u64 | u64::from(rest), lowest + 64 * top as i32 - zeros as i32)
        }
    };
    scaled(high as f64, power)
}

/// A double times a power of two, rounded once where it leaves the doubles.
fn scaled(mut double: f64, mut power: i32) -> f64 {
    // Steps that stay within the doubles until the last one.
    while power > 1000 {
        (double, power) = (double * 2f64.powi(1000), power - 1000);
    }
    while power < -1000 && double.abs() > 2f64.powi(-20) {
        (double, power) = (double * 2f64.powi(-1000), power + 1000);
    }
    if power < -1000 { 0.0 } else { double * 2f64.powi(power) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_differences_and_products_are_those_of_integers(a: u64, b: u64, c: u64) {
            let number = |limbs: &[u64]| u128::from(limbs[0]) | u128::from(limbs[1]) << 64;
            let product = times::<2>(&[a], &[b]);
            prop_assert_eq!(number(&product), u128::from(a) * u128::from(b));
            let mut sum = product;
            add(&mut sum, &[c]);
            prop_assert_eq!(number(&sum), (u128::from(a) * u128::from(b)).wrapping_add(u128::from(c)));
            subtract(&mut sum, &[c]);
            prop_assert_eq!(sum, product);
        }

        #[test]
        fn the_nearest_double_is_that_of_the_library(number: u128, shift in 0usize..128) {
            let number = number >> shift;
            prop_assert_eq!(nearest(&limbs(number), 0), number as f64);
        }

        #[test]
        fn a_size_in_attos_is_that_of_both_parts(whole in any::<i64>(), atto in any::<i64>()) {
            let all = i128::from(whole) * i128::from(ATTOS) + i128::from(atto);
            let (is_negative, size) = attos(i128::from(whole), i128::from(atto));
            prop_assert_eq!((is_negative && all != 0, [size[0], size[1]]), (all < 0, limbs(all.unsigned_abs())));
        }
    }
}
