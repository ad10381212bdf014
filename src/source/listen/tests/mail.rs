//! Datagrams beside clients, and what a socket of this machine is without its file.

use std::net::UdpSocket;

use super::*;

/// A room with a door and a mailbox, and the address of that.
fn room(settings: &Settings) -> (Room, SocketAddr) {
    let room = Room::at(&["0", "udp:0"], settings, Box::new(RealTime::new().unwrap().0));
    let address = room.listen.clients.mail[0].address();
    (room, address)
}

fn sender(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(to).unwrap();
    socket
}

#[test]
fn a_limit_holds_within_datagrams_and_the_rest_is_at_hand() {
    let (mut room, address) = room(&settings());
    let socket = sender(address);
    for text in ["0\n1\n2", "3", "", "4\n", "5\n6\n7"] {
        socket.send(text.as_bytes()).unwrap();
    }
    for expected in [["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"]] {
        assert_eq!(room.read(2, LONG), Read::Rows);
        assert_eq!(room.lines(), expected);
    }
    assert_eq!((room.listen.unfinished(), room.read(2, Duration::ZERO)), (0, Read::Idle));
    socket.send(b"8\n9").unwrap();
    assert_eq!(room.read(0, Duration::from_millis(1)), Read::Idle, "none allowed");
    assert_eq!(room.read(1, LONG), Read::Rows);
    assert_eq!((room.lines(), room.listen.unfinished()), (vec!["8".to_string()], 1));
}

#[test]
fn under_a_limit_datagrams_and_clients_have_their_turns() {
    let (mut room, address) = room(&settings());
    let (socket, mut client) = (sender(address), room.client());
    (0..50).for_each(|_| assert_eq!(socket.send(b"mail\nmail").unwrap(), 9));
    client.write_all(&b"line\n".repeat(100)).unwrap();
    // The client must be in before it can have a turn.
    let mut all = Vec::new();
    while all.len() < 200 {
        assert_eq!(room.read(1, LONG), Read::Rows);
        all.extend(room.lines());
    }
    let first = all.iter().position(|one| one == "line").unwrap();
    assert!(all[first..first + 20].iter().filter(|one| *one == "mail").count() == 10, "{all:?}");
}

#[test]
fn more_than_a_chunk_of_the_longest_datagrams_comes_in_chunks() {
    let (mut room, address) = room(&settings());
    let socket = sender(address);
    // The system's queue may be short: what it takes is read before more is sent.
    let (mut sent, mut got) = (0, 0);
    while sent < 40 {
        for _ in 0..4 {
            sent += 1;
            socket.send(&[b'0' + sent as u8 % 10; 65_507]).unwrap();
        }
        while got < sent {
            assert_eq!(room.read(usize::MAX, LONG), Read::Rows);
            assert!(room.chunk.len() <= CHUNK + 65_508, "{}", room.chunk.len());
            for line in room.lines() {
                got += 1;
                assert_eq!(line, char::from(b'0' + got as u8 % 10).to_string().repeat(65_507));
            }
        }
    }
}

#[test]
fn of_empty_datagrams_no_more_are_taken_at_once_than_make_a_chunk() {
    let (mut room, address) = room(&settings());
    let socket = sender(address);
    (0..3000).for_each(|_| assert_eq!(socket.send(b"").unwrap(), 0));
    let (mut wait, _) = RealTime::new().unwrap();
    wait.until(Stamp(0)).unwrap();
    let (clients, mut limit) = (&mut room.listen.clients, usize::MAX);
    clients.collect(&mut room.chunk, &mut limit, wait.now());
    // A queue that is shorter than a chunk is emptied.
    let is_long = clients.mail[0].queue >= 4 * CHUNK;
    assert_eq!((room.chunk.len(), clients.has_mail()), (0, is_long));
}

#[test]
fn once_ends_though_datagrams_never_pause() {
    let (mut room, address) = room(&Settings { once: true, ..settings() });
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let socket = sender(address);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = socket.send(b"flood");
            }
        });
        room.client().write_all(b"first").unwrap();
        let mut has_come = false;
        while room.read(usize::MAX, LONG) != Read::End {
            has_come |= room.lines().contains(&"first".to_string());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(has_come);
    });
}

#[test]
fn it_is_looked_what_was_lost_a_second_after_something_has_come() {
    let clock = Box::new(VirtualTime::new(Stamp(0)).unwrap().0);
    let mut room = Room::at(&["udp:0"], &settings(), clock);
    let socket = sender(room.listen.clients.mail[0].address());
    assert_eq!(room.listen.clients.deadline(), Stamp::NEVER);
    socket.send(b"a").unwrap();
    while room.read(usize::MAX, Duration::from_millis(1)) == Read::Idle {}
    let read = room.wait.now();
    assert_eq!(room.listen.clients.deadline(), Stamp(read.0 + 1000));
    assert_eq!(room.read(usize::MAX, Duration::from_secs(5)), Read::Idle);
    assert_eq!(room.listen.clients.deadline(), Stamp::NEVER, "and then no more");
    assert_eq!(room.listen.waiting(), format!("datagrams on udp:{}", socket.peer_addr().unwrap()));
}

#[test]
fn a_file_that_somebody_removes_is_said_once() {
    let test = "source::listen::tests::mail::child_whose_file_is_removed";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}{said}", String::from_utf8_lossy(&child.stdout));
    let gone = "the file is gone, so nobody can connect any more; a new start makes it again";
    assert_eq!(said.matches(gone).count(), 1, "{said}");
}

#[test]
#[ignore = "run by the test above, which looks at what is said"]
fn child_whose_file_is_removed() {
    let path = std::env::temp_dir().join(format!("weir-removed-{}", std::process::id()));
    let clock = Box::new(VirtualTime::new(Stamp(0)).unwrap().0);
    let place = format!("unix:{}", path.display());
    let mut room = Room { idle: 10_000, ..Room::at(&[&place], &settings(), clock) };
    let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
    client.write_all(b"one\n").unwrap();
    assert_eq!(room.gather(1), ["one"]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(room.read(usize::MAX, Duration::from_secs(60)), Read::Idle);
    client.write_all(b"two\n").unwrap();
    assert_eq!(room.gather(1), ["two"], "who is connected stays so");
    std::fs::write(&path, "another's").unwrap();
    drop(room);
    assert!(path.exists());
    std::fs::remove_file(&path).unwrap();
}
