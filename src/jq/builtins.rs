//! What programs can call: what jaq has, less what would break a replay, and functions of our values.
//!
//! A start that goes on runs records again, maybe another day and elsewhere, and must come to the same. So
//! what reads a clock, the surroundings, or other input than its record is not there: [`refused`]
//! says so. Functions of jaq that cannot be bounded, or do not what jq does, are other ones here.

use std::sync::Arc;

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Bind, Exn, ValR, ValT};

use super::kind::Kind;
use super::value::{self, ITEM, Need, Number, Value, beyond, fails, read};
use super::{meter, patterns};
use crate::say::note;

/// Functions of jaq that are not there, or that are ours.
const NOT_FROM_JAQ: &[&str] = &[
    "now",
    "env",
    "halt",
    "localtime",
    "strflocaltime",
    "debug_empty",
    "stderr_empty",
    "jn",
    "yn",
    "range",
    "floor",
    "ceil",
    "round",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "keys_unsorted",
    "matches",
    "split_matches",
    "split_",
    "sort",
    "sort_by",
    "group_by",
];

/// Definitions of jaq that are not there, or that are ours.
const NOT_DEFINED_BY_JAQ: &[&str] =
    &["halt", "halt_error", "nan", "infinite", "type", "keys", "delpaths"];

/// The first and the last output of a function, for what is made of a program; no program can type these names.
pub(super) const FIRST: &str = "the first";
pub(super) const LAST: &str = "the last";

/// Why a function or variable is not there that jq has; none if jq has none either.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "now" | "localtime" | "strflocaltime" | "date_now" => {
            "the clock and its zone are others when records are run again, as after a crash; a \
             report has its Time, and --format json writes it"
        }
        "$ENV" | "env" => {
            "the surroundings may be others when records are run again; the shell can put $NAME \
             into the program"
        }
        "input" | "inputs" | "input_line_number" | "input_filename" => {
            "a program sees one record; --reduce and --update-state-by see many, --with-path and \
             its like say where a record comes from"
        }
        "halt" | "halt_error" => {
            "a record does not end the stream; error makes it bad, empty drops it"
        }
        "jn" | "yn" => "is not there: how long it takes depends on a number",
        "limit_input" | "get_search_list" | "import" | "include" | "modulemeta" => {
            "a program has no modules"
        }
        _ => return None,
    })
}

/// All definitions.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let of_jaq = jaq_core::defs().chain(jaq_std::defs());
    let ours = jaq_core::load::parse(include_str!("defs.jq"), |parser| parser.defs());
    let is_taken = |def: &Def<&'static str>| !NOT_DEFINED_BY_JAQ.contains(&def.name);
    of_jaq.filter(is_taken).chain(ours.expect("our own definitions are right"))
}

/// All functions, in an order that is always the same.
pub(super) fn functions() -> impl Iterator<Item = Fun<Kind>> {
    let of_jaq = || jaq_core::funs::<Kind>().chain(jaq_std::funs::<Kind>());
    let is_taken = |fun: &Fun<Kind>| !NOT_FROM_JAQ.contains(&fun.0);
    // What definitions of ours are made of.
    let below = of_jaq().filter_map(|(name, arguments, function)| {
        let name = match name {
            "first" => FIRST,
            "last" => LAST,
            "limit" => "limit_",
            "mktime" => "mktime_",
            "range" => "range_",
            "reverse" => "reverse_",
            _ => return None,
        };
        Some((name, arguments, function))
    });
    of_jaq().filter(is_taken).chain(below).chain(ours())
}

fn ours() -> impl Iterator<Item = Fun<Kind>> {
    numbers().into_iter().chain(texts()).chain(structures()).chain(patterns::functions())
}

