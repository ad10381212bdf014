//! Terms that jaq goes through as jq does: the same program where each part has one output.
//!
//! ```text
//! f + g                        g is the outer loop:            g as $r | f + $r
//! "\(f) \(g)"                  the same, since it is a sum:    g as $r | ("\(f)" + " ") + "\($r)"
//! f[g], f[g:h]                 an index is the outer loop:     g as $r | f[$r]
//! reduce f as $x (g; h)        the last output counts:         reduce f as $x (g; last(h), or null)
//! foreach f as $x (g; h; i)    for what comes next, too:       foreach f as $x (g | [.]; [.[-1] | h]; .[] | i)
//! def f($a): g;                it can be called, too:          def f($a): def a: $a; g;
//! ```
//!
//! What has one output is left as it is. Names that are bound here cannot be typed.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use crate::jq::builtins::{FIRST, LAST, of_input, of_two};

/// What is bound: the right one of two, and the bounds of a part.
const RIGHT: &str = "$the right";
const FROM: &str = "$the start";
const TO: &str = "$the end";

/// A term that is gone through as jq does, and whether it has one output, unless it fails.
type Known<'a> = (Term<&'a str>, bool);
type PathPart<'a> = (Part<Term<&'a str>>, Opt);

/// The terms of this text as jq goes through them.
pub(in crate::jq) fn ordered<'a>(text: &str, term: Term<&'a str>) -> Term<&'a str> {
    // A definition may give another meaning to any name.
    Order { has_own_names: text.contains("def") }.term(term).0
}

struct Order {
    has_own_names: bool,
}

