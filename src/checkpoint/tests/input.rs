//! The write-ahead log's part of a life: input that comes in, and what must be read of it again.

use super::*;
use crate::chunk::Chunk;

/// What the write-ahead log should hold.
#[derive(Default)]
pub struct Input {
    /// All of it is pairs.
    is_pairs: bool,
    /// The payloads of all that was appended, by lsn, and may be there.
    frames: BTreeMap<u64, Vec<u8>>,
    /// Up to here it was said to be durable, or read after a start.
    acked: u64,
    /// Up to here frames that were acknowledged say so, even if the last of them is lost.
    proven: u64,
    /// Up to here the last frame says so.
    claimed: u64,
    /// The greatest lsn.
    pub last: u64,
    /// The log has failed.
    failed: bool,
}

impl Input {
    /// Of a source that gives pairs, or records.
    pub fn new(is_pairs: bool) -> Input {
        Input { is_pairs, ..Input::default() }
    }

    /// True if all of it is pairs.
    pub fn is_pairs(&self) -> bool {
        self.is_pairs
    }

    /// Holds what is read after a start against the model; commits cover all up to `read`.
    pub fn check(
        &mut self,
        wal: &Wal,
        mut unread: Unread,
        read: u64,
        flipped: bool,
    ) -> Result<Life, Error> {
        let mut lsns = Vec::new();
        while let Some(same) = unread.next(|lsn, input| {
            lsns.push(lsn);
            self.frames.get(&lsn) == Some(&payload(&input))
        })? {
            if !same {
                return Ok(Err(format!("frame {:?} was never appended", lsns.last())));
            }
        }
        Ok(self.accept(wal, &lsns, read, flipped).and_then(|()| {
            ensure!(unread.left() == Amount::default(), "more was announced: {:?}", unread.left());
            Ok(())
        }))
    }

    /// A flipped bit has cost the last commit, and with it the input that had been removed for it.
    pub fn forget_covered(&mut self) {
        self.proven = 0;
    }

    fn accept(&mut self, wal: &Wal, lsns: &[u64], read: u64, flipped: bool) -> Life {
        let last = read + lsns.len() as u64;
        ensure!(lsns.iter().copied().eq(read + 1..=last), "{lsns:?} come after {read}");
        let least = if flipped { self.proven } else { self.acked };
        ensure!(last >= least, "input up to {last} is left of {least} acknowledged");
        ensure!(wal.next() == last + 1, "{} comes after {last}", wal.next());
        let durable = wal.syncer().synced();
        ensure!(durable == last, "up to {last} is read, up to {durable} is durable");
        // What a flipped bit has hidden may come back with a segment whose removal was not synced.
        if !flipped {
            self.frames.split_off(&(last + 1));
        }
        (self.acked, self.proven, self.claimed) = (last, self.proven.min(last), 0);
        (self.last, self.failed) = (last, false);
        Ok(())
    }

    /// Some input comes in, and is or is not acknowledged.
    pub fn come(&mut self, wal: &mut Wal, tape: &mut Tape) -> Result<Life, Error> {
        let come = self.append(wal, tape);
        self.failed = come.is_err();
        come
    }

    fn append(&mut self, wal: &mut Wal, tape: &mut Tape) -> Result<Life, Error> {
        let syncer = wal.syncer();
        for _ in 0..tape.below(4) {
            let long = if tape.chance(5) { 1200 } else { 60 };
            let (delimiter, records) = (tape.below(256) as u8, bytes(tape, long));
            let (rows, mut out) = (rows(&records, delimiter, self.is_pairs), Vec::new());
            let input = match delimiter % 2 {
                0 if !self.is_pairs => chunk(delimiter, &records),
                _ => crate::checkpoint::Input::of(None, &rows, &mut out),
            };
            self.frames.insert(self.last + 1, payload(&input));
            self.claimed = syncer.synced();
            let lsn = wal.append(&input)?;
            self.last += 1;
            if lsn != self.last {
                return Ok(Err(format!("{lsn} is appended instead of {}", self.last)));
            }
        }
        if tape.chance(40) {
            self.acked = syncer.sync()?;
            self.proven = self.proven.max(self.claimed);
            if self.acked != self.last {
                return Ok(Err(format!("{} is durable, not {}", self.acked, self.last)));
            }
        }
        Ok(Ok(()))
    }

    /// After a failure nothing is taken or said to be durable any more.
    pub fn insist(&mut self, wal: &mut Wal) -> Life {
        match wal.syncer().sync() {
            Ok(_) if self.failed => Err("a failed log is synced".to_string()),
            Ok(synced) => {
                self.acked = synced;
                Ok(())
            }
            Err(_) => {
                ensure!(wal.append(&chunk(b'\n', b"")).is_err(), "a failed log goes on");
                Ok(())
            }
        }
    }
}

/// The bytes of a frame.
fn payload(input: &crate::checkpoint::Input<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    input.encode(&mut payload);
    payload
}

/// A chunk of rows, pairs or not: what stands between bytes that are this one, or larger.
fn rows(bytes: &[u8], delimiter: u8, is_pairs: bool) -> Chunk {
    let mut chunk = Chunk::default();
    for (number, row) in bytes.split(|&byte| byte >= delimiter).enumerate() {
        match (is_pairs, number % 3) {
            (false, _) => chunk.push(row),
            (true, 0) => chunk.push_pair(None, row),
            (true, _) => chunk.push_pair(row.first_chunk::<1>().map(|key| &key[..]), row),
        }
    }
    chunk
}
