//! `files`: plain files, files that grow, and those that appear in directories.
//!
//! ```text
//! sought (what was typed) ──scan, watch──> shelf (files that are known) ──queue──> turn ──> chunk
//!                                            ^       |
//!                                 resume ────┘       └──> positions, and --done when they are out
//! ```
//!
//! Whoever is first in the queue is read, until the chunk is full or nothing more is at hand. Nothing is decided
//! by a name or by times of modification alone: see `shelf` and `place`.

mod done;
mod flags;
pub(super) mod known;
pub(super) mod place;
pub(super) mod reading;
mod scan;
mod shelf;
pub mod sought;
mod start;
mod turn;
pub mod unpack;
mod watch;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use mio::Token;

use self::done::Done;
use self::flags::{Flags, From};
use self::known::Records;
use self::place::position::{End, Number, Part};
pub use self::place::shown;
use self::scan::Scan;
use self::shelf::{Rules, SLICE, Shelf, Turn, Why};
pub use self::sought::is_there;
use self::sought::walk::Walk;
use self::sought::{Entry, Manner, Sought};
use self::turn::Taken;
use self::watch::{News, Renames, Watch};
use super::stdin::Stream;
use super::{Built, Changed, Form, Read, Settings, Source, Spec, Stage};
use crate::chunk::{CHUNK, Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait, Woke};
use crate::disk::tree::{Kind, RealTree, Tree};
use crate::error::{Context, Error};
use crate::metrics::Extent;
use crate::process::descriptor::Identity;
use crate::process::ulimit;
use crate::say::{note, say};

/// `weir files`.
pub const SPEC: Spec = Spec { name: "files", hidden: false, arguments: flags::arguments, build };

/// How many files are open at the same time.
const MOST_OPEN: usize = 4096;
/// How long a file that grows is left alone after it was read, so that many small writes are one read.
const LULL: Duration = Duration::from_millis(10);

/// Reads files.
pub(crate) struct Files {
    sought: Vec<Sought>,
    shelf: Shelf,
    scan: Scan,
    /// Why what a scan finds is looked at: at the start another reason than later.
    begins: Option<From>,
    watch: Option<Watch>,
    /// What was told and is not looked at yet.
    news: VecDeque<(PathBuf, News)>,
    streams: Vec<(usize, Stream)>,
    with_path: bool,
    all_names: bool,
    follows: bool,
    finite: bool,
    once: bool,
    done: Done,
    /// Files that were read to their ends, and the mark of the last chunk they may have records in.
    finished: VecDeque<(Mark, Number)>,
    /// Directories that are to be synced because of them.
    unsynced: BTreeSet<PathBuf>,
    committed: Mark,
    mark: Mark,
    /// When nothing was at hand last.
    idle: Option<Stamp>,
    /// The paths that a checkpoint knows; none without one.
    paths: Option<BTreeSet<PathBuf>>,
    /// Typed paths to be noted, and whether they are typed still.
    typed: Vec<(PathBuf, bool)>,
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let (flags, done) = Flags::parse(matches)?;
    done.check(&RealTree)?;
    let with_path = flags.with_path;
    let files = Files::new(Box::new(RealTree), &flags, done, settings)?;
    let identity = with_path.then(|| ("--with-path".to_string(), String::new()));
    Ok(Built::new(files, identity.into_iter().collect()))
}

/// What is read as a stream, and the number of its path; a checkpoint has no use for such.
fn streams(sought: &[Sought], settings: &Settings) -> Result<Vec<(usize, Stream)>, Error> {
    let mut streams = Vec::new();
    for (of, path) in sought.iter().enumerate() {
        let stream = match path {
            Sought::Stdin => Stream::stdin(settings)?,
            Sought::Stream(path) => Stream::open(path, settings)?,
            _ => continue,
        };
        streams.push((of, stream));
    }
    let is_once = |(_, stream): &&(usize, Stream)| settings.lasts && !stream.is_replayable();
    if let Some((of, _)) = streams.iter().find(is_once) {
        let path = sought[*of].typed().display();
        return Err(Error::usage(format!(
            "{path}: cannot be read again, as --checkpoint needs it; `weir stdin --checkpoint DIR` keeps \
             its lines in a log"
        )));
    }
    Ok(streams)
}