impl Order {
    fn term<'a>(&self, term: Term<&'a str>) -> Known<'a> {
        match term {
            Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(None) => (term, true),
            Term::Recurse | Term::Break(_) => (term, false),
            Term::Str(format, parts) => self.text(format, parts),
            Term::Arr(Some(of)) => (Term::Arr(Some(self.boxed(*of).0)), true),
            Term::Obj(members) => self.object(members),
            Term::Neg(of) => {
                let (of, is_one) = self.boxed(*of);
                (Term::Neg(of), is_one)
            }
            Term::BinOp(left, op, right) => self.operation(*left, op, *right),
            Term::Label(name, of) => (Term::Label(name, self.boxed(*of).0), false),
            Term::Fold(name, of, pattern, with) => {
                let (of, pattern) = (self.boxed(*of).0, self.pattern(pattern));
                let with = with.into_iter().map(|with| self.term(with)).collect();
                fold(name, of, pattern, with)
            }
            Term::TryCatch(of, otherwise) => {
                let otherwise = otherwise.map(|otherwise| self.boxed(*otherwise).0);
                (Term::TryCatch(self.boxed(*of).0, otherwise), false)
            }
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise),
            Term::Def(definitions, of) => {
                let definitions = definitions.into_iter().map(|def| self.definition(def));
                let (of, is_one) = self.boxed(*of);
                (Term::Def(definitions.collect(), of), is_one)
            }
            Term::Call(name, given) => {
                let (given, are_one): (Vec<_>, Vec<_>) =
                    given.into_iter().map(|given| self.term(given)).unzip();
                let is_one = !self.has_own_names && has_one(name, &are_one);
                (Term::Call(name, given), is_one)
            }
            Term::Path(of, path) => self.path(*of, path),
        }
    }

    fn boxed<'a>(&self, term: Term<&'a str>) -> (Box<Term<&'a str>>, bool) {
        let (term, is_one) = self.term(term);
        (Box::new(term), is_one)
    }

    fn operation<'a>(
        &self,
        left: Term<&'a str>,
        op: BinaryOp<&'a str>,
        right: Term<&'a str>,
    ) -> Known<'a> {
        let op = match op {
            BinaryOp::Pipe(Some(pattern)) => BinaryOp::Pipe(Some(self.pattern(pattern))),
            op => op,
        };
        let ((left, left_is_one), (right, right_is_one)) = (self.term(left), self.term(right));
        let is_one = match &op {
            BinaryOp::Comma => false,
            BinaryOp::Update => true,
            BinaryOp::Assign | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => right_is_one,
            BinaryOp::Pipe(Some(Pattern::Arr(_) | Pattern::Obj(_))) => false,
            _ => left_is_one && right_is_one,
        };
        let term = match &op {
            BinaryOp::Math(_) | BinaryOp::Cmp(_) if !left_is_one && !right_is_one => {
                bound(right, RIGHT, |right| binary(left, op, right))
            }
            _ => binary(left, op, right),
        };
        (term, is_one)
    }

    /// A string: a sum of its parts, if several of them have several outputs.
    fn text<'a>(
        &self,
        format: Option<&'a str>,
        parts: Vec<StrPart<&'a str, Term<&'a str>>>,
    ) -> Known<'a> {
        let mut several = 0;
        let part = |part| match part {
            StrPart::Term(of) => {
                let (of, is_one) = self.term(of);
                several += usize::from(!is_one);
                (StrPart::Term(of), is_one)
            }
            part => (part, true),
        };
        let parts: Vec<_> = parts.into_iter().map(part).collect();
        if several < 2 {
            let parts = parts.into_iter().map(|(part, _)| part).collect();
            return (Term::Str(format, parts), several == 0);
        }
        let parts = parts.into_iter().map(|(part, is_one)| (Term::Str(format, vec![part]), is_one));
        let sum = parts.reduce(|(sum, sum_is_one), (part, is_one)| {
            let add = BinaryOp::Math(Math::Add);
            let sum = match sum_is_one || is_one {
                true => binary(sum, add, part),
                false => bound(part, RIGHT, |part| binary(sum, add, part)),
            };
            (sum, sum_is_one && is_one)
        });
        sum.unwrap_or((Term::Str(format, Vec::new()), true))
    }

    fn object<'a>(&self, members: Vec<(Term<&'a str>, Option<Term<&'a str>>)>) -> Known<'a> {
        let mut are_one = true;
        let mut part = |term| {
            let (term, is_one) = self.term(term);
            are_one &= is_one;
            term
        };
        let members = members.into_iter().map(|(name, value)| (part(name), value.map(&mut part)));
        (Term::Obj(members.collect()), are_one)
    }

    fn branches<'a>(
        &self,
        branches: Vec<(Term<&'a str>, Term<&'a str>)>,
        otherwise: Option<Box<Term<&'a str>>>,
    ) -> Known<'a> {
        let mut are_one = true;
        let mut part = |term| {
            let (term, is_one) = self.term(term);
            are_one &= is_one;
            term
        };
        let branches = branches.into_iter().map(|(is_so, then)| (part(is_so), part(then)));
        let branches = branches.collect();
        let otherwise = otherwise.map(|otherwise| Box::new(part(*otherwise)));
        (Term::IfThenElse(branches, otherwise), are_one)
    }

    fn pattern<'a>(&self, pattern: Pattern<&'a str>) -> Pattern<&'a str> {
        let within = |pattern| self.pattern(pattern);
        match pattern {
            Pattern::Var(_) => pattern,
            Pattern::Arr(parts) => Pattern::Arr(parts.into_iter().map(within).collect()),
            Pattern::Obj(members) => {
                let member = |(name, pattern)| (self.term(name).0, within(pattern));
                Pattern::Obj(members.into_iter().map(member).collect())
            }
        }
    }

    fn definition<'a>(&self, def: Def<&'a str>) -> Def<&'a str> {
        let callable = |name: &&'a str| {
            let called = name.strip_prefix('$')?;
            Some(Def { name: called, args: Vec::new(), body: Term::Var(*name) })
        };
        let callable: Vec<_> = def.args.iter().filter_map(callable).collect();
        let body = self.term(def.body).0;
        let body = match callable.is_empty() {
            true => body,
            false => Term::Def(callable, Box::new(body)),
        };
        Def { body, ..def }
    }

    fn path<'a>(&self, of: Term<&'a str>, path: Path<Term<&'a str>>) -> Known<'a> {
        let (mut of, mut is_one) = self.term(of);
        // What is looked up in what `of` comes to.
        let mut parts = Vec::new();
        for (part, opt) in path.0 {
            let is_essential = matches!(opt, Opt::Essential);
            let (part, part_is_one) = self.part(part);
            let is_each = matches!(part, Part::Range(None, None));
            if is_one || part_is_one {
                parts.push((part, opt));
            } else {
                let within = |part| looked_up(looked_up(of, parts), vec![(part, opt)]);
                (of, parts) = (part_bound(part, within), Vec::new());
            }
            is_one &= part_is_one && is_essential && !is_each;
        }
        (looked_up(of, parts), is_one)
    }

    /// A part of a path, and whether what is looked up is always one.
    fn part<'a>(&self, part: Part<Term<&'a str>>) -> (Part<Term<&'a str>>, bool) {
        let mut are_one = true;
        let mut bound = |term| {
            let (term, is_one) = self.term(term);
            are_one &= is_one;
            term
        };
        let part = match part {
            Part::Index(index) => Part::Index(bound(index)),
            Part::Range(from, to) => Part::Range(from.map(&mut bound), to.map(&mut bound)),
        };
        (part, are_one)
    }
}

