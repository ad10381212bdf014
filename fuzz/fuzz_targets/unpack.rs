//! `.gz` and `.zst`: any bytes are unpacked up to where they are wrong, in whatever pieces they are read, and no
//! further than allowed; what is skipped is what would have been read.
//!
//! The first bytes: how it is packed, and how long the pieces are.
#![no_main]

use std::io;

use libfuzzer_sys::fuzz_target;
use weir::disk::tree::{Kind, Readable, Seen};
use weir::process::descriptor::Identity;
use weir::source::files::unpack::{Packing, Unpacking};

/// No more is unpacked than this: a file of some bytes may come to a gibibyte.
const MOST: usize = 1 << 16;

/// A file in memory.
#[derive(Clone, Debug)]
struct File(Vec<u8>);

impl Readable for File {
    fn seen(&self) -> io::Result<Seen> {
        let identity = Identity { device: 1, inode: 1 };
        let (kind, len) = (Kind::File, self.0.len() as u64);
        Ok(Seen { identity, kind, len, modified: 0, changed: 0 })
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.0.get(at as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// What comes out of it, and how it has ended, if it has.
fn read(unpacking: &mut Unpacking, piece: usize) -> (Vec<u8>, Option<Result<(), String>>) {
    let (mut all, mut piece) = (Vec::new(), vec![0; piece]);
    while all.len() < MOST {
        let room = piece.len().min(MOST - all.len());
        match unpacking.read(&mut piece[..room]) {
            Ok(0) => return (all, Some(Ok(()))),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                return (all, Some(Err(error.to_string())));
            }
        }
    }
    (all, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[packing, piece], bytes)) = bytes.split_first_chunk() else { return };
    let packing = if packing % 2 == 0 { Packing::Gzip } else { Packing::Zstandard };
    let open = || Unpacking::new(Box::new(File(bytes.to_vec())), packing).expect("memory");
    let (whole, end) = read(&mut open(), MOST);
    // How much is seen of what stands before some damage, and some damage itself, depends on the pieces: of a frame
    // for which there is room, libzstd looks at the length before anything else.
    let is_damaged = |end: &Option<Result<(), String>>| matches!(end, Some(Err(_)));
    let is_same = |(all, other): (Vec<u8>, Option<Result<(), String>>)| match is_damaged(&end)
        || is_damaged(&other)
    {
        true => all.starts_with(&whole) || whole.starts_with(&all),
        false => (all, other) == (whole.clone(), end.clone()),
    };
    assert!(is_same(read(&mut open(), usize::from(piece) + 1)));

    if is_damaged(&end) {
        return;
    }
    let place = whole.len() / 2;
    let mut later = open();
    let trail = later.skip(place as u64).expect("it is sound");
    assert_eq!(trail.at(), place as u64);
    later.unread(&whole[..place]);
    assert!(is_same(read(&mut later, usize::from(piece) + 1)));
});