impl Files {
    fn new(
        tree: Box<dyn Tree>,
        flags: &Flags,
        done: Done,
        settings: &Settings,
    ) -> Result<Files, Error> {
        let sought = flags.paths.iter().map(|path| Sought::new(path, &*tree));
        let sought = sought.collect::<Result<Vec<_>, _>>()?;
        done.leads_away(&sought, &*tree, flags.all_names)?;
        done.stays_on_disk(&sought, &*tree)?;
        let streams = streams(&sought, settings)?;
        let has_dirs = sought.iter().any(|path| match path {
            Sought::At(path) => tree
                .look(path)
                .is_ok_and(|seen| seen.is_some_and(|seen| seen.kind == Kind::Directory)),
            _ => false,
        });
        let finite = !flags.follow && !has_dirs;
        let once = settings.once || finite;
        let begins = flags.from.unwrap_or(if once { From::Earliest } else { From::Latest });
        let rules = Rules {
            follows: flags.follow,
            once,
            lasts: settings.lasts,
            quiet_after: flags.quiet_after,
            records: Records { delimiter: settings.delimiter, max: settings.max_record },
        };
        let typed = if settings.lasts {
            flags.paths.iter().map(|path| (path.clone(), true)).collect()
        } else {
            Vec::new()
        };
        let mut shelf = Shelf::new(tree, rules);
        // Half of all that may be open, which leaves enough for what else there is.
        shelf.most_open = usize::try_from(ulimit::limit() / 2).unwrap_or(MOST_OPEN).min(MOST_OPEN);
        Ok(Files {
            sought,
            shelf,
            scan: Scan::new(flags.all_names),
            begins: Some(begins),
            watch: None,
            news: VecDeque::new(),
            streams,
            with_path: flags.with_path,
            all_names: flags.all_names,
            follows: flags.follow,
            finite,
            once,
            done,
            finished: VecDeque::new(),
            unsynced: BTreeSet::new(),
            committed: Mark::default(),
            mark: Mark::default(),
            idle: None,
            paths: None,
            typed,
        })
    }

    /// Does some of what is due, and looks at some of what has happened.
    fn attend(&mut self, now: Stamp) -> Result<(), Error> {
        self.put_away(SLICE)?;
        self.shelf.look_again(now);
        for _ in 0..SLICE {
            let Some((path, what)) = self.news.pop_front() else { break };
            self.look(&path, what, now);
        }
        if self.finite || self.once {
            return Ok(());
        }
        if !self.scan.is_under_way() && self.scan.next() <= now {
            // What was renamed before comes before what is found at its name now.
            self.hear(now)?;
            self.scan.begin(&self.sought, &mut self.shelf);
        }
        if self.scan.is_under_way() {
            let gone_on = self.scan.go_on(&self.sought, &mut self.shelf, |_| Why::Found, now);
            if let Err(error) = gone_on {
                self.scan.tell(&error);
            }
            self.watch_dirs();
        }
        Ok(())
    }

    fn watch_dirs(&mut self) {
        let dirs = std::mem::take(&mut self.scan.dirs);
        let Some(watch) = &mut self.watch else { return };
        if let Err(error) = dirs.iter().try_for_each(|dir| watch.add(dir)) {
            let what = crate::error::said(&error);
            note(&format!("inotify: {what}; directories are looked at each second instead"));
            self.watch = None;
        }
    }