/// `reduce` and `foreach`, of which what is made of an element is that of all outputs for it.
fn fold<'a>(
    name: &'a str,
    of: Box<Term<&'a str>>,
    pattern: Pattern<&'a str>,
    with: Vec<Known<'a>>,
) -> Known<'a> {
    let is_one = with.first().is_some_and(|(_, is_one)| *is_one) && name == "reduce";
    let is_as_it_is = with.get(1).is_none_or(|(_, is_one)| *is_one);
    let mut with = with.into_iter().map(|(term, _)| term);
    let with = match (name, with.next(), with.next()) {
        ("reduce", Some(from), Some(update)) if !is_as_it_is => {
            let last = Term::Call(LAST, vec![update]);
            let null = looked_up(Term::Arr(None), vec![index("0")]);
            let some = binary(last, BinaryOp::Comma, null);
            vec![from, Term::Call(FIRST, vec![some])]
        }
        ("foreach", Some(from), Some(update)) if !is_as_it_is => {
            let pipe = |left, right| binary(left, BinaryOp::Pipe(None), right);
            let list = |term| Term::Arr(Some(Box::new(term)));
            let last = looked_up(Term::Id, vec![index("-1")]);
            let each = looked_up(Term::Id, vec![(Part::Range(None, None), Opt::Essential)]);
            let each = match with.next() {
                Some(shown) => pipe(each, shown),
                None => each,
            };
            vec![pipe(from, list(Term::Id)), list(pipe(last, update)), each]
        }
        (_, from, update) => from.into_iter().chain(update).chain(with).collect(),
    };
    (Term::Fold(name, of, pattern, with), is_one)
}

/// True if a function of jq that is given so much has one output.
fn has_one(name: &str, given: &[bool]) -> bool {
    match given {
        [] => {
            matches!(name, "true" | "false" | "null" | "first" | "last") || of_input(name).is_some()
        }
        [is_one] => name == "map" || *is_one && of_two(name).is_some(),
        _ => false,
    }
}

fn binary<'a>(left: Term<&'a str>, op: BinaryOp<&'a str>, right: Term<&'a str>) -> Term<&'a str> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

/// For each output of a term, which has this name, another term.
fn bound<'a>(
    of: Term<&'a str>,
    name: &'a str,
    within: impl FnOnce(Term<&'a str>) -> Term<&'a str>,
) -> Term<&'a str> {
    binary(of, BinaryOp::Pipe(Some(Pattern::Var(name))), within(Term::Var(name)))
}

/// The same of a part of a path.
fn part_bound<'a>(
    part: Part<Term<&'a str>>,
    within: impl FnOnce(Part<Term<&'a str>>) -> Term<&'a str>,
) -> Term<&'a str> {
    match part {
        Part::Index(at) => bound(at, RIGHT, |at| within(Part::Index(at))),
        Part::Range(None, None) => within(part),
        Part::Range(Some(from), None) => {
            bound(from, FROM, |from| within(Part::Range(Some(from), None)))
        }
        Part::Range(None, Some(to)) => bound(to, TO, |to| within(Part::Range(None, Some(to)))),
        Part::Range(Some(from), Some(to)) => {
            bound(from, FROM, |from| bound(to, TO, |to| within(Part::Range(Some(from), Some(to)))))
        }
    }
}

fn looked_up<'a>(of: Term<&'a str>, parts: Vec<PathPart<'a>>) -> Term<&'a str> {
    match parts.is_empty() {
        true => of,
        false => Term::Path(Box::new(of), Path(parts)),
    }
}

/// A place in a list.
fn index<'a>(at: &'a str) -> PathPart<'a> {
    (Part::Index(Term::Num(at)), Opt::Essential)
}