fn numbers() -> Vec<Fun<Kind>> {
    vec![
        run(("nan", v(0), |_| bome(Ok(Value::from(f64::NAN))))),
        run(("infinite", v(0), |_| bome(Ok(Value::from(f64::INFINITY))))),
        run(("floor", v(0), |cv| bome(rounded(&cv.1, f64::floor)))),
        run(("ceil", v(0), |cv| bome(rounded(&cv.1, f64::ceil)))),
        run(("round", v(0), |cv| bome(rounded(&cv.1, f64::round)))),
        run(("tonumber", v(0), |cv| bome(to_number(cv.1)))),
        run(("range", v(3), |mut cv| {
            let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            match (from, to, by) {
                (Value::Number(from), Value::Number(to), Value::Number(by)) => {
                    let mut goes_on = true;
                    Box::new(Number::range(from, to, by).map_while(move |number| {
                        let was_going_on = std::mem::replace(&mut goes_on, meter::steps(1));
                        let number = if goes_on { Ok(Value::Number(number)) } else { beyond() };
                        was_going_on.then(|| number.map_err(Exn::from))
                    }))
                }
                _ => bome(fails("Range bounds must be numeric".to_string())),
            }
        })),
    ]
}

fn texts() -> Vec<Fun<Kind>> {
    vec![
        run(("tojson", v(0), |cv| bome(whole(cv.1.json())))),
        run(("fromjson", v(0), |cv| bome(from_json(&cv.1)))),
        run(("startswith", v(1), |cv| {
            unary(cv, |text, with| with_text("startswith", &text, &with, <[u8]>::starts_with))
        })),
        run(("endswith", v(1), |cv| {
            unary(cv, |text, with| with_text("endswith", &text, &with, <[u8]>::ends_with))
        })),
        run(("ltrimstr", v(1), |cv| unary(cv, |text, with| Ok(trimmed(text, &with, true))))),
        run(("rtrimstr", v(1), |cv| unary(cv, |text, with| Ok(trimmed(text, &with, false))))),
        run(("debug_empty", v(0), |cv| {
            note(&format!("debug: {}", cv.1));
            Box::new(std::iter::empty())
        })),
        run(("stderr_empty", v(0), |cv| {
            note(&format!("stderr: {}", cv.1));
            Box::new(std::iter::empty())
        })),
    ]
}

fn structures() -> Vec<Fun<Kind>> {
    vec![
        run(("type", v(0), |cv| bome(Ok(Value::text(cv.1.kind().as_bytes()))))),
        run(("keys", v(0), |cv| bome(value::keys(&cv.1, true)))),
        run(("keys_unsorted", v(0), |cv| bome(value::keys(&cv.1, false)))),
        run(("length", v(0), |cv| bome(value::length(&cv.1)))),
        run(("has", v(1), |cv| unary(cv, |of, key| value::has(&of, &key)))),
        run(("contains", v(1), |cv| {
            unary(cv, |of, other| value::contains(&of, &other).map(Value::from))
        })),
        run(("indices", v(1), |cv| unary(cv, |of, other| of.indices(&other)))),
        run(("bsearch", v(1), |cv| unary(cv, |of, value| value::search(&of, &value)))),
        run(("delpaths", v(1), |cv| unary(cv, |of, paths| value::without(of, &paths)))),
        run(("sort", v(0), |cv| bome(value::sort(cv.1)))),
        run(("sort_by", [Bind::Fun(())].into(), |mut cv| {
            let (key, ctx) = cv.0.pop_fun();
            box_once(value::sort_by(cv.1, |item| key.run((ctx.clone(), item))))
        })),
        run(("group_by", [Bind::Fun(())].into(), |mut cv| {
            let (key, ctx) = cv.0.pop_fun();
            box_once(value::group_by(cv.1, |item| key.run((ctx.clone(), item))))
        })),
    ]
}

/// The function of this name that has its input alone, for programs that are not interpreted.
pub(super) fn of_input(name: &str) -> Option<fn(&Value) -> ValR<Value>> {
    Some(match name {
        "add" => |input| input.clone().values().try_fold(Value::Null, |sum, item| sum + item?),
        "ceil" => |input| rounded(input, f64::ceil),
        "floor" => |input| rounded(input, f64::floor),
        "keys" => |input| value::keys(input, true),
        "keys_unsorted" => |input| value::keys(input, false),
        "length" => value::length,
        "not" => |input| Ok(Value::from(!input.as_bool())),
        "round" => |input| rounded(input, f64::round),
        "tojson" => |input| whole(input.json()),
        "tonumber" => |input| to_number(input.clone()),
        "tostring" => |input| Ok(input.clone().into_string()),
        "type" => |input| Ok(Value::text(input.kind().as_bytes())),
        _ => return None,
    })
}