    /// Takes what is told to have changed, to be looked at.
    fn hear(&mut self, now: Stamp) -> Result<(), Error> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let (news, mut renames) = (&mut self.news, Renames::default());
        let is_missed = watch.tell(&mut renames, |path, what| match news.back_mut() {
            Some((last, before)) if *last == path => {
                *before = if what == News::Complete { what } else { *before };
            }
            _ => news.push_back((path, what)),
        });
        if is_missed.place("inotify")? {
            self.scan.hurry();
        }
        for (first, last) in renames.into_all() {
            self.renamed(&first, &last, now);
        }
        Ok(())
    }

    fn look(&mut self, path: &Path, news: News, now: Stamp) {
        let Ok(seen) = self.shelf.tree.look(path) else { return };
        let seen = seen.filter(|seen| seen.kind == Kind::File);
        let why = if news == News::Complete { Why::Complete } else { Why::Found };
        let taken = shelf::takes(&self.sought, path, &*self.shelf.tree, self.all_names);
        match (taken, seen) {
            (Some((of, manner)), seen)
                if matches!(self.sought[of], Sought::At(_)) && manner == Manner::Named =>
            {
                self.shelf.sight_at(of, path, seen, why, now);
            }
            (Some((of, manner)), Some(seen)) => self.shelf.sight(of, manner, path, seen, why, now),
            (None, Some(seen)) => {
                // Whoever is known may have been given a name that nobody has asked for.
                if let Some(number) = self.shelf.number(seen.identity) {
                    self.shelf.sight_known(number, path, seen, why, now);
                }
            }
            (_, None) => {}
        }
    }

    /// Reads what is at hand until the chunk is full; false if nothing is.
    fn read_on(&mut self, chunk: &mut Chunk, limit: &mut usize, now: Stamp) -> Result<bool, Error> {
        let mut looked = 0;
        for _ in 0..SLICE {
            if chunk.len() >= CHUNK / 2 || chunk.bad.len() >= 1000 || *limit == 0 {
                break;
            }
            let Some(&turn) = self.shelf.queue.front() else { break };
            match turn {
                Turn::Stream(index) => {
                    let (_, stream) = &mut self.streams[index];
                    if stream.has_ended() {
                        self.shelf.queue.pop_front();
                    } else if stream.is_ready()? {
                        stream.read_once(chunk, limit, now)?;
                        // One that has ended wakes nobody again.
                        if !stream.has_ended() {
                            break;
                        }
                    } else if self.finite || looked == self.shelf.queue.len() {
                        break;
                    } else {
                        // It must not keep others waiting.
                        looked += 1;
                        self.shelf.queue.rotate_left(1);
                    }
                }
                Turn::File(number) => {
                    if let Taken::Finished(number) = self.shelf.read(number, chunk, limit, now)? {
                        let mark = if chunk.has_come() { chunk.mark } else { self.mark };
                        self.finished.push_back((mark, number));
                    }
                    if self.follows && self.shelf.queue.front() == Some(&turn) && chunk.has_come() {
                        // A file that grows without an end must not keep others waiting.
                        self.shelf.queue.rotate_left(1);
                    }
                }
            }
        }
        Ok(chunk.has_come())
    }

    /// True if a file waits for its turn.
    fn has_files(&self) -> bool {
        self.shelf.queue.iter().any(|turn| matches!(turn, Turn::File(_)))
    }

    fn is_over(&self) -> bool {
        self.once && self.shelf.queue.is_empty() && !self.scan.is_under_way()
    }

    /// Does what is to be done with files of which all is out, with so many of them at most.
    fn put_away(&mut self, most: usize) -> Result<(), Error> {
        for _ in 0..most {
            let next = self.finished.front().filter(|(mark, _)| *mark <= self.committed);
            let Some(&(_, number)) = next else {
                return done::sync(&std::mem::take(&mut self.unsynced), &*self.shelf.tree);
            };
            self.finished.pop_front();
            let Some(known) = self.shelf.files.get(&number) else { continue };
            // One that has grown comes again.
            if self.done == Done::Keep || known.end != End::Read {
                continue;
            }
            let (path, seen) = (known.path.clone(), known.seen);
            let is_same = shelf::look(&*self.shelf.tree, &path)?
                .is_some_and(|now| (now.identity, now.len) == (seen.identity, seen.len));
            if is_same {
                self.done.act(&path, &*self.shelf.tree, &mut self.unsynced)?;
                self.shelf.forget(number);
            }
        }
        Ok(())
    }
}

