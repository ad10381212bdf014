//! How tightly operators bind: as in jq, whose order is another than jaq's.
//!
//! ```text
//! loose   |     ,   //     = |= += ...   or    and   == < ...   + -    * / %   tight
//!         right     right                left                   left   left
//!
//! f + g as $x | h       `as` has what stands right before it, and all that comes:  f + (g as $x | h)
//! ```
//!
//! jaq makes terms of tokens by its own order, and of parentheses nothing. So each pair of these gets a definition that
//! nobody can type before terms are made; then what was typed between two of them is put together anew.

use std::iter::Peekable;
use std::mem::take;
use std::vec::IntoIter;

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::Part;

/// What is defined in parentheses.
const MARK: &str = "a pair of parentheses";

/// Marks the parentheses among these tokens.
pub(super) fn mark(tokens: &mut [Token<&str>]) {
    let mut before = ["", ""];
    for token in tokens {
        match &mut token.1 {
            // Those of a definition hold names.
            Tok::Block(within) => {
                mark_within(within, token.0.starts_with('(') && before[0] != "def")
            }
            Tok::Str(parts) => parts.iter_mut().for_each(|part| {
                if let StrPart::Term(Token(_, Tok::Block(within))) = part {
                    mark_within(within, true);
                }
            }),
            _ => {}
        }
        before = [before[1], token.0];
    }
}

fn mark_within(tokens: &mut Vec<Token<&str>>, is_pair: bool) {
    mark(tokens);
    if is_pair {
        let word = |text| Token(text, Tok::Word);
        let sign = |text| Token(text, Tok::Sym);
        tokens.splice(0..0, [word("def"), word(MARK), sign(":"), sign("."), sign(";")]);
    }
}

/// Puts the operands of this term, and of all within it, together as jq does, and takes the marks away.
pub(super) fn bind(term: &mut Term<&str>) {
    match term {
        Term::BinOp(..) => {
            let (mut operands, mut operators) = (Vec::new(), Vec::new());
            take_apart(take(term), &mut operands, &mut operators);
            operands.iter_mut().for_each(bind);
            let mut operands = operands.into_iter();
            *term = operands.next().unwrap_or_default();
            let mut rest =
                operators.into_iter().zip(operands).collect::<Vec<_>>().into_iter().peekable();
            climb(term, &mut rest, 0);
        }
        Term::Def(definitions, of)
            if definitions.first().is_some_and(|first| first.name == MARK) =>
        {
            definitions.remove(0);
            match definitions.is_empty() {
                true => {
                    *term = take(of);
                    bind(term);
                }
                false => within(term),
            }
        }
        _ => within(term),
    }
}

/// The operands and operators of a term in the order in which they were typed.
fn take_apart<'a>(
    term: Term<&'a str>,
    operands: &mut Vec<Term<&'a str>>,
    operators: &mut Vec<BinaryOp<&'a str>>,
) {
    match term {
        Term::BinOp(left, mut operator, right) => {
            take_apart(*left, operands, operators);
            if let BinaryOp::Pipe(Some(pattern)) = &mut operator {
                within_pattern(pattern);
            }
            operators.push(operator);
            take_apart(*right, operands, operators);
        }
        term => operands.push(term),
    }
}

/// Puts what comes behind a term together with it, as long as it binds at least so tightly.
fn climb<'a>(
    left: &mut Term<&'a str>,
    rest: &mut Peekable<IntoIter<(BinaryOp<&'a str>, Term<&'a str>)>>,
    least: u8,
) {
    while let Some((operator, mut right)) =
        rest.next_if(|(operator, _)| tightness(operator).0 >= least)
    {
        climb(&mut right, rest, tightness(&operator).1);
        *left = Term::BinOp(Box::new(take(left)), operator, Box::new(right));
    }
}

/// How tightly an operator binds to what stands before it, and how tightly what follows has to bind to belong to it.
fn tightness(operator: &BinaryOp<&str>) -> (u8, u8) {
    match operator {
        BinaryOp::Pipe(Some(_)) => (u8::MAX, 0),
        BinaryOp::Pipe(None) => (0, 0),
        BinaryOp::Comma => (1, 2),
        BinaryOp::Alt => (2, 2),
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            (3, 4)
        }
        BinaryOp::Or => (4, 5),
        BinaryOp::And => (5, 6),
        BinaryOp::Cmp(_) => (6, 7),
        BinaryOp::Math(Math::Add | Math::Sub) => (7, 8),
        BinaryOp::Math(Math::Mul | Math::Div | Math::Rem) => (8, 9),
    }
}

