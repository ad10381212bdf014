//! The plain part of the language: programs that only look things up, compare, calculate and put together.
//!
//! ```text
//! select(.ms > 9) | {at, n: (.n + 1)}, .list[].k     plain
//! reduce .[] as $x (0; . + $x), def f: ..., sort      for the interpreter
//! ```
//!
//! The interpreter makes some fifty boxes for a path and a comparison. A plain program goes over the value
//! itself and makes none but for what it puts out. It asks the same functions of values, and so comes to the
//! same outputs, the same errors and the same limits; a property test holds it to that. It cannot loop.
//!
//! A term of which there is [`One`] output stands wherever a value is wanted; [`Many`] are a stream.

mod made;

use std::borrow::Cow;

use jaq_core::ops::{Cmp, Math};
use jaq_core::{ValR, ValT};

use super::meter;
use super::value::{ITEM, Name, Object, Value, beyond, fails};

pub(super) use made::made;

/// An error of the program.
type Error = jaq_core::Error<Value>;

/// What has one output, or fails.
#[derive(Debug)]
enum One {
    Input,
    Constant(Value),
    /// A variable, by its place among those of the program.
    Variable(usize),
    /// What stands in it at a place.
    At(Box<One>, Value),
    Then(Box<One>, Box<One>),
    Math(Box<One>, Math, Box<One>),
    Compare(Box<One>, Cmp, Box<One>),
    /// `and`, `or`: the left one alone if it is this already.
    Logic(Box<One>, bool, Box<One>),
    /// The left one, which has one output at most, if it is true, else the right one.
    Either(Box<Many>, Box<One>),
    If(Box<One>, Box<One>, Box<One>),
    List(Box<Many>),
    Object(Vec<(One, One)>),
    /// A string of parts.
    Text(Vec<One>),
    Negated(Box<One>),
    /// A part of a list or a text.
    Slice(Box<One>, [Option<Value>; 2]),
    Call(fn(&Value) -> ValR<Value>),
    /// The same with an argument.
    CallWith(fn(&Value, &Value) -> ValR<Value>, Box<One>),
}

/// What has outputs, one after the other.
#[derive(Debug)]
enum Many {
    One(One),
    Nothing,
    /// The elements or members; of what has none nothing, if that is allowed.
    Each(Box<Many>, bool),
    /// What stands there at a place; nothing if it cannot stand there and that is allowed.
    At(Box<Many>, Value, bool),
    Then(Box<Many>, Box<Many>),
    Both(Box<Many>, Box<Many>),
    /// Those that are true, or else others.
    Either(Box<Many>, Box<Many>),
    Select(One),
    If(One, Box<Many>, Box<Many>),
    /// What it has, or what is made of its error.
    Try(One, Box<Many>),
}

/// A plain program.
#[derive(Debug)]
pub(super) struct Plain(Many);

