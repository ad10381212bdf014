//! What of its input a program looks at, as far as that is to be seen from its text.
//!
//! ```text
//! select(.a.b > 1) | [.c]
//!        └┬─┘        └┬┘
//!      part of it    part of it, and all of both is used; the rest of a record need not be made
//! ```
//!
//! Places are followed through what passes them on (`|`, `,`, `select`, `if`, `//`); where anything else is done
//! with one, all of it is needed. What is not understood needs all it is given.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

use crate::jq::value::Need;

/// So many places are followed at once, and so deep.
const MOST: usize = 16;
const DEEPEST: usize = 64;

/// Where a part of the input stands: names of members within each other.
type Place = Vec<String>;

/// What a program looks at.
pub(in crate::jq) fn needs(term: &Term<&str>) -> Need {
    let mut needs = Needs { need: Need::default(), depth: 0 };
    needs.used(term, &[Place::new()]);
    needs.need
}

/// Whether a string is always the same, and which.
pub(in crate::jq) fn constant(parts: &[StrPart<&str, Term<&str>>]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(c) => text.push(*c),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}

struct Needs {
    need: Need,
    depth: usize,
}

impl Needs {
    /// All of these places is needed.
    fn whole(&mut self, places: &[Place]) {
        for place in places {
            self.need.at(place.iter().map(String::as_str)).all();
        }
    }

    /// What comes of a term whose input may be any of these places is used.
    fn used(&mut self, term: &Term<&str>, at: &[Place]) {
        let outputs = self.outputs(term, at);
        self.whole(&outputs);
    }

    /// The places that are outputs of a term; what it needs itself is noted.
    fn outputs(&mut self, term: &Term<&str>, at: &[Place]) -> Vec<Place> {
        if self.depth == DEEPEST || at.len() > MOST {
            self.whole(at);
            return Vec::new();
        }
        self.depth += 1;
        let outputs = self.within(term, at);
        self.depth -= 1;
        outputs
    }

    fn within(&mut self, term: &Term<&str>, at: &[Place]) -> Vec<Place> {
        match term {
            Term::Id => return at.to_vec(),
            Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => {}
            Term::Str(None, parts) => self.parts(parts, at),
            Term::Arr(Some(of)) | Term::Neg(of) => self.used(of, at),
            Term::Obj(members) => self.members(members, at),
            Term::BinOp(left, op, right) => match op {
                BinaryOp::Pipe(None) => {
                    let between = self.outputs(left, at);
                    return self.outputs(right, &between);
                }
                BinaryOp::Pipe(Some(Pattern::Var(_))) => {
                    self.used(left, at);
                    return self.outputs(right, at);
                }
                BinaryOp::Comma | BinaryOp::Alt => {
                    let mut both = self.outputs(left, at);
                    both.extend(self.outputs(right, at));
                    return both;
                }
                BinaryOp::Math(_) | BinaryOp::Cmp(_) | BinaryOp::And | BinaryOp::Or => {
                    self.used(left, at);
                    self.used(right, at);
                }
                _ => self.whole(at),
            },
            Term::Label(_, of) | Term::TryCatch(of, None) => return self.outputs(of, at),
            Term::IfThenElse(branches, otherwise) => {
                let mut all = Vec::new();
                for (is_so, then) in branches {
                    self.used(is_so, at);
                    all.extend(self.outputs(then, at));
                }
                match otherwise {
                    Some(otherwise) => all.extend(self.outputs(otherwise, at)),
                    None => all.extend_from_slice(at),
                }
                return all;
            }
            Term::Call("select", given) if given.len() == 1 => {
                self.used(&given[0], at);
                return at.to_vec();
            }
            Term::Fold(_, of, Pattern::Var(_), with) => {
                self.used(of, at);
                // What comes behind the first has the one before it for its input.
                for (place, with) in with.iter().enumerate() {
                    self.used(with, if place == 0 { at } else { &[] });
                }
            }
            Term::Call("empty" | "true" | "false" | "null", given) if given.is_empty() => {}
            Term::Path(of, path) => {
                let mut places = self.outputs(of, at);
                for (part, _) in &path.0 {
                    places = self.below(part, places, at);
                }
                return places;
            }
            _ => self.whole(at),
        }
        Vec::new()
    }

