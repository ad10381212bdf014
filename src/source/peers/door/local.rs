//! A connection of this machine, over which an end of the stream tells that all is kept.
//!
//! A TCP socket that lingers for no time is reset by whatever ends the process (`source::peers::door`). A
//! socket of this machine has no such thing; but it is reset if something that came is still unread when
//! it is closed. So where the close acknowledges, the last byte is handed over and left where it is, as a
//! pledge, until what was sent is kept:
//!
//! ```text
//! queue    a\nb\n        read: a\nb, and the last \n is only looked at     handed over: a\nb\n
//!          \n            weir dies: the client sees a reset
//!          \n c\n        read: \n c, and the last \n is only looked at     handed over: c\n
//!          (empty)       the pledge was taken: the client sees the end of the stream
//! ```
//!
//! A read looks first, and then takes all but one of the bytes it has seen; nobody else reads. Where no
//! close acknowledges, this is a plain connection.

use std::io::{self, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;

use mio::net::UnixStream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, recvmsg};

use crate::process::ulimit::Bound;
use crate::source::peers::farewell::Parting;
use crate::source::peers::transport::Transport;

/// A connection to a client on this machine.
#[derive(Debug)]
pub struct Local {
    stream: UnixStream,
    /// True if the close acknowledges, so that it may be none until then.
    pledges: bool,
    /// True if the first byte of the queue has been handed over before.
    pledged: bool,
}

impl Local {
    /// A connection of which nothing has been read; with `pledges` a close is a reset until
    /// [`Parting::close_in_order`].
    pub fn new(stream: UnixStream, pledges: bool) -> Local {
        Local { stream, pledges, pledged: false }
    }

    /// The connection itself.
    pub fn stream(&mut self) -> &mut UnixStream {
        &mut self.stream
    }

    /// The same connection, of which nothing has been read, under a number below the bound; as it was, if
    /// none is free there.
    pub fn below(self, bound: Bound) -> Result<Local, Local> {
        debug_assert!(!self.pledged);
        let again = |fd: OwnedFd| Local::new(UnixStream::from_std(fd.into()), self.pledges);
        bound.below(self.stream.into()).map(again).map_err(again)
    }

    /// How many bytes are in the queue.
    fn queued(&self) -> io::Result<usize> {
        Ok(rustix::io::ioctl_fionread(&self.stream)? as usize)
    }

    /// Receives from the queue's beginning, of which the pledge is no part of `room`.
    fn receive(&self, room: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        let mut pledge = [0];
        let mut both = [IoSliceMut::new(&mut pledge), IoSliceMut::new(room)];
        let parts = &mut both[usize::from(!self.pledged)..];
        // Descriptors that somebody sends along are refused by the system: there is no room for them.
        let mut nothing = RecvAncillaryBuffer::default();
        Ok(recvmsg(&self.stream, parts, &mut nothing, flags | RecvFlags::DONTWAIT)?.bytes)
    }

    /// Takes so many bytes from the queue; the room has what they are already.
    fn take(&self, count: usize, room: &mut [u8]) -> io::Result<()> {
        let room = &mut room[..count - usize::from(self.pledged && count > 0)];
        match count == 0 || self.receive(room, RecvFlags::empty())? == count {
            true => Ok(()),
            // That cannot be: what was seen is still there. The connection is given up all the same.
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Takes the pledge itself.
    fn redeem(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.pledged) {
            self.stream.read_exact(&mut [0])?;
        }
        Ok(())
    }

    /// True if nothing will come behind the pledge, which is all there is; it fails with `WouldBlock` where
    /// something may.
    fn has_ended(&mut self) -> io::Result<bool> {
        let is_over = self.is_over()?;
        // Asked last: what came before the end is in the queue when the end is seen.
        match self.queued()? > 1 {
            true => Ok(false),
            false if is_over => Ok(true),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// True if the other side sends no more.
    fn is_over(&self) -> io::Result<bool> {
        let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        let mut asked = [PollFd::new(&self.stream, PollFlags::RDHUP)];
        poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        Ok(asked[0].revents().intersects(ends))
    }
}

impl Transport for Local {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if !self.pledges {
            return self.stream.read(room);
        }
        loop {
            let seen = self.receive(room, RecvFlags::PEEK)?;
            let fresh = seen - usize::from(self.pledged).min(seen);
            if fresh > 0 {
                self.take(seen - 1, room)?;
                self.pledged = true;
                return Ok(fresh);
            }
            if !self.pledged || self.has_ended()? {
                return Ok(0);
            }
            // Something has come since; or it stands behind a descriptor, beyond which nobody sees.
            self.redeem()?;
        }
    }

    fn peek(&mut self) -> io::Result<bool> {
        match self.pledged {
            true => self.has_ended().map(|ended| !ended),
            false => Ok(self.receive(&mut [0], RecvFlags::PEEK)? > 0),
        }
    }

    fn arrived(&self) -> io::Result<usize> {
        Ok(self.queued()?.saturating_sub(usize::from(self.pledged)))
    }

    fn has_pending(&self) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }
}

impl Parting for Local {
    fn tell(&mut self, answer: &[u8]) -> bool {
        self.stream.write(answer).is_ok_and(|sent| sent == answer.len())
    }

