//! Names of sockets on this machine: paths, and names in a space of their own, which begin with `@`.
//!
//! A path outlives the process that has made it. Whether somebody still listens there is asked in a way that
//! he does not notice; a file that nobody listens at is taken aside, asked again, and only then removed, so
//! that of two that start at once neither takes the other's away:
//!
//! ```text
//! bind ──in use──> asked ──somebody is there──────────────────────> refused
//!                    └──nobody──> renamed ──asked──somebody──> renamed back, refused
//!                                              └──nobody──> removed, bind
//! ```
//!
//! What is no socket is never touched. At the end the file is removed, if it is still the one that was made.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};

use mio::net::UnixListener;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use socket2::{Domain, SockAddr, Socket, Type};

use super::LONGEST_QUEUE;
use crate::error::{Context, Error};
use crate::process::descriptor::Identity;

/// How long a path may be, in bytes: what the system has room for, with a zero behind it.
const LONGEST: usize = 107;

/// The name of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A path.
    Path(PathBuf),
    /// A name that is no path; it goes with the process.
    Abstract(Vec<u8>),
}

impl Name {
    /// Reads what stands behind `unix:`.
    pub fn parse(text: &OsStr) -> Result<Name, Error> {
        let name = match text.as_bytes() {
            [b'@', name @ ..] => Name::Abstract(name.to_vec()),
            _ => Name::Path(text.into()),
        };
        match name.bytes().len() {
            0 => Err(Error::usage(format!("{name}: no path is given, as in unix:/run/weir"))),
            length if length > LONGEST => Err(Error::usage(format!(
                "{name}: {length} bytes are too long for the name of a socket, which has at most {LONGEST}; \
                 a path from the working directory may be shorter"
            ))),
            _ => Ok(name),
        }
    }

    /// The name of a socket that has one.
    pub fn of(address: &SocketAddr) -> Option<Name> {
        let path = address.as_pathname().map(|path| Name::Path(path.to_path_buf()));
        path.or_else(|| Some(Name::Abstract(address.as_abstract_name()?.to_vec())))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Name::Path(path) => path.as_os_str().as_bytes(),
            Name::Abstract(name) => name,
        }
    }

    fn address(&self) -> io::Result<SockAddr> {
        match self {
            Name::Path(path) => SockAddr::unix(path),
            Name::Abstract(name) => SockAddr::unix(OsStr::from_bytes(&[&[0], &name[..]].concat())),
        }
    }

    /// Listens there, once whoever has left a file there has gone.
    pub fn listen(&self) -> Result<UnixListener, Error> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).place(self)?;
        socket.set_nonblocking(true).place(self)?;
        let address = self.address().place(self)?;
        match (socket.bind(&address), self) {
            (Err(error), Name::Path(path)) if error.kind() == io::ErrorKind::AddrInUse => {
                self.clear(path)?;
                socket.bind(&address)
            }
            (bound, _) => bound,
        }
        .map_err(|error| self.refusal(error))?;
        socket.listen(LONGEST_QUEUE).place(self)?;
        Ok(UnixListener::from_std(socket.into()))
    }

    /// Removes the file at the path, if it is a socket at which nobody listens.
    fn clear(&self, path: &Path) -> Result<(), Error> {
        let Ok(file) = fs::symlink_metadata(path) else { return Ok(()) };
        if !file.file_type().is_socket() {
            return Err(Error::Failed(format!(
                "{self}: there is a file that is no socket, which is left alone; choose another path"
            )));
        }
        if !is_left_behind(path).map_err(|error| self.refusal(error))? {
            return Err(self.refusal(io::ErrorKind::AddrInUse.into()));
        }
        let aside = aside(path);
        let rename = |from, to| renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE);
        rename(path, &*aside).map_err(io::Error::from).place(self)?;
        if is_left_behind(&aside).is_ok_and(|left| left) {
            return fs::remove_file(&aside).place(self);
        }
        // Somebody else has begun to listen meanwhile. Where that fails he has lost his name.
        rename(&*aside, path).map_err(io::Error::from).place(self)?;
        Err(self.refusal(io::ErrorKind::AddrInUse.into()))
    }

    /// Why it cannot be listened there, and what to do about it.
    fn refusal(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::AddrInUse => Error::Failed(format!(
                "{self}: address in use: another program listens there; `ss -xlp` names it, or choose \
                 another path"
            )),
            _ => Error::Io { place: self.to_string(), source: error },
        }
    }
}

/// As it is typed, in one line.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if matches!(self, Name::Abstract(_)) { "@" } else { "" };
        let name = String::from_utf8_lossy(self.bytes()).replace(char::is_control, "?");
        write!(f, "unix:{mark}{name}")
    }
}

/// True if nobody listens at a socket's path any more. Whoever listens for connections does not notice that it
/// was asked, since a datagram is not what he takes.
fn is_left_behind(path: &Path) -> io::Result<bool> {
    match UnixDatagram::unbound()?.connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // EPROTOTYPE, or a socket for datagrams that somebody reads.
        _ => Ok(false),
    }
}

/// Where a file is taken that may have been left behind: beside it, by a name that is not longer than most.
fn aside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".w{}", std::process::id()))
}

