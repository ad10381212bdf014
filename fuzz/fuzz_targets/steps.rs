//! Steps, as they are typed: on a chunk as it comes from a source, and on the same rows cut. Commands are not
//! run, and no files are read.
//!
//! ```text
//! --field  2  --else  -      a line each, its words between tabs
//! --replace  a+  b
//!
//! the stream                 behind an empty line
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::{Bad, Chunk};
use weir::origin::Origin;
use weir::part::{Flag, Shape, Words};
use weir::step::{STEPS, Step};

/// The words of a flag, if it is one of these: its arguments are the next words.
fn words<'a>(
    name: &str,
    flags: impl IntoIterator<Item = &'static Flag>,
    rest: &mut impl Iterator<Item = &'a str>,
) -> Option<Words> {
    let name = name.strip_prefix("--")?;
    let flag = flags.into_iter().find(|flag| flag.name == name)?;
    let arguments: Vec<&str> = rest.take(flag.takes.len()).collect();
    (arguments.len() == flag.takes.len()).then(|| Words::new(flag, arguments))
}

/// The step that a line names, and the shape of what leaves it.
fn step(line: &str, rows: Shape) -> Option<(Box<dyn Step>, Shape)> {
    let mut typed = line.split('\t');
    let name = typed.next()?;
    let spec = STEPS.iter().find(|spec| name.strip_prefix("--") == Some(spec.flag.name))?;
    // A command is not to be run, and a file of that name not to be read.
    if spec.flag.name == "pipe" || line.contains('@') {
        return None;
    }
    let mut words = words(name, [&spec.flag], &mut typed)?;
    while let Some(name) = typed.next() {
        words.bind(self::words(name, spec.own, &mut typed)?);
    }
    let built = (spec.build)(&words, rows).ok()?;
    Some((built.step, built.leaves))
}

/// A key and a value, each of which may be missing.
type Row = (Option<Vec<u8>>, Option<Vec<u8>>);

/// What is left of a chunk: its rows, and what was refused and why.
fn left(chunk: &mut Chunk) -> (Vec<Row>, Vec<(String, Vec<u8>)>) {
    let mut rows = Vec::new();
    match chunk.is_pairs() {
        true => {
            assert_eq!(chunk.keys.len(), chunk.values.len());
            let half = |half: Option<&[u8]>| half.map(<[u8]>::to_vec);
            let pair = |row| (half(chunk.key(row)), half(chunk.value(row)));
            rows.extend((0..chunk.keys.len()).map(pair));
        }
        false => chunk.for_each_key(|arena, start, end| {
            rows.push((Some(arena[start..end].to_vec()), None));
        }),
    }
    // What was refused is all of a record, or a part of it.
    let refused = |bad: &Bad| match &bad.part {
        Some(part) => part.bytes.clone(),
        None => bad.record.clone().unwrap_or_default(),
    };
    let mut bad: Vec<_> = chunk.bad.iter().map(|bad| (bad.reason.clone(), refused(bad))).collect();
    bad.sort();
    (rows, bad)
}

fuzz_target!(|bytes: &[u8]| {
    let border = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
    let (typed, stream) = bytes.split_at(border);
    let (Ok(typed), stream) = (std::str::from_utf8(typed), stream.get(2..).unwrap_or_default())
    else {
        return;
    };
    let (mut steps, mut rows) = (Vec::new(), Shape::Records);
    for line in typed.lines().take(4) {
        if let Some((step, leaves)) = step(line, rows) {
            steps.push(step);
            rows = leaves;
        }
    }
    if steps.is_empty() {
        return;
    }
    let mut uncut = Chunk::default();
    uncut.append(stream);
    uncut.append(b"\n");
    uncut.set_uncut(b'\n');
    uncut.origins.add(&Origin::peer("here"), 0..uncut.len(), Some(0));
    let mut cut = Chunk::default();
    cut.append(stream);
    cut.append(b"\n");
    cut.set_uncut(b'\n');
    cut.origins.add(&Origin::peer("here"), 0..cut.len(), Some(0));
    cut.cut();

    let [uncut, cut] = [&mut uncut, &mut cut].map(|chunk| {
        for step in &steps {
            step.fork().apply(chunk).expect("no step fails on a record");
        }
        left(chunk)
    });
    assert_eq!(uncut, cut);
});
