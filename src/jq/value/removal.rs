//! Removing what stands at paths, as `del` and `delpaths` do: all of them are meant of the value as it was.

use std::sync::Arc;

use jaq_core::{ValR, ValT};

use super::operations::{Error, beyond, fails};
use super::sorting::sorted;
use super::{ITEM, LIST, MEMBER, OBJECT, Value};
use crate::jq::meter;

/// The value without what stands at these paths.
pub(in crate::jq) fn without(value: Value, paths: &Value) -> ValR<Value> {
    let Value::List(paths) = paths else {
        return fails("Paths must be specified as an array".to_string());
    };
    let paths: Vec<&Value> = sorted(paths.items.iter().collect(), &Ord::cmp);
    let mut value = value;
    // From the last to the first, so that no place moves that is still to be removed.
    for path in paths.into_iter().rev() {
        let Value::List(path) = path else {
            return fails("Path must be specified as an array".to_string());
        };
        value = remove(value, &path.items)?;
    }
    Ok(value)
}

fn remove(value: Value, path: &[Value]) -> ValR<Value> {
    if !meter::steps(1) {
        return beyond();
    }
    let Some((first, rest)) = path.split_first() else { return Ok(Value::Null) };
    if matches!(value, Value::Null) {
        return Ok(value);
    }
    if rest.is_empty() {
        return last(value, first);
    }
    match value.clone().index(first)? {
        Value::Null => Ok(value),
        below => {
            let below = remove(below, rest)?;
            put(value, first, below)
        }
    }
}

/// Sets a place that is there.
fn put(value: Value, at: &Value, becomes: Value) -> ValR<Value> {
    use jaq_core::path::Opt;
    let set = value.map_index(at, Opt::Essential, |_| std::iter::once(Ok(becomes.clone())));
    set.map_err(|exception| exception.get_err().unwrap_or_else(|_| Error::new(Value::Null)))
}

/// Removes one place.
fn last(value: Value, at: &Value) -> ValR<Value> {
    match (value, at) {
        (Value::Object(mut object), Value::Text(name)) => {
            if !meter::bytes(OBJECT + object.count() * MEMBER) {
                return beyond();
            }
            Arc::make_mut(&mut object).remove(name);
            Ok(Value::Object(object))
        }
        (Value::List(mut list), Value::Number(number)) => {
            if !meter::bytes(LIST + list.items.len() * ITEM) {
                return beyond();
            }
            let len = list.items.len() as f64;
            let at = number.double().floor();
            let at = if at < 0.0 { at + len } else { at };
            if at >= 0.0 && at < len {
                Arc::make_mut(&mut list).change(|items| drop(items.remove(at as usize)));
            }
            Ok(Value::List(list))
        }
        (list @ Value::List(_), Value::Object(_)) => put(list, at, Value::list(Vec::new())),
        (value, at) => fails(format!("Cannot delete field at {} of {}", at.kind(), value.kind())),
    }
}