/// The file of a socket that listens, which goes with it.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    file: Identity,
}

impl Kept {
    /// The file that was made for a name, if there is one.
    pub fn of(name: &Name) -> Option<Kept> {
        let Name::Path(path) = name else { return None };
        let file = Identity::of(&fs::symlink_metadata(path).ok()?);
        Some(Kept { path: path.clone(), file })
    }

    /// True if it is still where it was made.
    pub fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path)
            .is_ok_and(|file: Metadata| Identity::of(&file) == self.file)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.is_there() {
            // What cannot be removed is found by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener as Other, UnixStream};

    use super::*;

    /// A directory that is removed with it.
    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Room {
            let path = std::env::temp_dir().join(format!("weir-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Room(path)
        }

        fn name(&self, file: &str) -> Name {
            Name::Path(self.0.join(file))
        }

        fn files(&self) -> Vec<String> {
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            let files = fs::read_dir(&self.0).unwrap().map(name);
            files.map(|name| name.into_string().unwrap()).collect()
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn path(name: &Name) -> &Path {
        let Name::Path(path) = name else { panic!("{name}") };
        path
    }

    #[test]
    fn a_name_is_a_path_or_begins_with_an_at_sign() {
        let parse = |text: &str| Name::parse(text.as_ref());
        assert_eq!(parse("/run/weir").unwrap(), Name::Path("/run/weir".into()));
        assert_eq!(parse("a").unwrap(), Name::Path("a".into()));
        assert_eq!(parse("./@a").unwrap(), Name::Path("./@a".into()));
        assert_eq!(parse("@a").unwrap(), Name::Abstract(b"a".to_vec()));
        for text in ["/run/weir", "@weir", "a b"] {
            assert_eq!(parse(text).unwrap().to_string(), format!("unix:{text}"));
        }
        assert!(parse(&"a".repeat(107)).is_ok() && parse(&format!("@{}", "a".repeat(107))).is_ok());
        let wrong =
            [("", "unix:: no path"), ("@", "unix:@: no path"), (&"a".repeat(108), "108 bytes")];
        for (text, why) in wrong {
            let err = parse(text).unwrap_err();
            assert!(err.to_string().contains(why) && err.exit_status() == 2, "{err}");
        }
    }

    #[test]
    fn what_a_dead_process_has_left_is_replaced_and_nothing_else_changes() {
        let room = Room::new("left-behind");
        let name = room.name("socket");
        drop(Other::bind(path(&name)).unwrap());
        assert!(UnixStream::connect(path(&name)).is_err());
        let _listener = name.listen().unwrap();
        UnixStream::connect(path(&name)).unwrap();
        assert_eq!(room.files(), ["socket"]);
    }

    #[test]
    fn a_socket_that_somebody_listens_at_is_refused_and_he_does_not_notice() {
        let room = Room::new("live");
        let name = room.name("socket");
        let other = Other::bind(path(&name)).unwrap();
        other.set_nonblocking(true).unwrap();
        let err = name.listen().unwrap_err();
        assert_eq!(err.exit_status(), 1);
        assert!(err.to_string().starts_with(&format!("{name}: address in use: ")), "{err}");
        assert_eq!(other.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(other);
        let datagrams = room.name("datagrams");
        let _other = UnixDatagram::bind(path(&datagrams)).unwrap();
        assert!(datagrams.listen().unwrap_err().to_string().contains("address in use"));
        let none = Name::Abstract(format!("weir-live-{}", std::process::id()).into_bytes());
        let _first = none.listen().unwrap();
        assert!(none.listen().unwrap_err().to_string().contains("address in use"));
    }

    #[test]
    fn what_is_no_socket_is_never_touched() {
        let room = Room::new("no-socket");
        fs::write(room.0.join("file"), "precious").unwrap();
        fs::create_dir(room.0.join("dir")).unwrap();
        std::os::unix::fs::symlink("nowhere", room.0.join("link")).unwrap();
        for file in ["file", "dir", "link"] {
            let err = room.name(file).listen().unwrap_err();
            assert!(err.to_string().contains("no socket, which is left alone"), "{err}");
            assert_eq!(err.exit_status(), 1);
        }
        assert_eq!(fs::read_to_string(room.0.join("file")).unwrap(), "precious");
        assert!(room.0.join("dir").is_dir() && room.0.join("link").is_symlink());
        let err = room.name("none/a").listen().unwrap_err().to_string();
        assert!(err.ends_with("none/a: no such file or directory"), "{err}");
    }

    #[test]
    fn the_file_goes_with_the_socket_unless_it_is_another_by_now() {
        let room = Room::new("kept");
        let name = room.name("socket");
        let listener = name.listen().unwrap();
        let kept = Kept::of(&name).unwrap();
        assert!(kept.is_there());
        drop((listener, kept));
        assert!(room.files().is_empty());
        let listener = name.listen().unwrap();
        let kept = Kept::of(&name).unwrap();
        fs::rename(path(&name), room.0.join("moved")).unwrap();
        let _other = Other::bind(path(&name)).unwrap();
        assert!(!kept.is_there());
        drop((listener, kept));
        assert!(path(&name).exists(), "another's");
        assert!(Kept::of(&Name::Abstract(b"a".to_vec())).is_none());
    }
}
