//! The files of a checkpoint, of whatever frames: what has the right checksums is read, or refused, and nothing else.
//!
//! ```text
//! file    0 | letter | number                      a log, a snapshot or a segment
//! frame   kind | lsn | synced | length | payload   of that file; lsn and synced count from the frame before
//! ```
//!
//! What ties frames together is put right here: checksums, and the chain of commits.
#![no_main]

use std::path::PathBuf;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use weir::checkpoint::commits::commit::{Chain, Commit};
use weir::checkpoint::look;
use weir::disk::{Disk, RealDisk};

const UUID: [u8; 16] = [7; 16];
const COMMIT: u8 = 4;

/// A file that is being made.
struct File {
    name: String,
    /// What its checksums begin with.
    seed: u32,
    lsn: u64,
    bytes: Vec<u8>,
}

impl File {
    fn new(letter: u8, number: u8) -> File {
        let (prefix, letter) =
            [("log-", b'l'), ("snap-", b's'), ("wal-", b'w')][usize::from(letter % 3)];
        let number = u64::from(number % 8) + 1;
        let seed = crc32c::crc32c_append(crc32c::crc32c(&UUID), &[letter]);
        let seed = crc32c::crc32c_append(seed, &number.to_le_bytes());
        File { name: format!("{prefix}{number}"), seed, lsn: 0, bytes: Vec::new() }
    }

    /// Adds a frame, and what is tied together by it.
    fn add(&mut self, kind: u8, synced: u64, payload: &[u8]) {
        let mut frame = (payload.len() as u32).to_le_bytes().to_vec();
        frame.extend_from_slice(&self.lsn.to_le_bytes());
        frame.extend_from_slice(&synced.to_le_bytes());
        frame.push(kind);
        frame.extend_from_slice(payload);
        let crc = crc32c::crc32c_append(self.seed, &frame);
        frame.splice(4..4, crc.to_le_bytes());
        self.bytes.extend_from_slice(&frame);
    }
}

/// Files as the bytes say.
fn files(mut bytes: &[u8]) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let (mut chain, mut last, mut next) = (Chain::default(), 0, 0);
    while let Some((&[kind, one, two], rest)) = bytes.split_first_chunk() {
        bytes = rest;
        if kind % 8 == 0 {
            files.push(File::new(one, two));
            continue;
        }
        let Some(file) = files.last_mut() else { return files };
        let Some((&length, rest)) = bytes.split_first() else { return files };
        let (payload, rest) = rest.split_at(rest.len().min(length.into()));
        bytes = rest;
        file.lsn = file.lsn.wrapping_add_signed(i64::from(one as i8));
        let synced = file.lsn.wrapping_add_signed(-i64::from(two));
        let mut payload = payload.to_vec();
        match kind % 8 {
            2 | 3 if file.name.starts_with("log") => {
                chain.parts += 1;
                chain.sum = crc32c::crc32c_append(chain.sum, &payload);
            }
            COMMIT => {
                if let Some((commit, _)) = Commit::decode(&payload) {
                    chain.before = last;
                    payload = Commit { n: next, ..commit }.encode(chain);
                    (chain, last, next) = (Chain::default(), crc32c::crc32c(&payload), next + 1);
                }
            }
            _ => {}
        }
        file.add(kind % 8, synced, &payload);
    }
    files
}

/// A directory in memory, if there is such a place, which is emptied and used again.
fn directory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let root = if memory.is_dir() { memory } else { std::env::temp_dir() };
    root.join(format!("weir-fuzz-{}", std::process::id()))
}

fuzz_target!(|bytes: &[u8]| {
    let dir = directory();
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir(&dir).expect("the directory can be made");
    let meta = format!("weir checkpoint 1\nuuid {:032x}\npipeline\n", u128::from_be_bytes(UUID));
    let meta = format!("{meta}crc {:08x}\n", crc32c::crc32c(meta.as_bytes()));
    std::fs::write(dir.join("meta"), meta).expect("it can be written");
    for file in files(bytes) {
        std::fs::write(dir.join(&file.name), &file.bytes).expect("it can be written");
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let text = look(&disk, &dir, |look| Ok((look.text()?, look.json()?)));
    if let Ok((text, json)) = text {
        assert!(text.lines().count() > 3);
        let object: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(object["uuid"].as_str(), Some("07070707070707070707070707070707"));
    }
});
