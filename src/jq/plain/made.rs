//! Plain programs, of the terms that jaq parses: all of a program is plain, or none of it.

use std::cell::Cell;

use jaq_core::ValT;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part};

use super::{Many, One, Plain};
use crate::jq::builtins::{of_input, of_two};
use crate::jq::terms::constant;
use crate::jq::value::{Number, Value};

/// Terms are nested no deeper.
const DEEPEST: usize = 64;
/// So often a term is looked at: those within others may be looked at again and again.
const MOST: usize = 1 << 14;

/// The program, if it is plain.
pub fn made(term: &Term<&str>, variables: &[&str]) -> Option<Plain> {
    Maker { variables, left: Cell::new(MOST) }.many(term, DEEPEST).map(Plain)
}

struct Maker<'a> {
    variables: &'a [&'a str],
    /// How often a term may be looked at yet.
    left: Cell<usize>,
}

impl Maker<'_> {
    /// A term, nested so many levels at most, that has any number of outputs.
    fn many(&self, term: &Term<&str>, below: usize) -> Option<Many> {
        if let Some(one) = self.one(term, below) {
            return Some(Many::One(one));
        }
        let below = below.checked_sub(levels(term))?;
        let many = |term| self.many(term, below).map(Box::new);
        Some(match term {
            Term::Call("empty", given) if given.is_empty() => Many::Nothing,
            Term::Call("select", given) if given.len() == 1 => {
                Many::Select(self.one(&given[0], below)?)
            }
            Term::BinOp(left, BinaryOp::Pipe(None), right) => Many::Then(many(left)?, many(right)?),
            Term::BinOp(left, BinaryOp::Comma, right) => Many::Both(many(left)?, many(right)?),
            Term::BinOp(left, BinaryOp::Alt, right) => Many::Either(many(left)?, many(right)?),
            Term::IfThenElse(branches, otherwise) => {
                let otherwise = match otherwise {
                    Some(otherwise) => *many(otherwise)?,
                    None => Many::One(One::Input),
                };
                branches.iter().rev().try_fold(otherwise, |otherwise, (is_so, then)| {
                    let is_so = self.one(is_so, below)?;
                    Some(Many::If(is_so, many(then)?, Box::new(otherwise)))
                })?
            }
            Term::TryCatch(of, otherwise) => {
                let otherwise = match otherwise {
                    Some(otherwise) => many(otherwise)?,
                    None => Box::new(Many::Nothing),
                };
                Many::Try(self.one(of, below)?, otherwise)
            }
            Term::Path(of, path) => path.0.iter().try_fold(*many(of)?, |of, (part, opt)| {
                let (of, is_optional) = (Box::new(of), matches!(opt, Opt::Optional));
                Some(match part {
                    Part::Range(None, None) => Many::Each(of, is_optional),
                    part => Many::At(of, place(part)?, is_optional),
                })
            })?,
            _ => return None,
        })
    }

    /// A term that has one output.
    fn one(&self, term: &Term<&str>, below: usize) -> Option<One> {
        self.left.set(self.left.get().checked_sub(1)?);
        let below = below.checked_sub(levels(term))?;
        let one = |term| self.one(term, below).map(Box::new);
        Some(match term {
            Term::Id => One::Input,
            Term::Num(text) => One::Constant(number(text)?),
            Term::Str(None, parts) => match constant(parts) {
                Some(constant) => One::Constant(text(constant)),
                None => self.text(parts, below)?,
            },
            Term::Var(name) => self.variable(name)?,
            Term::Arr(None) => One::List(Box::new(Many::Nothing)),
            Term::Arr(Some(of)) => One::List(Box::new(self.many(of, below)?)),
            Term::Obj(members) => {
                let member = |(name, value): &(Term<&str>, Option<Term<&str>>)| {
                    self.member(name, value.as_ref(), below)
                };
                One::Object(members.iter().map(member).collect::<Option<_>>()?)
            }
            Term::Neg(of) => One::Negated(one(of)?),
            Term::BinOp(left, op, right) => match op {
                BinaryOp::Pipe(None) => One::Then(one(left)?, one(right)?),
                BinaryOp::Math(op) => One::Math(one(left)?, *op, one(right)?),
                BinaryOp::Cmp(op) => One::Compare(one(left)?, *op, one(right)?),
                BinaryOp::Or => One::Logic(one(left)?, true, one(right)?),
                BinaryOp::And => One::Logic(one(left)?, false, one(right)?),
                BinaryOp::Alt => {
                    let left = self.many(left, below)?;
                    One::Either(left.is_single().then(|| Box::new(left))?, one(right)?)
                }
                _ => return None,
            },
            Term::IfThenElse(branches, otherwise) => {
                let otherwise = match otherwise {
                    Some(otherwise) => *one(otherwise)?,
                    None => One::Input,
                };
                branches.iter().rev().try_fold(otherwise, |otherwise, (is_so, then)| {
                    Some(One::If(one(is_so)?, one(then)?, Box::new(otherwise)))
                })?
            }
            Term::Path(of, path) => path.0.iter().try_fold(*one(of)?, |of, (part, opt)| {
                Some(match (part, opt) {
                    (_, Opt::Optional) | (Part::Range(None, None), _) => return None,
                    (Part::Index(_), _) => One::At(Box::new(of), place(part)?),
                    (Part::Range(from, to), _) => {
                        One::Slice(Box::new(of), [bound(from.as_ref())?, bound(to.as_ref())?])
                    }
                })
            })?,
            Term::Call(name, given) => self.call(name, given, below)?,
            _ => return None,
        })
    }

    fn variable(&self, name: &str) -> Option<One> {
        self.variables.iter().position(|known| *known == name).map(One::Variable)
    }

    fn call(&self, name: &str, given: &[Term<&str>], below: usize) -> Option<One> {
        Some(match (name, given) {
            ("true", []) => One::Constant(Value::Bool(true)),
            ("false", []) => One::Constant(Value::Bool(false)),
            ("null", []) => One::Constant(Value::Null),
            ("map", [of]) => {
                let all = Many::Each(Box::new(Many::One(One::Input)), false);
                One::List(Box::new(Many::Then(Box::new(all), Box::new(self.many(of, below)?))))
            }
            ("first", []) => One::At(Box::new(One::Input), integer(0)),
            ("last", []) => One::At(Box::new(One::Input), integer(-1)),
            (name, []) => One::Call(of_input(name)?),
            (name, [given]) => One::CallWith(of_two(name)?, Box::new(self.one(given, below)?)),
            _ => return None,
        })
    }

    /// A member of an object, which may be called as what is taken for it.
    fn member(
        &self,
        name: &Term<&str>,
        value: Option<&Term<&str>>,
        below: usize,
    ) -> Option<(One, One)> {
        let value = match (name, value) {
            (_, Some(value)) => self.one(value, below)?,
            (Term::Str(None, parts), None) => One::At(Box::new(One::Input), text(constant(parts)?)),
            (Term::Var(variable), None) => {
                let name = One::Constant(text(variable.strip_prefix('$')?.to_string()));
                return Some((name, self.variable(variable)?));
            }
            _ => return None,
        };
        Some((self.one(name, below)?, value))
    }

    fn text(&self, parts: &[StrPart<&str, Term<&str>>], below: usize) -> Option<One> {
        let part = |part: &StrPart<&str, Term<&str>>| match part {
            StrPart::Str(part) => Some(One::Constant(text(part.to_string()))),
            StrPart::Char(c) => Some(One::Constant(text(c.to_string()))),
            StrPart::Term(term) => self.one(term, below),
        };
        parts.iter().map(part).collect::<Option<_>>().map(One::Text)
    }
}