/// The function of this name that has its input and one argument, for such programs too.
pub(super) fn of_two(name: &str) -> Option<fn(&Value, &Value) -> ValR<Value>> {
    Some(match name {
        "contains" => |input, other| value::contains(input, other).map(Value::from),
        "endswith" => |input, with| with_text("endswith", input, with, <[u8]>::ends_with),
        "has" => value::has,
        "ltrimstr" => |input, what| Ok(trimmed(input.clone(), what, true)),
        "rtrimstr" => |input, what| Ok(trimmed(input.clone(), what, false)),
        "startswith" => |input, with| with_text("startswith", input, with, <[u8]>::starts_with),
        "test" => |input, expression| patterns::test(input, expression, &Value::Null),
        _ => return None,
    })
}

/// A value that was made, unless that was too much.
fn whole(value: Value) -> ValR<Value> {
    if meter::spent().is_some() { beyond() } else { Ok(value) }
}

fn rounded(value: &Value, round: fn(f64) -> f64) -> ValR<Value> {
    match value {
        Value::Number(Number::Int(_)) => Ok(value.clone()),
        Value::Number(number) => Ok(Value::from(round(number.double()))),
        other => fails(format!("{} number required", other.named())),
    }
}

fn to_number(value: Value) -> ValR<Value> {
    match &value {
        Value::Number(_) => Ok(value),
        Value::Text(text) => match (read(text, Need::WHOLE), Number::spelled(text)) {
            (Ok(Value::Number(number)), _) | (_, Some(number)) => Ok(Value::Number(number)),
            _ => fails(format!("{} cannot be parsed as a number", value.named())),
        },
        other => fails(format!("{} cannot be parsed as a number", other.named())),
    }
}

fn from_json(value: &Value) -> ValR<Value> {
    let Value::Text(text) = value else {
        return fails(format!("{} cannot be parsed as JSON", value.named()));
    };
    if !meter::bytes(text.len()) {
        return beyond();
    }
    match read(text, Need::WHOLE) {
        Ok(value) => whole(value),
        Err(lack) => fails(format!("{} cannot be parsed as JSON: {lack}", value.named())),
    }
}

fn with_text(
    name: &str,
    text: &Value,
    with: &Value,
    is: impl Fn(&[u8], &[u8]) -> bool,
) -> ValR<Value> {
    match (text, with) {
        (Value::Text(text), Value::Text(with)) => Ok(Value::Bool(is(text, with))),
        _ => fails(format!("{name}() requires string inputs")),
    }
}

fn trimmed(value: Value, what: &Value, front: bool) -> Value {
    let (Value::Text(text), Value::Text(what)) = (&value, what) else { return value };
    let rest = match front {
        true => text.strip_prefix(&what[..]),
        false => text.strip_suffix(&what[..]),
    };
    rest.map_or_else(|| value.clone(), Value::text)
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Value>>(self) -> Result<S, Value> {
        match self {
            Value::List(list) if meter::bytes(list.items.len() * ITEM) => {
                Ok(match Arc::try_unwrap(list) {
                    Ok(list) => list.items.into_iter().collect(),
                    Err(list) => list.items.iter().cloned().collect(),
                })
            }
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Value::Number(number) if number.whole().is_some())
    }

    fn as_isize(&self) -> Option<isize> {
        // Who asks makes characters and times of it, and counts these in microseconds without a look at what comes
        // out: beyond that it is a double.
        const MOST: i64 = i64::MAX / 1_000_000;
        match self {
            Value::Number(number) => {
                let whole = number.whole().filter(|whole| (-MOST..=MOST).contains(whole));
                whole.map(|whole| whole as isize)
            }
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(number.double()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Value::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn as_sub_str(&self, sub: &[u8]) -> Value {
        Value::text(sub)
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Value {
        Value::text(bytes.as_ref())
    }
}
