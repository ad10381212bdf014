//! `.gz` and `.zst`: what is packed in a file, of one member or several.
//!
//! The end of a member is not the end of a line. What is cut off or damaged is an error behind what could be
//! unpacked before. What unpacks to much more than anything that was written for people is one too: nobody
//! waits for a file of a kilobyte that has been made to come to a terabyte.

use std::ffi::OsStr;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::place::print::Trail;
use crate::disk::tree::Readable;

/// How much is read of the file at once.
const PIECE: usize = 64 << 10;
/// So much may come out of whatever it is.
const FREE: u64 = if cfg!(test) { 4 << 20 } else { 1 << 30 };
/// And so many bytes for each one of the file: gzip makes no more than 1032.
const RATIO: u64 = 2000;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstandard,
}

impl Packing {
    /// How a file of this name is packed, if it is.
    pub fn of(path: &Path) -> Option<Packing> {
        match path.extension().and_then(OsStr::to_str)? {
            "gz" => Some(Packing::Gzip),
            "zst" => Some(Packing::Zstandard),
            _ => None,
        }
    }

    /// What it is called.
    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstandard => "Zstandard",
        }
    }

    /// True if what is packed so can begin with these bytes.
    fn begins(self, bytes: &[u8]) -> bool {
        let is = |magic: &[u8]| bytes.iter().zip(magic).all(|(byte, expected)| byte == expected);
        match self {
            Packing::Gzip => is(&[0x1f, 0x8b]),
            // A frame, or one that is skipped: 0x50 to 0x5f.
            Packing::Zstandard => {
                let number = bytes.first().map_or(0x50, |byte| 0x50 | byte & 0xf);
                is(&[0x28, 0xb5, 0x2f, 0xfd]) || is(&[number, 0x2a, 0x4d, 0x18])
            }
        }
    }
}

/// The bytes of a file, one after the other.
#[derive(Debug)]
struct Input {
    file: Box<dyn Readable>,
    at: u64,
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(self.at, into)?;
        self.at += count as u64;
        Ok(count)
    }
}

enum Decoder {
    Gzip(Box<MultiGzDecoder<BufReader<Input>>>),
    Zstandard(zstd::stream::read::Decoder<'static, BufReader<Input>>),
}

impl Decoder {
    fn input(&self) -> &Input {
        match self {
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Zstandard(decoder) => decoder.get_ref().get_ref(),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::Gzip(decoder) => decoder.read(into),
            Decoder::Zstandard(decoder) => decoder.read(into),
        }
    }
}

/// A file that is unpacked from its beginning on.
pub struct Unpacking {
    packing: Packing,
    decoder: Decoder,
    /// What was given back, to be read again.
    pending: Vec<u8>,
    /// How many bytes have come out.
    out: u64,
}

impl std::fmt::Debug for Unpacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacking").field("out", &self.out).finish_non_exhaustive()
    }
}

