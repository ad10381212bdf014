//! A program: parsed and compiled by jaq, once, and run as often as there are records.
//!
//! ```text
//! text ──> terms ──> live: the program and all it may call
//!                    dead: as many terms, none of which does anything but fail
//!                    plain: instead of both, for what has no loops
//! ```
//!
//! Which of the two tables the interpreter is given says [`super::kind`].

use std::sync::Arc;

use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::load::{Arena, File, Loader, lex};
use jaq_core::{Compiler, Ctx, Filter, Vars};

use super::builtins;
use super::kind::{Compiled, Data, Kind};
use super::meter::{self, Allowance, Spent};
use super::plain::{Plain, made};
use super::stack::on_a_large_stack;
use super::terms::{mistake, needs, ordered, parsed, spelled};
use super::value::{self, Need, Value};

/// A program that is compiled, for any number of threads.
#[derive(Clone)]
pub struct Program {
    compiled: Arc<Compiled>,
    /// The same without the interpreter, if it is plain.
    plain: Option<Arc<Plain>>,
    need: Arc<Need>,
    /// The `select` that it begins with, where all else needs all of the input and this does not.
    gate: Option<Arc<(Plain, Need)>>,
}

/// Why a program has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It says so: an error, in jq's words.
    Program(String),
    /// It takes too much.
    Beyond(Spent),
}

/// As the reason why a record is bad.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Program(what) => f.write_str(what),
            Failure::Beyond(spent) => spent.fmt(f),
        }
    }
}

/// What the program itself is called; its text cannot call it by a name that is no word.
const MAIN: &str = "weir_main";
/// A program is no longer than this, so that the stack of its own on which it is parsed is enough.
const LONGEST: usize = 64 << 10;