    fn close_in_order(&mut self) {
        // Where this fails there is no connection any more.
        let _ = self.redeem();
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as Client;

    use proptest::prelude::*;

    use super::*;

    fn connected(pledges: bool) -> (Client, Local) {
        let (client, ours) = Client::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (client, Local::new(UnixStream::from_std(ours), pledges))
    }

    /// What a read finds: bytes, nothing yet, or the end.
    fn read(local: &mut Local, most: usize) -> Option<Vec<u8>> {
        let mut room = vec![0; most];
        match Transport::read(local, &mut room) {
            Ok(count) => Some(room[..count].to_vec()),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                None
            }
        }
    }

    /// What a client reads, and how that ends.
    fn end(mut client: Client) -> (String, Option<io::ErrorKind>) {
        let mut text = String::new();
        let end = client.read_to_string(&mut text).err();
        (text, end.map(|error| error.kind()))
    }

    #[test]
    fn whoever_is_not_told_sees_a_reset_and_who_is_the_end() {
        for is_told in [false, true] {
            let (mut client, mut local) = connected(true);
            client.write_all(b"a\nb\n").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read(&mut local, 100).unwrap(), b"a\nb\n");
            assert_eq!(read(&mut local, 100).unwrap(), b"", "the end, though a byte is left");
            if is_told {
                assert!(local.tell(b"ok 2\n"));
                local.close_in_order();
            }
            drop(local);
            let reset = ("".to_string(), Some(io::ErrorKind::ConnectionReset));
            assert_eq!(end(client), if is_told { ("ok 2\n".to_string(), None) } else { reset });
        }
    }

    #[test]
    fn without_pledges_every_close_is_in_order() {
        let (mut client, mut local) = connected(false);
        client.write_all(b"a\n").unwrap();
        assert_eq!(read(&mut local, 100).unwrap(), b"a\n");
        assert_eq!(read(&mut local, 100), None);
        drop(local);
        assert_eq!(end(client), (String::new(), None));
    }

    #[test]
    fn a_look_tells_what_a_read_would_find() {
        let (mut client, mut local) = connected(true);
        let looks = |local: &mut Local| match Transport::peek(local) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => "nothing",
            found => {
                if found.unwrap() {
                    "bytes"
                } else {
                    "end"
                }
            }
        };
        assert_eq!(looks(&mut local), "nothing");
        client.write_all(b"ab").unwrap();
        assert_eq!((looks(&mut local), local.arrived().unwrap()), ("bytes", 2));
        assert_eq!(read(&mut local, 1).unwrap(), b"a");
        assert_eq!((looks(&mut local), local.arrived().unwrap()), ("bytes", 1));
        assert_eq!(read(&mut local, 1).unwrap(), b"b");
        assert_eq!((looks(&mut local), local.arrived().unwrap()), ("nothing", 0));
        drop(client);
        assert_eq!(looks(&mut local), "end");
    }

    #[test]
    fn what_comes_with_a_descriptor_is_read_like_the_rest_and_the_descriptor_is_not_taken() {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let (mut client, mut local) = connected(true);
        let null = std::fs::File::open("/dev/null").unwrap();
        for text in ["a\n", "b\n", "c"] {
            let mut space = [std::mem::MaybeUninit::uninit(); 64];
            let mut along = SendAncillaryBuffer::new(&mut space);
            let files = [std::os::fd::AsFd::as_fd(&null)];
            assert!(along.push(SendAncillaryMessage::ScmRights(&files)));
            let text = [io::IoSlice::new(text.as_bytes())];
            sendmsg(&client, &text, &mut along, SendFlags::empty()).unwrap();
        }
        client.write_all(b"d").unwrap();
        drop(client);
        let mut all = Vec::new();
        while let Some(bytes) = read(&mut local, 100).filter(|bytes| !bytes.is_empty()) {
            all.extend(bytes);
        }
        assert_eq!(all, b"a\nb\ncd");
    }

    proptest! {
        #[test]
        fn whatever_the_cuts_all_comes_once_and_a_byte_stays_behind(
            pieces in proptest::collection::vec((1..40_usize, 1..40_usize), 1..12),
        ) {
            let (mut client, mut local) = connected(true);
            let (mut sent, mut got) = (Vec::new(), Vec::new());
            for (number, (length, most)) in pieces.into_iter().enumerate() {
                let piece = vec![number as u8; length];
                client.write_all(&piece).unwrap();
                sent.extend(piece);
                // It does not get far behind, nor is it always at the end.
                got.extend(read(&mut local, most).unwrap());
                prop_assert!(local.queued().unwrap() > sent.len() - got.len());
            }
            client.shutdown(Shutdown::Write).unwrap();
            while let Some(bytes) = read(&mut local, 7).filter(|bytes| !bytes.is_empty()) {
                got.extend(bytes);
            }
            prop_assert_eq!(got, sent);
            prop_assert_eq!(local.queued().unwrap(), 1);
            drop(local);
            prop_assert_eq!(end(client).1, Some(io::ErrorKind::ConnectionReset));
        }
    }
}
