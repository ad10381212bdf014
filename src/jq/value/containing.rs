//! What stands in a value: how much, whether, and where.

use jaq_core::{ValR, ValT};

use super::operations::{Error, beyond, fails};
use super::write::{characters, part as part_of};
use super::{ITEM, List, Number, Value};
use crate::jq::meter;

/// How long it is: characters, elements, members; the size of a number.
pub fn length(value: &Value) -> ValR<Value> {
    Ok(Value::from(match value {
        Value::Null => 0,
        Value::Bool(_) => return fails(format!("{} has no length", value.named())),
        Value::Number(Number::Int(whole)) if *whole > i64::MIN => {
            return Ok(Value::Number(Number::Int(whole.abs())));
        }
        Value::Number(number) => return Ok(Value::from(number.double().abs())),
        Value::Text(text) => {
            meter::steps(text.len() / 64);
            characters(text)
        }
        Value::List(list) => list.items.len(),
        Value::Object(object) => object.count(),
    }))
}

/// True if there is something of this name, or at this place.
pub fn has(of: &Value, key: &Value) -> ValR<Value> {
    match (of, key) {
        (Value::Object(object), Value::Text(name)) => Ok(Value::Bool(object.get(name).is_some())),
        (Value::List(list), Value::Number(at)) => {
            let at = at.double();
            Ok(Value::Bool(at >= 0.0 && at < list.items.len() as f64))
        }
        (Value::Null, _) => Ok(Value::Bool(false)),
        _ => fails(format!("Cannot check whether {} has a {} key", of.kind(), key.kind())),
    }
}

/// The names of the members, or the places of the elements.
pub fn keys(value: &Value, is_sorted: bool) -> ValR<Value> {
    let mut keys: Vec<Value> = match value {
        Value::Object(object) => object.iter().map(|(name, _)| name.value()).collect(),
        Value::List(list) => (0..list.items.len()).map(Value::from).collect(),
        other => return fails(format!("{} has no keys", other.named())),
    };
    if !meter::steps(keys.len()) || !meter::bytes(keys.len() * ITEM) {
        return beyond();
    }
    if is_sorted {
        keys.sort();
    }
    Ok(Value::list(keys))
}

/// True if all of another value stands in it, as jq means that.
pub fn contains(of: &Value, other: &Value) -> Result<bool, Error> {
    if of.kind() != other.kind() {
        let (of, other) = (of.named(), other.named());
        return fails(format!("{of} and {other} cannot have their containment checked"));
    }
    let contains = has_all(of, other);
    if meter::spent().is_some() { beyond() } else { Ok(contains) }
}

/// The same, of values of any kinds; those of different kinds are not in each other.
fn has_all(of: &Value, other: &Value) -> bool {
    if !meter::steps(1) {
        return false;
    }
    match (of, other) {
        (Value::Object(of), Value::Object(other)) => other
            .iter()
            .all(|(name, value)| of.get(name.bytes()).is_some_and(|held| has_all(held, value))),
        (Value::List(of), Value::List(other)) => {
            let is_there = |value| of.items.iter().any(|held| has_all(held, value));
            other.items.iter().all(is_there)
        }
        (Value::Text(of), Value::Text(other)) => {
            meter::steps(of.len() / 64);
            memchr::memmem::find(of, other).is_some()
        }
        (of, other) => of == other,
    }
}

/// Where a value stands in a sorted list, or -1 less where it would.
pub fn search(of: &Value, value: &Value) -> ValR<Value> {
    match of {
        Value::List(list) => {
            Ok(Value::from(match list.items.binary_search_by(|item| value.cmp(item).reverse()) {
                Ok(at) => at as isize,
                Err(at) => -1 - at as isize,
            }))
        }
        other => fails(format!("{} cannot be searched from", other.named())),
    }
}

impl Value {
    /// Where another value, or a list of values, stands in it.
    pub(in crate::jq) fn indices(&self, other: &Value) -> ValR<Value> {
        let places = match (self, other) {
            (Value::Null, _) => return Ok(Value::Null),
            (Value::Text(text), Value::Text(part)) => places_in_text(text, part),
            (Value::List(list), Value::List(part)) => places_in_list(list, part),
            (Value::List(list), value) => {
                meter::steps(list.items.len());
                let is = |(at, item): (usize, &Value)| (item == value).then_some(at);
                list.items.iter().enumerate().filter_map(is).collect()
            }
            _ => return self.clone().index(other),
        };
        if !meter::steps(places.len()) {
            return beyond();
        }
        Ok(places.into_iter().map(Value::from).collect())
    }
}

fn places_in_list(list: &List, part: &List) -> Vec<usize> {
    let (items, part) = (&list.items, &part.items);
    if part.is_empty() || !meter::steps(items.len().saturating_mul(part.len())) {
        return Vec::new();
    }
    let is = |(at, window): (usize, &[Value])| (window == &part[..]).then_some(at);
    items.windows(part.len()).enumerate().filter_map(is).collect()
}

fn places_in_text(text: &[u8], part: &[u8]) -> Vec<usize> {
    let cost = text.len().saturating_mul(part.len().max(64)) / 64;
    if part.is_empty() || !meter::steps(cost) {
        return Vec::new();
    }
    // Places are counted in characters, and may overlap.
    let (mut places, mut at, mut rest) = (Vec::new(), 0, text);
    while !rest.is_empty() {
        if rest.starts_with(part) {
            places.push(at);
        }
        rest = &rest[part_of(rest, 0..1).len()..];
        at += 1;
    }
    places
}
