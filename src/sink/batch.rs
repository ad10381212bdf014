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

use std::os::unix::ffi::OsStrExt;
use std::path::{self, Path};

use super::spool::Spool;
use crate::clock::Stamp;
use crate::disk::medium::Identity;
use crate::error::Error;

/// Which output it is, over restarts too.
///
/// A checkpoint holds it as text: `stdout`, `exec`, `file PATH DEVICE:INODE`, `dir PATH DEVICE:INODE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputId {
    /// Its kind and, if it is somewhere, the absolute path, as `file /var/log/counts`.
    name: Vec<u8>,
    /// The file or directory that is there.
    identity: Option<Identity>,
}

impl OutputId {
    /// An output that is at no path.
    pub fn of(kind: &str) -> OutputId {
        OutputId { name: kind.as_bytes().to_vec(), identity: None }
    }

    /// A file or directory, wherever weir is started.
    pub fn at(kind: &str, path: &Path, identity: Option<Identity>) -> OutputId {
        // Only where there is no current directory can none be added.
        let path = path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let name = [kind.as_bytes(), b" ", path.as_os_str().as_bytes()].concat();
        OutputId { name, identity }
    }

    /// As a checkpoint holds it.
    pub fn encode(&self) -> Vec<u8> {
        let place = self.identity.map(|Identity { device, inode }| format!(" {device}:{inode}"));
        [&self.name[..], place.unwrap_or_default().as_bytes()].concat()
    }

    /// What [`OutputId::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> OutputId {
        let whole = OutputId { name: bytes.to_vec(), identity: None };
        whole.split().filter(|split| split.encode() == bytes).unwrap_or(whole)
    }

    /// The same with the identity that its text ends with.
    fn split(&self) -> Option<OutputId> {
        let is_somewhere = [&b"file "[..], b"dir "].iter().any(|kind| self.name.starts_with(kind));
        let space = self.name.iter().rposition(|&byte| byte == b' ').filter(|_| is_somewhere)?;
        let (device, inode) = std::str::from_utf8(&self.name[space + 1..]).ok()?.split_once(':')?;
        let identity = Identity { device: device.parse().ok()?, inode: inode.parse().ok()? };
        Some(OutputId { name: self.name[..space].to_vec(), identity: Some(identity) })
    }

    /// True if both are of one kind and at one path, whatever is there.
    pub fn is_named_as(&self, other: &OutputId) -> bool {
        self.name == other.name
    }

    /// True if both are one file or directory, which may have been moved in between: of the same kind
    /// and inode. The number of a device may be another when the machine has started again.
    pub fn is_same_place(&self, other: &OutputId) -> bool {
        self.kind() == other.kind() && self.inode().is_some() && self.inode() == other.inode()
    }

    /// The number of the file or directory on its device.
    pub fn inode(&self) -> Option<u64> {
        self.identity.map(|identity| identity.inode)
    }

    /// True if the device is the same too.
    pub fn is_same_device(&self, other: &OutputId) -> bool {
        let device = |id: &OutputId| id.identity.map(|identity| identity.device);
        device(self) == device(other)
    }

    /// Its kind and where it is, but not which file or directory is there.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    fn kind(&self) -> Option<&[u8]> {
        self.name.split(|&byte| byte == b' ').next()
    }
}

/// What an output is promised: enough to find out after a crash whether it got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// Which output it is.
    pub output: OutputId,
    /// How long the output was before.
    pub before: u64,
    /// How many bytes the batch adds, a header among them.
    pub length: u64,
    /// Their CRC-32C.
    pub crc: u32,
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
    /// The same rows as messages; none if nobody is to get them so.
    pub messages: Option<&'a Spool>,
}

impl<'a> Batch<'a> {
    /// A batch that is text alone.
    pub fn of_text(
        (number, time): (u64, Stamp),
        rows: u64,
        header: &'a [u8],
        text: &'a Spool,
    ) -> Batch<'a> {
        Batch { number, time, rows, header, text, messages: None }
    }

    /// True if it has rows, but not as messages, or not as text: it was recorded for other outputs.
    pub fn lacks(&self, messages: bool) -> bool {
        let body = if messages { self.messages } else { Some(self.text) };
        self.rows > 0 && body.is_none_or(Spool::is_empty)
    }

    /// What is promised to an output that gets the text, and before it the header or not.
    pub fn promise(&self, output: OutputId, before: u64, has_header: bool) -> Promise {
        let header = self.header(has_header);
        let length = header.len() as u64 + self.text.len();
        let text_len = usize::try_from(self.text.len()).expect("a length of 64 bits fits");
        let crc = match header.is_empty() {
            true => self.text.crc(),
            false => crc32c::crc32c_combine(crc32c::crc32c(header), self.text.crc(), text_len),
        };
        Promise { output, before, length, crc }
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
            let batch = Batch::of_text((0, Stamp(0)), 0, header, &text);
            for has_header in [true, false] {
                let mut all = Vec::new();
                let take = |piece: &[u8]| {
                    all.extend_from_slice(piece);
                    Ok(())
                };
                batch.each(has_header, take).unwrap();
                let promise = batch.promise(OutputId::of("stdout"), 7, has_header);
                let (output, length, crc) =
                    (OutputId::of("stdout"), all.len() as u64, crc32c::crc32c(&all));
                assert_eq!(promise, Promise { output, before: 7, length, crc });
            }
        }
    }

    #[test]
    fn the_text_of_an_id_is_read_back_and_its_name_leaves_out_which_file_it_is() {
        let table = [
            ("out.txt", "out.txt"),
            ("stdout", "stdout"),
            ("exec", "exec"),
            ("dir /a 1:2", "dir /a"),
            ("dir /a b", "dir /a b"),
            ("file /a 1:2", "file /a"),
            ("file /a 1:2 3:4", "file /a 1:2"),
            ("file", "file"),
            ("file /a 1:02", "file /a 1:02"),
        ];
        for (text, name) in table {
            let id = OutputId::decode(text.as_bytes());
            assert_eq!((id.name(), &*id.encode()), (name.as_bytes(), text.as_bytes()), "{text}");
        }
    }
}
