//! Sorting, as jq has it: lists by their elements, or by what a program makes of these.
//!
//! A program that is spent finds lists equal, from one comparison to the next, so while it is being ended no order
//! holds. The sort of the standard library may panic where none does; this one ends, in whatever order.

use std::cmp::Ordering;

use jaq_core::{Error, Exn, ValR, ValX, ValXs};

use super::Value;

/// The elements in their order.
pub fn sort(list: Value) -> ValR<Value> {
    Ok(sorted(elements(list)?, &Value::cmp).into_iter().collect())
}

/// The elements in the order of what is made of each.
pub fn sort_by<'a>(list: Value, key: impl Fn(Value) -> ValXs<'a, Value>) -> ValX<'a, Value> {
    Ok(keyed(list, key)?.into_iter().map(|(_, item)| item).collect())
}

/// A list of lists of those elements of which the same is made, in the order of that.
pub fn group_by<'a>(list: Value, key: impl Fn(Value) -> ValXs<'a, Value>) -> ValX<'a, Value> {
    let keyed = keyed(list, key)?;
    let groups = keyed.chunk_by(|(one, _), (other, _)| one == other);
    Ok(groups.map(|group| group.iter().map(|(_, item)| item.clone()).collect()).collect())
}

/// The elements, each behind what is made of it, in the order of that.
fn keyed<'a>(
    list: Value,
    key: impl Fn(Value) -> ValXs<'a, Value>,
) -> Result<Vec<(Vec<Value>, Value)>, Exn<'a, Value>> {
    let keyed = |item: Value| Ok((key(item.clone()).collect::<Result<_, _>>()?, item));
    let keyed = elements(list)?.into_iter().map(keyed).collect::<Result<Vec<_>, Exn<_>>>()?;
    Ok(sorted(keyed, &|(one, _), (other, _)| one.cmp(other)))
}

fn elements(list: Value) -> Result<Vec<Value>, Error<Value>> {
    jaq_std::ValT::into_seq(list).map_err(|other| Error::typ(other, "array"))
}

/// Sorts by merging; what is equal stays as it came.
pub fn sorted<T>(mut items: Vec<T>, order: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let mut all = Vec::with_capacity(items.len());
    let behind = sorted(items.split_off(items.len() / 2), order);
    let mut behind = behind.into_iter().peekable();
    for item in sorted(items, order) {
        while let Some(less) = behind.next_if(|other| order(other, &item).is_lt()) {
            all.push(less);
        }
        all.push(item);
    }
    all.extend(behind);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_stable_sort_where_there_is_an_order(
            items in prop::collection::vec((0..9u8, any::<u8>()), 0..90),
        ) {
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(sorted(items, &|(one, _), (other, _)| one.cmp(other)), expected);
        }

        #[test]
        fn where_there_is_none_it_ends_with_the_same_items(
            items in prop::collection::vec(any::<u8>(), 0..90), seed: u8,
        ) {
            let order = |one: &u8, other: &u8| (one ^ seed).wrapping_sub(*other).cmp(&100);
            let mut found = sorted(items.clone(), &order);
            let mut expected = items;
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
