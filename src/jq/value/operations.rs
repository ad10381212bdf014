//! Arithmetic of values, as jq has it, and what makes values of others.

use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::sync::Arc;

use jaq_core::ValR;

use super::number::Number;
use super::sorting::sorted;
use super::write;
use super::{ITEM, LIST, List, MEMBER, Name, OBJECT, Object, TEXT, Value, heap};
use crate::jq::meter;

/// An error of the program, in words.
pub(in crate::jq) type Error = jaq_core::Error<Value>;

/// What fails because too much is taken; what it says is never read.
pub(in crate::jq) fn beyond<T>() -> Result<T, Error> {
    Err(Error::new(Value::Null))
}

/// An error that is told so.
pub(in crate::jq) fn fails<T>(what: String) -> Result<T, Error> {
    Err(Error::new(Value::told(what)))
}

fn cannot(a: &Value, b: &Value, what: &str) -> ValR<Value> {
    fails(format!("{} and {} cannot be {what}", a.named(), b.named()))
}

fn number(number: Number) -> ValR<Value> {
    if meter::steps(1) { Ok(Value::Number(number)) } else { beyond() }
}

impl Add for Value {
    type Output = ValR<Value>;

    fn add(self, other: Value) -> ValR<Value> {
        Ok(match (self, other) {
            (Value::Null, value) | (value, Value::Null) => value,
            (Value::Number(a), Value::Number(b)) => {
                return number(a.calculate(&b, i64::checked_add, |a, b| a + b));
            }
            (Value::Text(mut a), Value::Text(b)) => {
                // What nobody else holds is added to.
                let copied = if Arc::get_mut(&mut a).is_some() { 0 } else { TEXT + a.len() };
                if !meter::bytes(copied + b.len()) {
                    return beyond();
                }
                Arc::make_mut(&mut a).extend(&b);
                Value::Text(a)
            }
            (Value::List(mut a), Value::List(b)) => {
                let copied = if Arc::get_mut(&mut a).is_some() { 0 } else { a.items.len() };
                if !meter::bytes(LIST + (copied + b.items.len()) * ITEM) {
                    return beyond();
                }
                let list = Arc::make_mut(&mut a);
                b.items.iter().for_each(|item| list.push(item.clone()));
                Value::List(a)
            }
            (Value::Object(mut a), Value::Object(b)) => {
                let copied = if Arc::get_mut(&mut a).is_some() { 0 } else { a.count() };
                if !meter::bytes(OBJECT + (copied + b.count()) * MEMBER) {
                    return beyond();
                }
                let object = Arc::make_mut(&mut a);
                b.iter().for_each(|(name, value)| object.set(name.clone(), value.clone()));
                Value::Object(a)
            }
            (a, b) => return cannot(&a, &b, "added"),
        })
    }
}

impl Sub for Value {
    type Output = ValR<Value>;

    fn sub(self, other: Value) -> ValR<Value> {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => {
                number(a.calculate(&b, i64::checked_sub, |a, b| a - b))
            }
            (Value::List(mut a), Value::List(b)) => {
                if !meter::bytes(LIST + a.items.len() * ITEM) {
                    return beyond();
                }
                let gone: Vec<&Value> = sorted(b.items.iter().collect(), &Ord::cmp);
                let list: &mut List = Arc::make_mut(&mut a);
                list.change(|items| items.retain(|item| gone.binary_search(&item).is_err()));
                Ok(Value::List(a))
            }
            (a, b) => cannot(&a, &b, "subtracted"),
        }
    }
}

impl Mul for Value {
    type Output = ValR<Value>;