impl Program {
    /// Compiles a program that may use these variables, as `$x`. What is wrong is told, and pointed at.
    pub fn new(text: &str, variables: &[&'static str]) -> Result<Program, String> {
        if text.len() > LONGEST {
            return Err(format!("a program is no longer than {LONGEST} bytes"));
        }
        on_a_large_stack(|| Program::compile(&spelled(text), variables))
    }

    fn compile(text: &str, variables: &[&'static str]) -> Result<Program, String> {
        let term = parsed(text)?;
        let (plain, need) = (made(&term, variables).map(Arc::new), Arc::new(needs(&term)));
        let gate = gate(&term).filter(|(_, of)| need.is_whole() && !of.is_whole()).map(Arc::new);
        let live = compiled(text, ordered(text, term), variables)?;
        // Terms are numbered as they come, and the last one is what runs.
        let mut size = 1 << 9;
        loop {
            let dead = compiled("", failing(size), variables)?;
            if dead.id >= live.id {
                let compiled = Arc::new(Compiled { live, dead });
                return Ok(Program { compiled, plain, need, gate });
            }
            size *= 2;
        }
    }

    /// What of its input it looks at.
    pub fn need(&self) -> &Need {
        &self.need
    }

    /// False if it has no output for a record, as is to be seen of a part of it. The meter has begun.
    pub fn passes(&self, record: &[u8]) -> bool {
        let Some((gate, need)) = self.gate.as_deref() else { return true };
        let Ok(input) = value::read(record, need) else { return true };
        let mut passes = false;
        let done = gate.run(&input, &[], |_| {
            passes = true;
            false
        });
        // What is wrong is told by the program itself.
        passes || done.is_err() || meter::spent().is_some()
    }

    /// The same for the interpreter alone.
    #[cfg(test)]
    pub(super) fn interpreted(self) -> Program {
        Program { plain: None, need: Arc::new(Need::WHOLE.clone()), gate: None, ..self }
    }

    /// True if the interpreter is not needed for it.
    #[cfg(test)]
    pub(super) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// Gives each output for an input to `each`, which is false if that is enough. The meter has begun.
    pub fn run(
        &self,
        input: Value,
        variables: impl IntoIterator<Item = Value>,
        mut each: impl FnMut(Value) -> bool,
    ) -> Result<(), Failure> {
        if let Some(plain) = &self.plain {
            let variables: Vec<Value> = variables.into_iter().collect();
            let done = plain.run(&input, &variables, each);
            return match (meter::spent(), done) {
                (Some(spent), _) => Err(Failure::Beyond(spent)),
                (None, done) => done.map_err(|error| Failure::Program(told(error))),
            };
        }
        let ctx = Ctx::<Kind>::new(Data(&self.compiled), Vars::new(variables));
        for output in self.compiled.live.id.run::<Kind>((ctx, input)) {
            if !meter::steps(1) {
                break;
            }
            match output {
                Ok(value) => match each(value) {
                    true => {}
                    false => break,
                },
                Err(exception) => {
                    let error = exception.get_err();
                    if meter::spent().is_none() {
                        return Err(Failure::Program(error.map_or_else(|_| "break".into(), told)));
                    }
                }
            }
        }
        meter::spent().map_or(Ok(()), |spent| Err(Failure::Beyond(spent)))
    }
}

/// A value as compact JSON, however much that is. No program runs on this thread.
pub fn json(value: &Value) -> Vec<u8> {
    let depth = u32::MAX;
    meter::begin(Allowance { steps: u64::MAX, bytes: u64::MAX, depth, stack: usize::MAX });
    let mut text = Vec::new();
    value::write(value, &mut text);
    text
}

/// A record as a value: JSON, or, where it is `raw`, a string. The meter has begun.
pub fn input(record: &[u8], raw: bool) -> Result<Value, Failure> {
    part(record, raw, Need::WHOLE)
}

/// The same for programs that look at no more of it than this.
pub fn part(record: &[u8], raw: bool, need: &Need) -> Result<Value, Failure> {
    let read = match raw {
        true => Ok(Value::text(record)),
        false => value::read(record, need),
    };
    match (meter::spent(), read) {
        (Some(spent), _) => Err(Failure::Beyond(spent)),
        (None, read) => read.map_err(|lack| Failure::Program(lack.to_string())),
    }
}

/// What an error says.
fn told(error: jaq_core::Error<Value>) -> String {
    match error.into_val() {
        Value::Text(text) => {
            let text = String::from_utf8_lossy(&text);
            match text.char_indices().nth(200) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text.into_owned(),
            }
        }
        Value::Null => "null (null) not a string".to_string(),
        other => format!("{other} (not a string)"),
    }
}

/// The `select` with which a program begins, and what that looks at.
fn gate(term: &Term<&str>) -> Option<(Plain, Need)> {
    match term {
        Term::Call("select", given) => Some((made(term, &[])?, needs(given.first()?))),
        Term::BinOp(first, BinaryOp::Pipe(None), _) => gate(first),
        _ => None,
    }
}

fn compiled<'a>(
    text: &'a str,
    body: Term<&'a str>,
    variables: &[&'a str],
) -> Result<Filter<Kind>, String> {
    let main = Def { name: MAIN, args: Vec::new(), body };
    let shorter = |def: Def<&'static str>| -> Def<&'a str> { def };
    let definitions = builtins::definitions().map(shorter);
    let loader = Loader::new(definitions.chain([main]));
    let arena = Arena::default();
    let modules = loader
        .load(&arena, File { code: MAIN, path: () })
        .map_err(|_| "cannot be read".to_string())?;
    let compiler = Compiler::default().with_funs(builtins::functions());
    let compiler = compiler.with_global_vars(variables.iter().copied());
    compiler.compile(modules).map_err(|errors| {
        let (_, errors) = &errors[0];
        let (name, what) = &errors[0];
        mistake::undefined(text, name, what)
    })
}

/// Terms of which none does anything but fail, so many and more: none loops, and none needs a variable.
fn failing(count: usize) -> Term<&'static str> {
    if count < 2 {
        return Term::Neg(Box::new(Term::Str(None, vec![lex::StrPart::Str("")])));
    }
    let half = count / 2;
    let [left, right] = [half, count - half].map(|count| Box::new(failing(count)));
    Term::BinOp(left, BinaryOp::Pipe(None), right)
}
