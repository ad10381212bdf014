//! Datagrams that the system had no room for: how many there were, and who is told.
//!
//! The system counts them for each socket, and shows the count where it lists its sockets. It is looked at a
//! second after something has come, once, so a loss is said at most once a second, also when it is the
//! last thing that has happened; and at the end.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::fstat;

use crate::clock::Stamp;
use crate::say::say;

/// How long after something has come it is looked whether something was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// What was lost of what came to a socket.
#[derive(Debug)]
pub struct Losses {
    /// Where the system lists the socket.
    list: &'static str,
    /// The number it has there.
    inode: u64,
    /// The system's count, as it was seen last; it goes round.
    seen: Option<u32>,
    /// How many were lost.
    total: u64,
    /// When it is to be looked at.
    due: Stamp,
}

impl Losses {
    /// Nothing that is lost before this counts.
    pub fn of(socket: impl AsFd, address: SocketAddr) -> Losses {
        let list = if address.is_ipv6() { "/proc/net/udp6" } else { "/proc/net/udp" };
        let inode = fstat(socket).map_or(0, |socket| socket.st_ino);
        let losses = Losses { list, inode, seen: None, total: 0, due: Stamp::NEVER };
        Losses { seen: losses.look(), ..losses }
    }

    /// Something has come: others may have been lost.
    pub fn came(&mut self, now: Stamp) {
        self.due = self.due.min(now.after(PAUSE));
    }

    /// How many were lost, as far as it was looked.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// When it is to be looked what was lost.
    pub fn deadline(&self) -> Stamp {
        self.due
    }

    /// Looks what was lost, and says it of the socket with this name, for which the system has a queue of so
    /// many bytes, and was asked for `asked`.
    pub fn tell(&mut self, name: &str, queue: usize, asked: usize) {
        self.due = Stamp::NEVER;
        let Some(count) = self.look() else { return };
        let lost = count.wrapping_sub(self.seen.unwrap_or(0));
        self.seen = Some(count);
        if lost > 0 {
            self.total += u64::from(lost);
            say(&words(name, [u64::from(lost), self.total], queue, asked));
        }
    }

    fn look(&self) -> Option<u32> {
        // The list is as long as there are sockets of the kind on the machine.
        count(&fs::read_to_string(Path::new(self.list)).ok()?, self.inode)
    }
}

/// What is said when `lost` datagrams are lost, `total` in all.
fn words(name: &str, [lost, total]: [u64; 2], queue: usize, asked: usize) -> String {
    let what = match lost {
        1 => "1 datagram is lost".to_string(),
        _ => format!("{lost} datagrams are lost"),
    };
    let all = if total > lost { format!(", {total} in all") } else { String::new() };
    // The system has twice what it grants, for what it keeps beside the bytes.
    let tip = match queue < 2 * asked {
        true => format!("; `sysctl -w net.core.rmem_max={asked}` allows a longer one"),
        false => String::new(),
    };
    let queue = queue >> 10;
    format!(
        "{name}: {what}{all}: they came faster than they were read, and the system's queue of {queue} KiB was full{tip}"
    )
}

/// The count of what was lost in a list of sockets: the last column, of the row with the socket's number.
fn count(list: &str, inode: u64) -> Option<u32> {
    list.lines()
        .skip(1)
        .find_map(|row| {
            let mut columns = row.split_ascii_whitespace();
            let number = columns.nth(9)?.parse::<u64>().ok()?;
            (number == inode).then(|| columns.last()?.parse::<u64>().ok()).flatten()
        })
        // It is shown as a signed number.
        .map(|count| count as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn the_count_is_that_of_the_row_with_the_number() {
        let list = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
             \x20 42: 0100007F:1414 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 12\n\
             \x20 43: 0100007F:1415 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0\n";
        assert_eq!(count(list, 4711), Some(12));
        assert_eq!(count(list, 4712), Some(0));
        assert_eq!(count(list, 12), None);
        assert_eq!(count("", 1), None);
    }

    #[test]
    fn what_is_lost_is_counted_from_when_it_was_first_looked_at() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 0).unwrap();
        let (address, sender) =
            (socket.local_addr().unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let flood = |count: usize| {
            (0..count).for_each(|_| assert_eq!(sender.send_to(&[0; 1000], address).unwrap(), 1000));
        };
        flood(50);
        let mut losses = Losses::of(&socket, address);
        let before = losses.seen.unwrap();
        assert!((1..50).contains(&before), "{before}");
        losses.tell("here", 0, 0);
        assert_eq!(losses.total, 0);
        flood(50);
        losses.came(Stamp(5000));
        losses.came(Stamp(5500));
        assert_eq!(losses.deadline(), Stamp(6000));
        losses.tell("here", 0, 0);
        assert_eq!((losses.total, losses.deadline()), (50, Stamp::NEVER), "nothing was read");
    }

    #[test]
    fn what_is_said_has_what_was_lost_since_and_in_all() {
        let said = words("udp:127.0.0.1:5140", [1, 1], 425_984, 8 << 20);
        assert!(said.starts_with("udp:127.0.0.1:5140: 1 datagram is lost: they came "), "{said}");
        assert!(
            said.contains("queue of 416 KiB was full; `sysctl -w net.core.rmem_max=8388608`"),
            "{said}"
        );
        let said = words("a", [20, 21], 16 << 20, 8 << 20);
        assert!(said.starts_with("a: 20 datagrams are lost, 21 in all: "), "{said}");
        assert!(said.ends_with("queue of 16384 KiB was full"), "{said}");
    }
}