impl Unpacking {
    /// Unpacks a file.
    pub fn new(file: Box<dyn Readable>, packing: Packing) -> io::Result<Unpacking> {
        let input = BufReader::with_capacity(PIECE, Input { file, at: 0 });
        let decoder = match packing {
            Packing::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(input))),
            Packing::Zstandard => {
                Decoder::Zstandard(zstd::stream::read::Decoder::with_buffer(input)?)
            }
        };
        Ok(Unpacking { packing, decoder, pending: Vec::new(), out: 0 })
    }

    /// The file that is unpacked.
    pub fn file(&self) -> &dyn Readable {
        &*self.decoder.input().file
    }

    /// How many bytes of the file were taken.
    pub fn taken(&self) -> u64 {
        self.decoder.input().at
    }

    /// The next bytes; none only at the end. Of what is damaged the error is [`ErrorKind::InvalidData`].
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.pending.is_empty() {
            let count = self.pending.len().min(into.len());
            into[..count].copy_from_slice(&self.pending[..count]);
            self.pending.drain(..count);
            return Ok(count);
        }
        let count = loop {
            match self.decoder.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What the system says has a number; of others only the decoder can be the cause.
                Err(error) if error.raw_os_error().is_none() => return Err(self.damage(&error)),
                read => break read?,
            }
        };
        self.out += count as u64;
        let most = self.decoder.input().at.saturating_mul(RATIO).saturating_add(FREE);
        if self.out > most {
            let what = format!("unpacks to more than {RATIO} times its size");
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        Ok(count)
    }

    fn damage(&self, error: &io::Error) -> io::Error {
        let what = match error.kind() {
            _ if self.out == 0 && !self.is_packed() => {
                let packing = self.packing.name();
                format!("it is no {packing}, whatever its name says; weir < FILE reads it as it is")
            }
            ErrorKind::UnexpectedEof => self.behind("it is cut off"),
            _ => self.behind(&error.to_string()),
        };
        io::Error::new(ErrorKind::InvalidData, what)
    }

    fn behind(&self, what: &str) -> String {
        format!("cannot be unpacked behind byte {} of what it holds: {what}", self.out)
    }

    /// True if the file begins as one does that is packed so, as far as it goes.
    fn is_packed(&self) -> bool {
        let mut first = [0; 4];
        let count = self.file().read_at(0, &mut first);
        count.is_ok_and(|count| self.packing.begins(&first[..count]))
    }

    /// Gives back the last bytes that were read: they come again.
    pub fn unread(&mut self, bytes: &[u8]) {
        self.pending.splice(..0, bytes.iter().copied());
    }

    /// Goes on behind so many bytes of what it unpacks to, or where it ends before; returns what stood there.
    pub fn skip(&mut self, len: u64) -> io::Result<Trail> {
        let (mut trail, mut piece) = (Trail::default(), vec![0; PIECE]);
        while trail.at() < len {
            let wanted = PIECE.min(usize::try_from(len - trail.at()).unwrap_or(PIECE));
            match self.read(&mut piece[..wanted])? {
                0 => break,
                count => trail.read(&piece[..count], None),
            }
        }
        trail.finish();
        Ok(trail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use crate::disk::scratch::Scratch;
    use crate::disk::tree::{RealTree, Tree};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn zstandard(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn unpacking(name: &str, packed: &[u8]) -> (Scratch, Unpacking) {
        let scratch = Scratch::new();
        let path = scratch.path(name);
        std::fs::write(&path, packed).unwrap();
        let packing = Packing::of(&path).unwrap();
        let unpacking = Unpacking::new(RealTree.open(&path).unwrap(), packing).unwrap();
        (scratch, unpacking)
    }

    /// All of it, and how it has ended.
    fn all(unpacking: &mut Unpacking) -> (Vec<u8>, Option<String>) {
        let (mut bytes, mut piece) = (Vec::new(), [0; 1000]);
        loop {
            match unpacking.read(&mut piece) {
                Ok(0) => return (bytes, None),
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidData);
                    return (bytes, Some(error.to_string()));
                }
            }
        }
    }

    #[test]
    fn all_members_are_one_stream() {
        let members: [&[u8]; 4] = [b"a\nhalf", b"", b" line\n", b"end"];
        let text = members.concat();
        let gz: Vec<u8> = members.iter().flat_map(|member| gzip(member)).collect();
        let zst: Vec<u8> = members.iter().flat_map(|member| zstandard(member)).collect();
        for (name, packed) in [("f.gz", gz), ("f.zst", zst)] {
            let (_scratch, mut unpacking) = unpacking(name, &packed);
            assert_eq!(all(&mut unpacking), (text.clone(), None), "{name}");
        }
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_told_behind_what_there_was() {
        let text: Vec<u8> = (0..40_000).flat_map(|n: u32| format!("{n}\n").into_bytes()).collect();
        for (name, packed) in [("f.gz", gzip(&text)), ("f.zst", zstandard(&text))] {
            let (_scratch, mut cut) = unpacking(name, &packed[..packed.len() - 9]);
            let (bytes, told) = all(&mut cut);
            assert!(text.starts_with(&bytes) && bytes.len() > 1000, "{name}: {}", bytes.len());
            assert!(told.unwrap().ends_with("it is cut off"), "{name}");
            let mut damaged = packed.clone();
            damaged[packed.len() / 2..][..40].fill(0);
            let (_scratch, mut damaged) = unpacking(name, &damaged);
            assert!(all(&mut damaged).1.unwrap().starts_with("cannot be unpacked"), "{name}");
            let called = if name == "f.gz" { "gzip" } else { "Zstandard" };
            for text in [&b"notgz\n"[..], b"not packed at all, and longer than any header is", b"n"]
            {
                let (_scratch, mut other) = unpacking(name, text);
                let told = all(&mut other).1.unwrap();
                let said = format!("it is no {called}, ");
                assert!(told.starts_with(&said), "{name}: {told}");
            }
            let (_scratch, mut begun) = unpacking(name, &packed[..3]);
            assert!(all(&mut begun).1.unwrap().ends_with("it is cut off"), "{name}");
        }
    }

    #[test]
    fn what_comes_to_a_thousand_times_what_anybody_writes_is_not_unpacked_to_its_end() {
        let zeros = vec![0; 1 << 20];
        let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        packed.include_checksum(false).unwrap();
        (0..64).for_each(|_| packed.write_all(&zeros).unwrap());
        let packed = packed.finish().unwrap();
        let (_scratch, mut unpacking) = unpacking("f.zst", &packed);
        let (mut piece, mut out) = (vec![0; 1 << 20], 0);
        let told = loop {
            match unpacking.read(&mut piece) {
                Ok(count) => out += count as u64,
                Err(error) => break error.to_string(),
            }
        };
        assert_eq!(told, "unpacks to more than 2000 times its size");
        assert!(out <= FREE + RATIO * packed.len() as u64);
    }

    #[test]
    fn what_is_given_back_comes_again_and_a_place_is_found_again() {
        let (_scratch, mut unpacking) = unpacking("f.gz", &gzip(b"one\ntwo\nthree\n"));
        let trail = unpacking.skip(4).unwrap();
        assert_eq!(
            (trail.at(), trail.prints().tail),
            (4, super::super::place::print::Print::of(b"one\n"))
        );
        let mut read = [0; 8];
        assert_eq!(unpacking.read(&mut read).unwrap(), 8);
        unpacking.unread(b"hre");
        assert_eq!(all(&mut unpacking).0, b"hree\n");
        assert_eq!(unpacking.skip(99).unwrap().at(), 0, "no more than there is");
    }
}
