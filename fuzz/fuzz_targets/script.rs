//! The script of the hidden `replay` source: any file is a script, or is refused.
#![no_main]

use std::ffi::OsString;

use clap::Command;
use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::clock::{Stamp, VirtualTime};
use weir::source::replay::SPEC;
use weir::source::{Read, Settings};

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("weir-fuzz-{}.json", std::process::id()));
    std::fs::write(&path, bytes).expect("the directory for such files can be written");
    let command = (SPEC.arguments)(Command::new("replay"));
    let matches = command.get_matches_from([OsString::from("replay"), path.into_os_string()]);
    let settings = Settings {
        delimiter: b'\n',
        max_record: 1 << 20,
        once: false,
        acknowledges: false,
        lasts: false,
        keeps_state: false,
        start: Stamp(0),
    };
    let Ok(built) = (SPEC.build)(&matches, &settings) else { return };
    let mut source = built.source;
    let (mut clock, _waker) = VirtualTime::new(Stamp(0)).expect("a clock");
    let mut chunk = Chunk::default();
    loop {
        chunk.clear();
        let read = source.read(&mut chunk, usize::MAX, &mut clock, Stamp::NEVER);
        if read.expect("nothing can fail here") == Read::End {
            return;
        }
    }
});
