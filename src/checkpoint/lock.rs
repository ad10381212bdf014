//! The lock on a checkpoint: two streams never write into one.
//!
//! The lock is the system's (`flock`) on the file `lock`, so that it goes with its holder, however
//! that ends, and a file left behind locks nobody out. Who holds it stands in the file, for people.

use std::path::Path;

use crate::disk::{Asked, Disk, Held};
use crate::error::{Context, Error};

/// The name of the file.
pub const NAME: &str = "lock";

/// What the file begins with, so that a file of another program is not taken for ours.
const MARK: &str = "weir ";

/// A lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _held: Box<dyn Held>,
}

impl Lock {
    /// Takes the lock on the checkpoint in `dir`, or says who has it.
    pub fn take(disk: &dyn Disk, dir: &Path) -> Result<Lock, Error> {
        let path = dir.join(NAME);
        let holder = format!("{MARK}{}\n", std::process::id());
        match disk.lock(&path, holder.as_bytes()).at(&path)? {
            Asked::Ours(held) => Ok(Lock { _held: held }),
            Asked::Theirs(holder) => {
                let holder = String::from_utf8_lossy(&holder);
                let pid = holder.trim_start_matches(MARK).trim_end();
                let who = if pid.is_empty() {
                    "another process".into()
                } else {
                    format!("process {pid}")
                };
                Err(Error::Failed(format!("--checkpoint {}: in use by {who}", dir.display())))
            }
        }
    }

    /// True if `bytes` may stand in a lock file of ours: whole, or not yet on the disk.
    pub fn is_ours(bytes: &[u8]) -> bool {
        bytes.starts_with(MARK.as_bytes()) || bytes.iter().all(|&byte| byte == 0)
    }
}
