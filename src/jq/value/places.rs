//! What stands where in a value: indexing, parts, and changes in place, as jq has them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use jaq_core::box_iter::box_once;
use jaq_core::path::Opt;
use jaq_core::{Exn, ValR, ValT, ValX};

use super::number::Number;
use super::operations::{Error, beyond, fails};
use super::write;
use super::{ITEM, LIST, List, MEMBER, Name, OBJECT, Object, Value};
use crate::jq::meter;

/// Lists are not filled up beyond this.
const LONGEST: f64 = 536_870_911.0;

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> ValR<Value> {
        let whole = text.bytes().all(|byte| byte.is_ascii_digit());
        // An integer that is too long for one is a text still; what has a fraction is a double.
        Ok(Value::Number(match whole {
            true => Number::read(text.as_bytes()),
            false => Number::of(text.parse().unwrap_or(f64::NAN)),
        }))
    }

    fn from_map<I: IntoIterator<Item = (Value, Value)>>(members: I) -> ValR<Value> {
        let mut object = Object::default();
        for (name, value) in members {
            let Value::Text(name) = &name else {
                return fails(format!("Object keys must be strings, not {}", name.named()));
            };
            object.set(Name::new(name), value);
        }
        match Value::object(object) {
            Value::Null => beyond(),
            object => Ok(object),
        }
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Value, Value), Error>>> {
        if !meter::steps(self.len()) {
            return box_once(beyond());
        }
        match self {
            Value::List(list) => Box::new(
                (0..list.items.len())
                    .map(move |place| Ok((Value::from(place), list.items[place].clone()))),
            ),
            Value::Object(object) => Box::new((0..object.count()).map_while(move |place| {
                object.at(place).map(|(name, value)| Ok((name.value(), value.clone())))
            })),
            other => box_once(Err(other.no_elements())),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Value>>> {
        if !meter::steps(self.len()) {
            return box_once(beyond());
        }
        match self {
            Value::List(list) => {
                Box::new((0..list.items.len()).map(move |place| Ok(list.items[place].clone())))
            }
            Value::Object(object) => Box::new(
                (0..object.count())
                    .map_while(move |place| object.at(place).map(|(_, value)| Ok(value.clone()))),
            ),
            other => box_once(Err(other.no_elements())),
        }
    }

    fn index(self, index: &Value) -> ValR<Value> {
        match (&self, index) {
            (Value::Object(object), Value::Text(name)) => {
                Ok(object.get(name).cloned().unwrap_or_default())
            }
            (Value::List(list), Value::Number(at)) => {
                Ok(place(at, list.items.len()).map_or(Value::Null, |at| list.items[at].clone()))
            }
            (Value::List(_), Value::List(_)) => self.indices(index),
            (Value::Null, Value::Null | Value::Text(_) | Value::Number(_)) => Ok(Value::Null),
            (Value::Null | Value::List(_) | Value::Text(_), Value::Object(bounds)) => {
                let bound = |name: &str| bounds.get(name.as_bytes());
                self.range(bound("start")..bound("end"))
            }
            _ => Err(self.no_index(index)),
        }
    }

    fn range(self, range: Range<Option<&Value>>) -> ValR<Value> {
        match &self {
            Value::Null => Ok(Value::Null),
            Value::List(list) => {
                let part = bounds(&range, list.items.len())?;
                match meter::bytes(part.len() * ITEM) {
                    true => Ok(Value::list(list.items[part].to_vec())),
                    false => beyond(),
                }
            }
            Value::Text(text) => {
                meter::steps(text.len() / 64);
                let part = bounds(&range, write::characters(text))?;
                Ok(Value::text(write::part(text, part)))
            }
            other => fails(format!("Cannot index {} with object", other.kind())),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        if !meter::steps(self.len()) || !meter::bytes(self.len() * ITEM) {
            return Ok(beyond()?);
        }
        match self {
            Value::List(mut list) => {
                let items = std::mem::take(&mut Arc::make_mut(&mut list).items);
                let items = items.into_iter().filter_map(|item| f(item).next());
                Ok(Value::list(items.collect::<Result<_, _>>()?))
            }
            Value::Object(object) => {
                let mut changed = Object::default();
                for (name, value) in object.iter() {
                    if let Some(value) = f(value.clone()).next() {
                        changed.set(name.clone(), value?);
                    }
                }
                Ok(Value::object(changed))
            }
            other => opt.fail(other, |other| Exn::from(other.no_elements())),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        index: &Value,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        match (self, index) {
            (Value::Null, Value::Text(_)) => {
                Value::object(Object::default()).map_index(index, opt, f)
            }
            (Value::Null, Value::Number(_)) => Value::list(Vec::new()).map_index(index, opt, f),
            (Value::Object(object), Value::Text(name)) => change_member(object, name, f),
            (Value::List(list), Value::Number(at)) => change_element(list, at, f),
            (list @ (Value::Null | Value::List(_)), Value::Object(bounds)) => {
                let bound = |name: &str| bounds.get(name.as_bytes());
                list.map_range(bound("start")..bound("end"), opt, f)
            }
            (other, index) => opt.fail(other, |other| Exn::from(other.no_index(index))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Value>>>(
        self,
        range: Range<Option<&Value>>,
        opt: Opt,
        f: impl Fn(Value) -> I,
    ) -> ValX<'a, Value> {
        let mut list = match self {
            Value::Null => Arc::new(List::default()),
            Value::List(list) => list,
            other => {
                return opt.fail(other, |other| {
                    let what = format!("Cannot update a part of {}", other.named());
                    Exn::from(Error::new(Value::told(what)))
                });
            }
        };
        let part = bounds(&range, list.items.len())?;
        if !meter::bytes(list.items.len() * ITEM) {
            return Ok(beyond()?);
        }
        let was = Value::list(list.items[part.clone()].to_vec());
        let becomes = match f(was).next().transpose()? {
            None => Vec::new(),
            Some(Value::List(items)) => items.items.clone(),
            Some(_) => {
                return Ok(fails("A slice of an array can only be assigned another array".into())?);
            }
        };
        Arc::make_mut(&mut list).change(|items| drop(items.splice(part, becomes)));
        Ok(Value::List(list))
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Value::Null | Value::Bool(false))
    }

    fn into_string(self) -> Value {
        match self {
            Value::Text(_) => self,
            other => other.json(),
        }
    }
}

/// Changes the member of a name, or removes it if it becomes nothing.
fn change_member<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut object: Arc<Object>,
    name: &[u8],
    f: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let copied =
        if Arc::get_mut(&mut object).is_some() { 0 } else { OBJECT + object.count() * MEMBER };
    if !meter::bytes(copied + MEMBER) {
        return Ok(beyond()?);
    }
    let members = Arc::make_mut(&mut object);
    let was = members.take(name);
    match f(was.unwrap_or_default()).next().transpose()? {
        Some(value) => members.set(Name::new(name), value),
        None => members.remove(name),
    }
    Ok(Value::Object(object))
}

/// Changes the element of a place, which may be behind the end, or removes it if it becomes nothing.
fn change_element<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut list: Arc<List>,
    at: &Number,
    f: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let len = list.items.len();
    let at = match (place(at, len), at.double()) {
        (Some(at), _) => at,
        (None, at) if at < 0.0 || at.is_nan() => {
            return Ok(fails("Out of bounds negative array index".into())?);
        }
        (None, at) if at > LONGEST => return Ok(fails("Array index too large".into())?),
        (None, at) => at as usize,
    };
    let copied = if Arc::get_mut(&mut list).is_some() { 0 } else { LIST + len * ITEM };
    if !meter::bytes(copied + (at + 1).saturating_sub(len) * ITEM) {
        return Ok(beyond()?);
    }
    let items = Arc::make_mut(&mut list);
    let was = items.items.get_mut(at).map(std::mem::take);
    match f(was.unwrap_or_default()).next().transpose()? {
        None if at < len => items.change(|items| drop(items.remove(at))),
        None => {}
        Some(value) => {
            if at >= items.items.len() {
                items.items.resize(at + 1, Value::Null);
            }
            items.items.swap_remove(at);
            let last = items.items.len();
            items.push(value);
            items.items.swap(at, last);
        }
    }
    Ok(Value::List(list))
}

/// The place that a number means in something of this length, if it is there.
fn place(at: &Number, len: usize) -> Option<usize> {
    let at = at.double().floor();
    let at = if at < 0.0 { at + len as f64 } else { at };
    (at >= 0.0 && at < len as f64).then_some(at as usize)
}

/// The part that two bounds mean of something of this length.
fn bounds(range: &Range<Option<&Value>>, len: usize) -> Result<Range<usize>, Error> {
    let bound = |bound: Option<&Value>, default: usize, round: fn(f64) -> f64| match bound {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Number(at)) => {
            let at = at.double();
            let at = round(if at < 0.0 { at + len as f64 } else { at });
            Ok(at.clamp(0.0, len as f64) as usize)
        }
        Some(_) => fails("Start and end indices of an array slice must be numbers".into()),
    };
    let start = bound(range.start, 0, f64::floor)?;
    Ok(start..bound(range.end, len, f64::ceil)?.max(start))
}

impl Value {
    /// What stands at an index: the same as by `index`, without a copy where it is a part of this.
    pub(in crate::jq) fn part(&self, index: &Value) -> Result<Cow<'_, Value>, Error> {
        static NULL: Value = Value::Null;
        match (self, index) {
            (Value::Object(object), Value::Text(name)) => {
                Ok(Cow::Borrowed(object.get(name).unwrap_or(&NULL)))
            }
            (Value::List(list), Value::Number(at)) => {
                let place = place(at, list.items.len());
                Ok(Cow::Borrowed(place.map_or(&NULL, |place| &list.items[place])))
            }
            _ => self.clone().index(index).map(Cow::Owned),
        }
    }

    /// How many elements or members there are; none of what has none.
    fn len(&self) -> usize {
        match self {
            Value::List(list) => list.items.len(),
            Value::Object(object) => object.count(),
            _ => 0,
        }
    }

    fn no_elements(&self) -> Error {
        let what = match self {
            Value::Null => "Cannot iterate over null".to_string(),
            other => format!("Cannot iterate over {}", other.named()),
        };
        Error::new(Value::told(what))
    }

    fn no_index(&self, index: &Value) -> Error {
        let with = match index {
            Value::Text(_) => format!("{index}"),
            other => other.kind().to_string(),
        };
        let what = format!("Cannot index {} with {with}", self.kind());
        Error::new(Value::told(what))
    }
}
