//! `--csv SEL`: columns of records that are CSV.
//!
//! Names that are typed come to numbers at once by `--csv-header`. Without it the first line of each file or
//! connection says the names:
//!
//! ```text
//! stdin            id,kind     names     ->   --csv kind is column 2
//!                  7,a
//! 10.0.0.9:80      kind,id     names     ->   --csv kind is column 1
//! stdin            8,b
//! 10.0.0.9:80      c,9
//! ```
//!
//! The first line is the first record of its origin that comes to the step, whatever the steps before have
//! made of it. A worker could have a later line before another one has the first, so the step is serial.
//! Names are kept as long as their origin is, and no longer, since clients come without end.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Select, escaped, joint};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::origin::Origin;
use crate::part::Flag;
use crate::selector::Lack;
use crate::selector::csv::column::{self, Column};
use crate::selector::csv::{Between, Csv, Turn};
use crate::step::{Built, Spec, Step, own};

/// `--csv`.
pub const CSV: Spec = Spec {
    flag: Flag {
        name: "csv",
        takes: &["SEL"],
        help: "Keep columns of each record, which is CSV: 3, 2-4, 3-, status, \"odd, name\", or several with \
            commas\n\n\
            By names, they are those in the first line of each file or connection, behind a byte order mark, \
            or of --csv-header A,B; numbers alone need none, and then the first line is a record like \
            others. A name that looks like a number stands in quotes. Fields are quoted as in RFC 4180; \
            --delimiter SEP is another separator, as \\t. A newline in a field, a quote that does not \
            end, and one within a field that is not quoted are bad. Several columns are joined by --output-delimiter; of 2-4 those are \
            taken that are there, but the first must be there. A record without the column is bad, or see \
            --else. Names of the first line do not go with --checkpoint.",
    },
    own: &[own::VALUE, own::ELSE, own::DELIMITER, own::OUTPUT_DELIMITER, own::CSV_HEADER],
    build: |words, rows| {
        let separator = escaped(words, &own::DELIMITER)?.unwrap_or_else(|| b",".to_vec());
        let between = Between::new(&separator).map_err(|why| format!("--delimiter: {why}"))?;
        let joint = joint(words)?;
        let make = |columns| Csv::new(columns, between, joint);
        let (mut select, leaves) = Select::new(words, rows, column::parse, make)?;
        if let Some(typed) = words.value(own::CSV_HEADER.name) {
            let typed = super::text(typed)?.as_bytes();
            let names = column::names(typed, b",").map_err(|why| format!("--csv-header: {why}"))?;
            select.selector().name(&names)?;
        }
        let is_named = |column: &Column| matches!(column, Column::Named(_));
        if !select.selector().columns().iter().any(is_named) {
            return Ok(Built::new(select, words, leaves));
        }
        let step = Headed { select, heads: HashMap::new(), is_right: false, most: MOST };
        Ok(Built::new(step, words, leaves))
    },
};

/// So many heads may be there before it is looked for those that nobody needs.
const MOST: usize = 64;

/// What is known of the first line of an origin.
#[derive(Clone, Debug)]
enum Head {
    /// It has not come.
    Awaited,
    /// The columns have these numbers.
    Names(Arc<Vec<Column>>),
    /// There are no such columns.
    Wrong,
}

/// Columns by the names that the input says.
#[derive(Clone, Debug)]
struct Headed {
    select: Select<Csv>,
    heads: HashMap<Origin, Head>,
    /// True if a first line had what was typed: so it was not mistyped.
    is_right: bool,
    /// With so many heads it is looked for those that nobody needs.
    most: usize,
}

impl Headed {
    /// Finds out by which names each record goes, and which are first lines.
    fn turns(&mut self, chunk: &mut Chunk) -> Result<Vec<(usize, Turn)>, Error> {
        chunk.cut();
        for origin in chunk.origins.beginnings() {
            self.heads.insert(origin.clone(), Head::Awaited);
        }
        let (mut turns, mut wrong) = (Vec::new(), Vec::new());
        let (mut run, mut turn) = (0..0, None);
        for (record, span) in chunk.edited().enumerate() {
            if turn.is_some() && run.contains(&(span.start as usize)) {
                continue;
            }
            turns.extend(turn.take().map(|turn| (record, turn)));
            let Some((origin, bytes)) = chunk.origins.run_at(span.start as usize) else {
                turns.push((record + 1, Turn::Fail(UNKNOWN)));
                continue;
            };
            turn = match self.heads.get(origin) {
                None => Some(Turn::Fail(UNKNOWN)),
                Some(Head::Names(columns)) => Some(Turn::Take(Arc::clone(columns))),
                Some(Head::Wrong) => Some(Turn::Fail(WRONG)),
                Some(Head::Awaited) => {
                    let (head, why) = self.head(chunk.at(span), origin)?;
                    self.heads.insert(origin.clone(), head);
                    wrong.extend(why.map(|why| (span, why)));
                    turns.push((record + 1, Turn::Pass));
                    None
                }
            };
            run = bytes;
        }
        turns.extend(turn.map(|turn| (usize::MAX, turn)));
        chunk.refuse(wrong);
        self.forget();
        Ok(turns)
    }