/// The same for each term within one.
fn within(term: &mut Term<&str>) {
    match term {
        Term::Id
        | Term::Recurse
        | Term::Num(_)
        | Term::Var(_)
        | Term::Break(_)
        | Term::Arr(None) => {}
        Term::BinOp(..) => bind(term),
        Term::Str(_, parts) => parts.iter_mut().for_each(|part| {
            if let StrPart::Term(of) = part {
                bind(of);
            }
        }),
        Term::Arr(Some(of)) | Term::Neg(of) | Term::Label(_, of) => bind(of),
        Term::Obj(members) => members.iter_mut().for_each(|(name, value)| {
            bind(name);
            value.iter_mut().for_each(bind);
        }),
        Term::Fold(_, of, pattern, with) => {
            bind(of);
            within_pattern(pattern);
            with.iter_mut().for_each(bind);
        }
        Term::TryCatch(of, otherwise) => {
            bind(of);
            otherwise.iter_mut().for_each(|otherwise| bind(otherwise));
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter_mut().for_each(|(is_so, then)| {
                bind(is_so);
                bind(then);
            });
            otherwise.iter_mut().for_each(|otherwise| bind(otherwise));
        }
        Term::Def(definitions, of) => {
            definitions.iter_mut().for_each(|definition| bind(&mut definition.body));
            bind(of);
        }
        Term::Call(_, given) => given.iter_mut().for_each(bind),
        Term::Path(of, path) => {
            bind(of);
            path.0.iter_mut().for_each(|(part, _)| match part {
                Part::Index(at) => bind(at),
                Part::Range(from, to) => from.iter_mut().chain(to).for_each(bind),
            });
        }
    }
}

fn within_pattern(pattern: &mut Pattern<&str>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(parts) => parts.iter_mut().for_each(within_pattern),
        Pattern::Obj(members) => members.iter_mut().for_each(|(name, pattern)| {
            bind(name);
            within_pattern(pattern);
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::jq::terms::parsed;

    #[test]
    fn operators_bind_as_in_jq() {
        let table = [
            ("2 * 7 % 4 / 3", "((2 * 7) % 4) / 3"),
            ("7 % 4 * 2 - 1 + 3 * 5", "(((7 % 4) * 2) - 1) + (3 * 5)"),
            (".a = .b // 0", "(.a = .b) // 0"),
            (".a |= .b // 0 // 1, 2 | 3 | 4", "(((.a |= .b) // (0 // 1)), 2) | (3 | 4)"),
            ("1 + 2 as $x | -$x", "1 + (2 as $x | -$x)"),
            ("1, 2 * 3 as $x | $x, 4 | 5", "1, (2 * (3 as $x | (($x, 4) | 5)))"),
            (
                "1 as [$x, {a: $y, (\"b\" + \"c\" + \"d\"): $z}] | $x + $y",
                "1 as [$x, {a: $y, ((\"b\" + \"c\") + \"d\"): $z}] | ($x + $y)",
            ),
            (".a or .b and .c == 1 + 2", ".a or (.b and (.c == (1 + 2)))"),
            (".a = 1 | .b += 2 or 3", "(.a = 1) | (.b += (2 or 3))"),
            ("1 - 2 - 3, -1 % 2", "((1 - 2) - 3), ((-1) % 2)"),
            (
                "def f($a; g): $a * 2 % 3; f(1 * 2 % 3; (4)) * 5 % 6",
                "def f($a; g): ($a * 2) % 3; (f((1 * 2) % 3; 4) * 5) % 6",
            ),
            ("(def f: 1; f) * 2 % 3", "((def f: 1; f) * 2) % 3"),
            ("1 + def f: 2; f * 3 % 2", "1 + (def f: 2; ((f * 3) % 2))"),
            ("label $out | 1 * 2 % 3, break $out", "label $out | (((1 * 2) % 3), break $out)"),
            ("\"\\(1 * 2 % 3) \\((1))\"", "\"\\((1 * 2) % 3) \\(1)\""),
            ("[.[1 * 2 % 3:(4)]] | .a[(1)].b", "[.[((1 * 2) % 3):4]] | .a[1].b"),
            (
                "{a: 1 | 2, (\"b\"): (3 * 4 % 5), \"c\\(1)\": 2}",
                "{a: (1 | 2), \"b\": ((3 * 4) % 5), \"c\\(1)\": 2}",
            ),
            (
                "reduce (.[] | .a) as $x (0; . + $x * 2 % 3)",
                "reduce (.[] | .a) as $x (0; . + (($x * 2) % 3))",
            ),
            ("try (1 * 2 % 3) catch (. + 1 * 2)", "try ((1 * 2) % 3) catch (. + (1 * 2))"),
            (
                "if 1 * 2 % 3 == 0 then (1) elif 2 then 3 * 4 % 5 else 6 end",
                "if (((1 * 2) % 3) == 0) then 1 elif 2 then ((3 * 4) % 5) else 6 end",
            ),
        ];
        for (typed, meant) in table {
            let term = |text| {
                format!("{:?}", parsed(text).unwrap_or_else(|error| panic!("{text}: {error}")))
            };
            assert_eq!(term(typed), term(meant), "{typed}");
        }
    }
}