impl Source for Files {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let now = wait.now();
        let begins = self.begins.unwrap_or(From::Earliest);
        if !self.finite && !self.once {
            let token = Token(FIRST_TOKEN + self.streams.len());
            match Watch::new(wait.registry(), token, self.follows) {
                Ok(watch) => self.watch = Some(watch),
                Err(error) => {
                    let what = crate::error::said(&error);
                    note(&format!(
                        "inotify: {what}; directories are looked at each second instead"
                    ));
                }
            }
        }
        for (index, (_, stream)) in self.streams.iter_mut().enumerate() {
            stream.register(wait, Token(FIRST_TOKEN + index))?;
        }
        self.look_at_first(now)?;
        self.watch_dirs();
        // What came before it was watched is found by another scan.
        self.scan.hurry();
        self.say_beginning(begins);
        Ok(())
    }

    fn is_finite(&self) -> bool {
        self.finite && self.streams.iter().all(|(_, stream)| stream.is_finite())
    }

    fn files(&self) -> Vec<Identity> {
        let mut files: Vec<Identity> =
            self.streams.iter().filter_map(|(_, stream)| stream.file()).collect();
        for (of, path) in self.sought.iter().enumerate() {
            let found = Walk::new(of, path, self.all_names).all(path, &*self.shelf.tree);
            let seen = |entry: Entry| {
                entry.seen.or_else(|| self.shelf.tree.look(&entry.path).ok().flatten())
            };
            files.extend(
                found.unwrap_or_default().into_iter().filter_map(seen).map(|seen| seen.identity),
            );
        }
        files
    }

    fn takes(&self, path: &Path) -> bool {
        shelf::takes(&self.sought, path, &*self.shelf.tree, self.all_names).is_some()
    }

    fn form(&self) -> Form {
        if self.with_path { Form::Pairs } else { Form::Uncut }
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        loop {
            let now = wait.now();
            self.attend(now)?;
            if self.read_on(chunk, &mut limit, now)? {
                if self.with_path {
                    chunk.key_by_origin();
                }
                if !chunk.is_empty() {
                    self.mark = chunk.mark;
                }
                return Ok(Read::Rows);
            }
            if self.is_over() {
                return Ok(Read::End);
            }
            if now >= until {
                return Ok(Read::Idle);
            }
            if self.scan.is_under_way() || !self.news.is_empty() || self.has_files() {
                continue;
            }
            if self.follows && self.idle.is_some_and(|last| now.since(last) < LULL) {
                wait.pause(until.min(now.after(LULL)));
            }
            self.idle = Some(wait.now());
            let due = self.shelf.due().min(if self.once { Stamp::NEVER } else { self.scan.next() });
            match wait.until(until.min(due)).place("files")? {
                Woke::Called => return Ok(Read::Idle),
                Woke::Ready => {
                    let now = wait.now();
                    self.hear(now)?;
                }
                Woke::Due => {}
            }
        }
    }

    fn waiting(&self) -> String {
        let paths: Vec<_> =
            self.sought.iter().map(|path| path.typed().display().to_string()).collect();
        let paths = match paths.as_slice() {
            [first, second, third, .., _] => format!("{first}, {second}, {third} and others"),
            few => few.join(", "),
        };
        if self.follows { format!("more in {paths}") } else { format!("files in {paths}") }
    }

    fn unfinished(&self) -> usize {
        self.streams.iter().map(|(_, stream)| stream.unfinished()).sum()
    }

    fn extent(&self) -> Option<Extent> {
        let streams = self
            .streams
            .iter()
            .map(|(_, stream)| stream.extent().map(|(done, total)| Extent::bytes(done, total)));
        let files = self.once.then_some(self.shelf.extent);
        streams.fold(files, |sum, stream| sum.and_then(|sum| sum.with(stream?)))
    }

    fn is_replayable(&self) -> bool {
        self.streams.iter().all(|(_, stream)| stream.is_replayable())
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        for (path, is_typed) in std::mem::take(&mut self.typed) {
            note(&Part::Typed(path).encode(), if is_typed { b"typed" } else { b"" });
        }
        self.streams.iter_mut().for_each(|(_, stream)| stream.note(note));
        self.shelf.note(note);
    }

    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        self.take_up(positions)
    }

    fn close(&mut self, _wait: &mut dyn Wait) {
        self.streams.iter().for_each(|(_, stream)| stream.leave());
        if let Err(error) = self.put_away(usize::MAX) {
            say(&error.to_string());
        }
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == Stage::Committed {
            self.committed = self.committed.max(mark);
            if self.once {
                // Nothing is late, and it may be the end.
                self.put_away(usize::MAX)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