/// In how many levels it is made of its parts.
fn levels(term: &Term<&str>) -> usize {
    match term {
        Term::Path(_, path) => path.0.len(),
        Term::IfThenElse(branches, _) => branches.len(),
        _ => 1,
    }
}

/// A string, whatever the meter says: no program runs yet.
fn text(text: String) -> Value {
    Value::told(text)
}

/// A number as it is typed.
fn number(text: &str) -> Option<Value> {
    match text.parse() {
        Ok(whole) => Some(integer(whole)),
        Err(_) => Value::from_num(text).ok(),
    }
}

/// A place that is always the same.
fn place(part: &Part<Term<&str>>) -> Option<Value> {
    match part {
        Part::Index(Term::Str(None, parts)) => constant(parts).map(text),
        Part::Index(at) => constant_number(at),
        Part::Range(..) => None,
    }
}

/// The same of where a part begins or ends, which need not be said.
fn bound(term: Option<&Term<&str>>) -> Option<Option<Value>> {
    term.map_or(Some(None), |term| constant_number(term).map(Some))
}

/// A number that is always the same.
fn constant_number(term: &Term<&str>) -> Option<Value> {
    match term {
        Term::Num(text) => number(text),
        Term::Neg(of) => match &**of {
            Term::Num(text) => text.parse().ok().map(|whole: i64| integer(-whole)),
            _ => None,
        },
        _ => None,
    }
}

fn integer(whole: i64) -> Value {
    Value::Number(Number::Int(whole))
}