    /// What the first line of an origin says, and what is wrong with it. If nothing was right before, and
    /// what comes is the user's own, the mistake is in what was typed.
    fn head(&mut self, line: &[u8], origin: &Origin) -> Result<(Head, Option<String>), Error> {
        let csv = self.select.selector();
        let names = column::names(line, csv.separator()).map_err(|lack| lack.to_string());
        match names.and_then(|names| column::resolved(csv.columns(), &names)) {
            Ok(columns) => {
                self.is_right = true;
                Ok((Head::Names(Arc::new(columns)), None))
            }
            Err(why) if self.is_right || origin.is_peer() => {
                Ok((Head::Wrong, Some(format!("--csv: the first line: {why}"))))
            }
            Err(why) => Err(Error::usage(format!("--csv: the first line of {origin}: {why}"))),
        }
    }

    /// Forgets heads of origins from which nothing comes any more.
    fn forget(&mut self) {
        if self.heads.len() > self.most {
            self.heads.retain(|origin, _| origin.is_held());
            self.most = 2 * self.heads.len() + MOST;
        }
    }
}

const UNKNOWN: Lack = Lack::of("its first line, which has the names, is not known");
const WRONG: Lack = Lack::of("its first line has not all these names");

impl Step for Headed {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let turns = self.turns(chunk)?;
        self.select.selector().take_turns(turns);
        self.select.select(chunk);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn needs_beginnings(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Half;
    use crate::part::{Shape, Words};

    /// The step, as `--csv SEL` and `--csv-header NAMES` make it.
    fn built(sel: &str, names: Option<&str>) -> Result<Box<dyn Step>, String> {
        let mut words = Words::new(&CSV.flag, [sel]);
        if let Some(names) = names {
            words.bind(Words::new(&own::CSV_HEADER, [names]));
        }
        let built = (CSV.build)(&words, Shape::Records);
        built.map(|built| built.step).map_err(|why| why.to_string())
    }

    /// A chunk of lines, each piece from another origin, from this byte of it on.
    fn chunk(pieces: &[(&Origin, u64, &str)]) -> Chunk {
        let mut chunk = Chunk::default();
        for (origin, first, lines) in pieces {
            let start = chunk.len();
            chunk.append(lines.as_bytes());
            chunk.origins.add(origin, start..chunk.len(), Some(*first));
        }
        chunk.set_uncut(b'\n');
        chunk
    }

    /// The rows, and the reasons why others are bad.
    fn rows(step: &mut dyn Step, mut chunk: Chunk) -> (Vec<String>, Vec<String>) {
        step.apply(&mut chunk).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let rows = (0..chunk.keys.len()).map(|row| text(chunk.key(row).unwrap())).collect();
        let bad = chunk.bad.iter().map(|bad| format!("{}: {}", bad.position, bad.reason));
        (rows, bad.collect())
    }

    #[test]
    fn each_origin_has_the_names_of_its_own_first_line() {
        let mut step = built("kind", None).unwrap();
        assert!(step.is_serial() && step.needs_beginnings());
        let [a, b] = ["a", "b"].map(Origin::peer);
        let first = chunk(&[(&a, 0, "id,kind\n1,x\n"), (&b, 0, "kind,id\n"), (&a, 12, "2,y\n")]);
        assert_eq!(rows(&mut *step, first), (vec!["x".into(), "y".into()], vec![]));
        let second = chunk(&[(&b, 8, "z,3\nkind,id\n"), (&a, 16, "4,w\n")]);
        assert_eq!(rows(&mut *step, second).0, ["z", "kind", "w"], "a later line is a record");
        let again = chunk(&[(&a, 0, "kind\nv\n")]);
        assert_eq!(rows(&mut *step, again).0, ["v"], "it has begun anew");
    }

    #[test]
    fn without_a_first_line_no_record_has_names() {
        let mut step = built("kind", None).unwrap();
        let log = chunk(&[(&Origin::new("log"), 7, "1,x\n")]);
        let (found, bad) = rows(&mut *step, log);
        let told = "log, byte 7: --csv kind: its first line, which has the names, is not known";
        assert_eq!((found.len(), bad), (0, vec![told.to_string()]));
        let mut nowhere = Chunk::default();
        nowhere.push(b"1,x");
        assert_eq!(rows(&mut *step, nowhere).1.len(), 1);
    }

    #[test]
    fn a_peer_with_other_names_is_told_and_a_user_who_types_them_wrongly_is_stopped() {
        let (mut step, peer) = (built("kind", None).unwrap(), Origin::peer("a"));
        let (found, bad) = rows(&mut *step, chunk(&[(&peer, 0, "id,knd\n1,x\n")]));
        let told = [
            "a, byte 0: --csv: the first line: no column is called kind; there are id, knd",
            "a, byte 7: --csv kind: its first line has not all these names",
        ];
        assert_eq!((found.len(), bad), (0, told.map(String::from).to_vec()));
        let stdin = Origin::new("stdin");
        let error = step.apply(&mut chunk(&[(&stdin, 0, "id,knd\n")])).unwrap_err();
        let told = "--csv: the first line of stdin: no column is called kind; there are id, knd";
        assert_eq!((error.exit_status(), error.to_string()), (2, told.to_string()));
        assert_eq!(rows(&mut *step, chunk(&[(&peer, 0, "kind\nx\n")])).0, ["x"]);
        let (found, bad) = rows(&mut *step, chunk(&[(&stdin, 0, "id,knd\n1,x\n")]));
        assert_eq!((found.len(), bad.len()), (0, 2), "once it was right it was not mistyped");
    }

    #[test]
    fn names_are_forgotten_when_nothing_more_can_come() {
        let typed = Words::new(&CSV.flag, ["kind"]);
        let select = Select::new(&typed, Shape::Records, column::parse, |columns| {
            Csv::new(columns, Between::new(b",").unwrap(), Vec::new())
        });
        let mut step = Headed {
            select: select.unwrap().0,
            heads: HashMap::new(),
            is_right: false,
            most: MOST,
        };
        let stays = Origin::peer("stays");
        step.apply(&mut chunk(&[(&stays, 0, "kind\n")])).unwrap();
        for client in 0..1000 {
            let origin = Origin::peer(client.to_string());
            step.apply(&mut chunk(&[(&origin, 0, "kind\nx\n")])).unwrap();
        }
        assert!(step.heads.len() < 2 * MOST && step.heads.contains_key(&stays));
    }

    #[test]
    fn numbers_and_typed_names_need_no_first_line() {
        for (sel, names) in
            [("2", None), ("kind", Some("id,kind")), ("\"a,b\"", Some("id,\"a,b\""))]
        {
            let step = built(sel, names).unwrap();
            assert!(!step.is_serial() && !step.needs_beginnings());
            let lines = chunk(&[(&Origin::new("stdin"), 0, "id,kind\n1,x\n")]);
            assert_eq!(rows(&mut *step.fork(), lines).0, ["kind", "x"], "{sel}");
        }
        let told = built("knd", Some("id,kind")).err().unwrap();
        assert_eq!(told, "no column is called knd; there are id, kind");
        assert!(built("a", Some("a,\"b")).err().unwrap().starts_with("--csv-header: a quote"));
    }

    #[test]
    fn the_value_of_a_pair_has_columns_too() {
        let (mut step, origin) = (built("kind", None).unwrap(), Origin::new("stdin"));
        let mut pairs = Chunk::default();
        for (key, value) in [(Some(&b"p"[..]), "id,kind"), (None, "1,x"), (Some(b"p"), "2,y")] {
            pairs.push_pair(key, value.as_bytes());
        }
        pairs.origins.add(&origin, 0..pairs.len(), Some(0));
        pairs.turn(Half::Value);
        step.apply(&mut pairs).unwrap();
        let values: Vec<_> = (0..2).map(|row| pairs.value(row).unwrap()).collect();
        assert_eq!((values, pairs.keys.len()), (vec![&b"x"[..], b"y"], 2));
    }
}