    /// Where a part of a path leads to from these places; what is calculated for it has another input.
    fn below(&mut self, part: &Part<Term<&str>>, places: Vec<Place>, at: &[Place]) -> Vec<Place> {
        let are_near = places.iter().all(|place| place.len() < DEEPEST);
        if let Part::Index(Term::Str(None, parts)) = part
            && let Some(name) = constant(parts)
            && are_near
        {
            let below = |mut place: Place| {
                place.push(name.clone());
                // That it is there is looked at in any case.
                self.need.at(place.iter().map(String::as_str));
                place
            };
            return places.into_iter().map(below).collect();
        }
        self.whole(&places);
        let bounds = match part {
            Part::Index(index) => [Some(index), None],
            Part::Range(from, to) => [from.as_ref(), to.as_ref()],
        };
        bounds.into_iter().flatten().for_each(|bound| self.used(bound, at));
        Vec::new()
    }

    fn parts(&mut self, parts: &[StrPart<&str, Term<&str>>], at: &[Place]) {
        for part in parts {
            if let StrPart::Term(of) = part {
                self.used(of, at);
            }
        }
    }

    fn members(&mut self, members: &[(Term<&str>, Option<Term<&str>>)], at: &[Place]) {
        for (name, value) in members {
            self.used(name, at);
            match (name, value) {
                (_, Some(value)) => self.used(value, at),
                (Term::Var(_), None) => {}
                (Term::Str(None, parts), None) => {
                    let part = constant(parts).map(|_| Part::Index(name.clone()));
                    let found = match part {
                        Some(part) => self.below(&part, at.to_vec(), at),
                        None => at.to_vec(),
                    };
                    self.whole(&found);
                }
                (_, None) => self.whole(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jq::Program;

    /// What a program looks at: a whole value is `*`.
    fn shown(need: &Need, names: &[&str]) -> String {
        if need.is_whole() {
            return "*".to_string();
        }
        let members = names.iter().filter_map(|name| {
            need.of(name.as_bytes()).map(|below| format!("{name}:{}", shown(below, names)))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn places_are_followed_until_something_is_done_with_them() {
        let table = [
            (".", "*"),
            ("1", "{}"),
            (".a", "{a:*}"),
            (".a.b", "{a:{b:*}}"),
            (".a | .b, .c", "{a:{b:* c:*}}"),
            ("select(.a.b > 1) | [.c]", "{a:{b:*} c:*}"),
            ("select(.a) | .", "*"),
            (".a[]", "{a:*}"),
            (".a[.b]", "{a:* b:*}"),
            (".a.b | length", "{a:{b:*}}"),
            ("length", "*"),
            ("if .a then .b else .c end", "{a:* b:* c:*}"),
            ("if .a then .b end", "*"),
            ("(.a // .b).c", "{a:{c:*} b:{c:*}}"),
            ("{a, x: .b, \"c\"}", "{a:* b:* c:*}"),
            ("\"\\(.a) \\(.b.c)\"", "{a:* b:{c:*}}"),
            (".a as $y | .b + $y", "{a:* b:*}"),
            (". as $y | .b", "*"),
            (". as {a: $y} | $y", "*"),
            ("reduce .a[] as $y (.b; . + .c)", "{a:* b:*}"),
            ("reduce .a[] as $y (.; .c)", "*"),
            ("[limit(3; .a)]", "*"),
            ("def f: .a; f", "*"),
            ("def select(f): .c; select(.a)", "*"),
            (".a |= 1", "*"),
            ("path(.a)", "*"),
            (".a | error", "{a:*}"),
            (".a.b?, (.c? // empty)", "{a:{b:*} c:*}"),
            ("try .a catch .", "*"),
            ("label $out | .a, break $out", "{a:*}"),
            (".a | select(.b) | .c", "{a:{b:* c:*}}"),
            ("-.a", "{a:*}"),
            ("$x", "{}"),
        ];
        for (text, expected) in table {
            let program = Program::new(text, &["$x"]).unwrap();
            assert_eq!(shown(program.need(), &["a", "b", "c"]), expected, "{text}");
        }
    }

    #[test]
    fn programs_that_branch_again_and_again_are_followed_no_further() {
        let text = format!(".a{}", " | (.a, .b)".repeat(40));
        assert!(Program::new(&text, &[]).unwrap().need().of(b"a").is_some());
    }
}
