//! A pipe by which librdkafka's threads wake the clock: a byte in it says that something has come.
//!
//! mio reports edges, so whoever wakes up reads the pipe until it is empty, and looks at the queue afterwards.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::clock::{FIRST_TOKEN, Wait};
use crate::error::{Context, Error};

/// Both ends of the pipe; none of them blocks.
#[derive(Debug)]
pub struct Bell {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Bell {
    /// Makes the pipe.
    fn new() -> io::Result<Bell> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Bell { reader, writer })
    }

    /// Makes one that ends the waits of a source.
    pub fn of(wait: &mut dyn Wait) -> Result<Arc<Bell>, Error> {
        let bell = Arc::new(Bell::new().place("kafka")?);
        bell.register(wait.registry(), Token(FIRST_TOKEN)).place("kafka")?;
        Ok(bell)
    }

    /// Another descriptor of the end that is written to.
    pub fn cord(&self) -> io::Result<OwnedFd> {
        self.writer.try_clone()
    }

    /// Rings. A pipe that is full rings already.
    pub fn ring(&self) {
        let _ = rustix::io::write(&self.writer, b"\0");
    }

    /// Has waits end when it rings.
    fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.reader.as_raw_fd()), token, Interest::READABLE)
    }

    /// Has it silent until it rings again.
    pub fn hush(&self) {
        let mut bytes = [0; 64];
        while matches!(rustix::io::read(&self.reader, &mut bytes), Ok(count) if count > 0) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{RealTime, Stamp, Woke};

    #[test]
    fn it_ends_a_wait_each_time_it_rings_after_it_was_hushed() {
        let (mut wait, _waker) = RealTime::new().unwrap();
        let bell = Bell::new().unwrap();
        bell.register(wait.registry(), Token(FIRST_TOKEN)).unwrap();
        for _ in 0..3 {
            (0..100_000).for_each(|_| bell.ring());
            assert_eq!(wait.until(Stamp::NEVER).unwrap(), Woke::Ready);
            bell.hush();
            let now = wait.now();
            assert_eq!(wait.until(now).unwrap(), Woke::Due);
        }
    }
}
