//! Every step, with any argument and flags of its own behind it, a NUL between them: on a chunk as it comes
//! from a source, and on the same rows cut.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::part::{Shape, Words};
use weir::step::STEPS;

fuzz_target!(|input: (Vec<(u8, Vec<u8>)>, Vec<u8>)| {
    let (steps, stream) = input;
    let mut rows = Shape::Records;
    let typed = steps.iter().take(4);
    let steps = typed.filter_map(|(which, argument)| {
        let spec = &STEPS[usize::from(*which) % STEPS.len()];
        let mut typed = argument.split(|&byte| byte == 0).map(OsStr::from_bytes);
        let first = typed.next().unwrap_or_default();
        let mut words = Words::new(&spec.flag, spec.flag.takes.iter().map(|_| first));
        for (flag, argument) in
            spec.own.iter().zip(typed).filter(|(_, argument)| *argument != "\x01")
        {
            words.bind(Words::new(flag, flag.takes.iter().map(|_| argument)));
        }
        let built = (spec.build)(&words, rows).ok()?;
        rows = built.leaves;
        Some(built.step)
    });
    let mut steps: Vec<_> = steps.collect();

    let (mut uncut, mut cut) = (Chunk::default(), Chunk::default());
    uncut.append(&stream);
    uncut.append(b"\n");
    uncut.set_uncut(b'\n');
    cut.append(&stream);
    cut.append(b"\n");
    cut.set_uncut(b'\n');
    cut.cut();

    let mut rows = [Vec::new(), Vec::new()];
    for (chunk, rows) in [&mut uncut, &mut cut].into_iter().zip(&mut rows) {
        for step in &mut steps {
            let mut step = step.fork();
            step.apply(chunk).expect("no step fails on a record");
        }
        chunk.for_each_key(|arena, start, end| rows.push(arena[start..end].to_vec()));
        if chunk.is_pairs() {
            assert_eq!(chunk.keys.len(), chunk.values.len());
            rows.extend(chunk.values.iter().map(|&value| chunk.at(value).to_vec()));
        }
    }
    assert_eq!(rows[0], rows[1]);
});