/// What has run before the end.
pub(super) enum Stop {
    /// Nobody wants more.
    Enough,
    /// The program fails.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// What becomes of outputs.
type Each<'a> = dyn FnMut(Value) -> Result<(), Stop> + 'a;

impl Plain {
    /// Gives each output for an input to `each`, which is false if that is enough.
    pub(super) fn run(
        &self,
        input: &Value,
        variables: &[Value],
        mut each: impl FnMut(Value) -> bool,
    ) -> Result<(), Error> {
        let done = self.0.run(input, variables, &mut |output| match each(output) {
            true => Ok(()),
            false => Err(Stop::Enough),
        });
        match done {
            Ok(()) | Err(Stop::Enough) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

impl One {
    /// What it comes to, which may be a part of the input.
    #[expect(clippy::too_many_lines, reason = "a case for each kind of node, as in a table")]
    fn run<'a>(
        &'a self,
        input: &'a Value,
        variables: &'a [Value],
    ) -> Result<Cow<'a, Value>, Error> {
        if !meter::steps(1) {
            return beyond();
        }
        let owned = |one: &'a One| one.run(input, variables).map(Cow::into_owned);
        Ok(Cow::Owned(match self {
            One::Input => return Ok(Cow::Borrowed(input)),
            One::Constant(value) => return Ok(Cow::Borrowed(value)),
            One::Variable(place) => return Ok(Cow::Borrowed(&variables[*place])),
            One::At(of, place) => match of.run(input, variables)? {
                Cow::Borrowed(value) => return value.part(place),
                Cow::Owned(value) => value.index(place)?,
            },
            One::Then(first, then) => match first.run(input, variables)? {
                Cow::Borrowed(value) => return then.run(value, variables),
                Cow::Owned(value) => then.run(&value, variables)?.into_owned(),
            },
            One::Math(left, with, right) => with.run(owned(left)?, owned(right)?)?,
            One::Compare(left, with, right) => {
                let (left, right) = (left.run(input, variables)?, right.run(input, variables)?);
                Value::from(with.run(&*left, &*right))
            }
            One::Logic(left, ends, right) => {
                let left = left.run(input, variables)?.as_bool();
                Value::from(match left == *ends {
                    true => *ends,
                    false => right.run(input, variables)?.as_bool(),
                })
            }
            One::Either(left, right) => {
                let mut found = None;
                let first = left.run(input, variables, &mut |value| {
                    found = found.take().or_else(|| value.as_bool().then_some(value));
                    Ok(())
                });
                match (first, found) {
                    (Err(Stop::Failed(error)), _) => return Err(error),
                    (_, Some(value)) => value,
                    (_, None) => return right.run(input, variables),
                }
            }
            One::If(is_so, then, otherwise) => {
                let is_so = is_so.run(input, variables)?.as_bool();
                return if is_so { then } else { otherwise }.run(input, variables);
            }
            One::List(of) => list(of, input, variables)?,
            One::Object(members) => {
                let mut object = Object::with_room(members.len());
                for (name, value) in members {
                    let (name, value) = (name.run(input, variables)?, owned(value)?);
                    let Value::Text(name) = &*name else {
                        return fails(format!("Object keys must be strings, not {}", name.named()));
                    };
                    object.set(Name::new(name), value);
                }
                match Value::object(object) {
                    Value::Null => return beyond(),
                    object => object,
                }
            }
            One::Text(parts) => {
                let mut parts = parts.iter();
                let first = parts.next().map_or(Ok(Value::Null), owned)?.into_string();
                parts.try_fold(first, |text, part| text + owned(part)?.into_string())?
            }
            One::Negated(of) => (-owned(of)?)?,
            One::Slice(of, [from, to]) => owned(of)?.range(from.as_ref()..to.as_ref())?,
            One::Call(function) => function(input)?,
            One::CallWith(function, given) => function(input, &*given.run(input, variables)?)?,
        }))
    }
}

/// A list of all outputs.
fn list(of: &Many, input: &Value, variables: &[Value]) -> Result<Value, Error> {
    let mut items = Vec::new();
    let all = of.run(input, variables, &mut |item| match meter::bytes(ITEM) {
        true => {
            items.push(item);
            Ok(())
        }
        false => Err(Stop::Enough),
    });
    match all {
        Err(Stop::Failed(error)) => Err(error),
        Ok(()) | Err(Stop::Enough) => Ok(Value::list(items)),
    }
}

impl Many {
    /// Gives each output to `each`.
    fn run(&self, input: &Value, variables: &[Value], each: &mut Each<'_>) -> Result<(), Stop> {
        if !meter::steps(1) {
            return Ok(beyond()?);
        }
        match self {
            Many::One(one) => each(one.run(input, variables)?.into_owned()),
            Many::Nothing => Ok(()),
            Many::Each(of, is_optional) => of.with(input, variables, &mut |value| {
                for item in value.clone().values() {
                    match item {
                        Ok(item) => each(item)?,
                        Err(_) if *is_optional => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(())
            }),
            Many::At(of, place, is_optional) => {
                of.with(input, variables, &mut |value| match value.part(place) {
                    Ok(part) => each(part.into_owned()),
                    Err(_) if *is_optional => Ok(()),
                    Err(error) => Err(error.into()),
                })
            }
            Many::Then(first, then) => {
                first.with(input, variables, &mut |value| then.run(value, variables, each))
            }
            Many::Both(left, right) => {
                left.run(input, variables, each)?;
                right.run(input, variables, each)
            }
            Many::Either(left, right) => {
                let mut is_there = false;
                left.run(input, variables, &mut |value| match value.as_bool() {
                    true => {
                        is_there = true;
                        each(value)
                    }
                    false => Ok(()),
                })?;
                if is_there { Ok(()) } else { right.run(input, variables, each) }
            }
            Many::Select(is_so) => match is_so.run(input, variables)?.as_bool() {
                true => each(input.clone()),
                false => Ok(()),
            },
            Many::If(is_so, then, otherwise) => {
                let is_so = is_so.run(input, variables)?.as_bool();
                if is_so { then } else { otherwise }.run(input, variables, each)
            }
            Many::Try(of, otherwise) => match of.run(input, variables) {
                Ok(value) => each(value.into_owned()),
                Err(error) => otherwise.run(&error.into_val(), variables, each),
            },
        }
    }

    /// The same for outputs that need not be owned.
    fn with(
        &self,
        input: &Value,
        variables: &[Value],
        each: &mut dyn FnMut(&Value) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        match self {
            Many::One(one) => each(&*one.run(input, variables)?),
            Many::Select(is_so) => match is_so.run(input, variables)?.as_bool() {
                true => each(input),
                false => Ok(()),
            },
            _ => self.run(input, variables, &mut |value| each(&value)),
        }
    }

    /// True if there is one output at most.
    fn is_single(&self) -> bool {
        match self {
            Many::One(_) | Many::Nothing | Many::Select(_) => true,
            Many::Each(..) | Many::Both(..) => false,
            Many::At(of, ..) | Many::Try(_, of) => of.is_single(),
            Many::Then(a, b) | Many::Either(a, b) | Many::If(_, a, b) => {
                a.is_single() && b.is_single()
            }
        }
    }
}