    fn mul(self, other: Value) -> ValR<Value> {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => {
                number(a.calculate(&b, i64::checked_mul, |a, b| a * b))
            }
            (Value::Text(text), Value::Number(times))
            | (Value::Number(times), Value::Text(text)) => {
                let times = times.double().ceil();
                if times.is_nan() || times <= 0.0 {
                    return Ok(Value::Null);
                }
                let all = times * text.len() as f64 + TEXT as f64;
                match all <= u32::MAX.into() && meter::bytes(all as usize) {
                    true => Ok(Value::told(text.repeat(times as usize))),
                    false => {
                        meter::bytes(usize::MAX);
                        beyond()
                    }
                }
            }
            (Value::Object(a), Value::Object(b)) => merged(a, &b),
            (a, b) => cannot(&a, &b, "multiplied"),
        }
    }
}

/// An object and, over it, another one; objects in both are merged too.
fn merged(mut a: Arc<Object>, b: &Object) -> ValR<Value> {
    if !meter::bytes(OBJECT + (a.count() + b.count()) * MEMBER) {
        return beyond();
    }
    let object = Arc::make_mut(&mut a);
    for (name, value) in b.iter() {
        let value = match (object.take(name.bytes()), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merged(old, new)?,
            _ => value.clone(),
        };
        object.set(name.clone(), value);
    }
    Ok(Value::Object(a))
}

impl Div for Value {
    type Output = ValR<Value>;

    fn div(self, other: Value) -> ValR<Value> {
        match (&self, &other) {
            (Value::Number(a), Value::Number(b)) => {
                if b.double() == 0.0 {
                    return cannot(&self, &other, "divided because the divisor is zero");
                }
                let exact = |a: i64, b: i64| (a.checked_rem(b) == Some(0)).then(|| a / b);
                number(a.calculate(b, exact, |a, b| a / b))
            }
            (Value::Text(text), Value::Text(by)) => {
                let parts = write::parts(text, by);
                if !meter::bytes(parts.len() * ITEM) {
                    return beyond();
                }
                Ok(Value::list(parts.into_iter().map(Value::text).collect()))
            }
            (a, b) => cannot(a, b, "divided"),
        }
    }
}

impl Rem for Value {
    type Output = ValR<Value>;

    fn rem(self, other: Value) -> ValR<Value> {
        let (Value::Number(a), Value::Number(b)) = (&self, &other) else {
            return cannot(&self, &other, "divided (remainder)");
        };
        let (a, b) = match (a.double(), b.double()) {
            (a, b) if a.is_nan() || b.is_nan() => return number(Number::Float(f64::NAN)),
            // Fractions do not count, and what is too large is the largest.
            (x, y) => (a.whole().unwrap_or(x as i64), b.whole().unwrap_or(y as i64)),
        };
        match b {
            0 => cannot(&self, &other, "divided because the divisor is zero"),
            b => number(Number::Int(a.wrapping_rem(b))),
        }
    }
}

impl Neg for Value {
    type Output = ValR<Value>;

    fn neg(self) -> ValR<Value> {
        match self {
            Value::Number(n) => {
                number(Number::Int(0).calculate(&n, |_, n| n.checked_neg(), |_, n| -n))
            }
            other => fails(format!("{} cannot be negated", other.named())),
        }
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Value {
        Value::Bool(is)
    }
}

impl From<isize> for Value {
    fn from(whole: isize) -> Value {
        Value::Number(Number::Int(whole as i64))
    }
}

impl From<usize> for Value {
    fn from(whole: usize) -> Value {
        Value::Number(Number::Int(whole as i64))
    }
}

impl From<f64> for Value {
    fn from(double: f64) -> Value {
        Value::Number(Number::of(double))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        if !meter::bytes(TEXT + heap(text.capacity())) {
            return Value::Null;
        }
        Value::told(text)
    }
}

/// A part of a list or string, as a path has it.
impl From<Range<Option<Value>>> for Value {
    fn from(range: Range<Option<Value>>) -> Value {
        let mut object = Object::default();
        for (name, bound) in [("start", range.start), ("end", range.end)] {
            object.set(Name::new(name.as_bytes()), bound.unwrap_or_default());
        }
        Value::object(object)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Value {
        let items = items.into_iter().take_while(|_| meter::bytes(ITEM));
        Value::list(items.collect())
    }
}
