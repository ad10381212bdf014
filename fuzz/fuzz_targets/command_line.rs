//! The command line: any words are a stream, or refused in words that a terminal can show; so is any file of
//! `--config`. What is a stream has a plan, or none, and is not run.
//!
//! A word a line, and behind an empty line the file, if there is one.
#![no_main]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use weir::cli::plan::plan;
use weir::cli::{Asked, parse};
use weir::clock::Stamp;

fuzz_target!(|bytes: &[u8]| {
    let border = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (typed, file) = match border {
        Some(at) => (&bytes[..at], Some(&bytes[at + 2..])),
        None => (bytes, None),
    };
    // No argument holds a NUL, and no other file is to be read.
    let words = typed.split(|&byte| byte == b'\n').map(OsStr::from_bytes);
    let is_meant = |word: &&OsStr| {
        let bytes = word.as_bytes();
        !bytes.contains(&0) && !bytes.windows(6).any(|part| part == b"config")
    };
    let mut words: Vec<OsString> = words.filter(is_meant).map(OsStr::to_os_string).collect();
    words.insert(0, "weir".into());
    if let Some(file) = file {
        let path = std::env::temp_dir().join(format!("weir-fuzz-{}.conf", std::process::id()));
        std::fs::write(&path, file).expect("the directory for such files can be written");
        words.insert(1, "stdin".into());
        words.push("--config".into());
        words.push(path.into_os_string());
    }
    let has_table = bytes.contains(&b'@');
    match parse(words) {
        // A plan opens nothing but what is read by a source or a table.
        Ok(Asked::Run(typed)) if typed.source.name == "stdin" && !has_table => {
            if let Err(error) = plan(&typed, Stamp(0)) {
                assert!(!error.to_string().is_empty());
            }
        }
        Ok(Asked::Text(text)) => assert!(!text.is_empty()),
        Ok(_) => {}
        Err(error) => {
            assert_eq!(error.exit_status(), 2);
            assert!(!error.to_string().is_empty());
        }
    }
});
