//! A batch that is complete, and what an output is promised of it.
//!
//! ```text
//! stage     | what was there |                          nothing is seen yet
//! commit    the promises of all outputs are on the disk
//! publish   | what was there | header | text |
//!           0             before             before + length
//! ```
//!
//! A promise is enough to find out after a crash whether the output got the batch. It speaks of the
//! bytes as they were rendered then, whatever the batch looks like when it is rendered again.

use super::spool::Spool;
use crate::clock::Stamp;
use crate::disk::medium::Identity;
use crate::error::Error;

/// What an output is promised: enough to find out after a crash whether it got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// Which output it is, as text: its name, and of a file or directory also device and inode.
    pub target: Vec<u8>,
    /// How long the output was before.
    pub before: u64,
    /// How many bytes the batch adds, a header among them.
    pub length: u64,
    /// Their CRC-32C.
    pub crc: u32,
}

/// The file or directory of this name, as a promise has it.
pub(super) fn target(mut name: Vec<u8>, identity: Identity) -> Vec<u8> {
    name.extend_from_slice(format!(" {}:{}", identity.device, identity.inode).as_bytes());
    name
}

impl Promise {
    /// The name of the output: its kind and where it is, but not which file or directory is there.
    pub fn name(&self) -> &[u8] {
        self.parts().map_or(&self.target, |(name, _)| name)
    }

    /// Which file or directory it was.
    pub fn identity(&self) -> Option<Identity> {
        self.parts().map(|(_, identity)| identity)
    }

    fn parts(&self) -> Option<(&[u8], Identity)> {
        let target = &self.target;
        let is_somewhere = target.starts_with(b"file ") || target.starts_with(b"dir ");
        let space = target.iter().rposition(|&byte| byte == b' ').filter(|_| is_somewhere)?;
        let (name, last) = (&target[..space], std::str::from_utf8(&target[space + 1..]).ok()?);
        let (device, inode) = last.split_once(':')?;
        let identity = Identity { device: device.parse().ok()?, inode: inode.parse().ok()? };
        Some((name, identity))
    }
}

/// A batch that is complete.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Its number, which no other batch of the checkpoint has.
    pub number: u64,
    /// Its Time.
    pub time: Stamp,
    /// How many rows it has.
    pub rows: u64,
    /// What a stream or a file of such batches begins with.
    pub header: &'a [u8],
    /// All of its rows, without the header.
    pub text: &'a Spool,
}

impl Batch<'_> {
    /// What is promised to an output that gets the text, and before it the header or not.
    pub fn promise(&self, target: Vec<u8>, before: u64, has_header: bool) -> Promise {
        let header = self.header(has_header);
        let length = header.len() as u64 + self.text.len();
        let text_len = usize::try_from(self.text.len()).expect("a length of 64 bits fits");
        let crc = match header.is_empty() {
            true => self.text.crc(),
            false => crc32c::crc32c_combine(crc32c::crc32c(header), self.text.crc(), text_len),
        };
        Promise { target, before, length, crc }
    }

    /// Hands out what [`promise`](Batch::promise) speaks of, piece by piece.
    pub fn each(
        &self,
        has_header: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        take(self.header(has_header))?;
        self.text.each(take)
    }

    fn header(&self, has_header: bool) -> &[u8] {
        if has_header { self.header } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_has_the_length_and_checksum_of_what_is_handed_out() {
        let mut text = Spool::new();
        for (header, more) in [("", ""), ("header\n", ""), ("header\n", "a\nb\n"), ("", "c\n")] {
            text.write(more.as_bytes()).unwrap();
            let header = header.as_bytes();
            let batch = Batch { number: 0, time: Stamp(0), rows: 0, header, text: &text };
            for has_header in [true, false] {
                let mut all = Vec::new();
                let take = |piece: &[u8]| {
                    all.extend_from_slice(piece);
                    Ok(())
                };
                batch.each(has_header, take).unwrap();
                let promise = batch.promise(b"stdout".to_vec(), 7, has_header);
                let (target, length, crc) =
                    (b"stdout".to_vec(), all.len() as u64, crc32c::crc32c(&all));
                assert_eq!(promise, Promise { target, before: 7, length, crc });
            }
        }
    }

    #[test]
    fn the_name_leaves_out_which_file_it_is_and_nothing_else() {
        let table = [
            ("stdout", "stdout"),
            ("exec", "exec"),
            ("dir /a 1:2", "dir /a"),
            ("dir /a b", "dir /a b"),
            ("file /a 1:2", "file /a"),
            ("file /a 1:2 3:4", "file /a 1:2"),
            ("file", "file"),
        ];
        for (target, name) in table {
            let promise = Promise { target: target.into(), ..Promise::default() };
            assert_eq!(promise.name(), name.as_bytes(), "{target}");
        }
    }
}
