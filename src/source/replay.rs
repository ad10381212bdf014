//! `replay SCRIPT`: a timed script, for tests; not shown in help.
//!
//! The script is JSON: `[[seconds, what], ...]` in order of time, seconds counted from the start.
//! `what` is text, `{"hex": "..."}` for bytes, or one word: `CLOSE` ends the connection (half a line
//! becomes a record), `CUT` ends the open batch; `ACCEPT`, `LISTENCLOSE` and `LISTENOPEN` are events
//! at the other side of a connection, and pass. Under the virtual clock an hour of it takes a moment.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use serde_json::Value;

use super::{Built, Read, Settings, Source, Spec};
use crate::chunk::Chunk;
use crate::clock::{Stamp, Wait, Woke};
use crate::error::{Context, Error};
use crate::origin::Origin;
use crate::wire::Framing;
use crate::wire::lines::Lines;

/// `weir replay`.
pub const SPEC: Spec = Spec {
    name: "replay",
    hidden: true,
    arguments: |command: Command| {
        let script = Arg::new("script").value_name("SCRIPT").required(true);
        let script = script.value_parser(clap::value_parser!(PathBuf));
        command.about("Play a timed script").arg(script.help("The script, a JSON file"))
    },
    build: |matches: &ArgMatches, settings: &Settings| {
        let script: &PathBuf = matches.get_one("script").expect("the argument is required");
        Ok(Built::of_records(Replay::load(script, settings)?))
    },
};

/// The last moment of a script, in seconds: some thirty years.
const LONGEST: f64 = 1e9;

enum Event {
    Bytes(Vec<u8>),
    Close,
    Cut,
    Pass,
}

struct Replay {
    events: std::vec::IntoIter<(Stamp, Event)>,
    next: Option<(Stamp, Event)>,
    lines: Lines,
}

impl Replay {
    fn load(path: &Path, settings: &Settings) -> Result<Replay, Error> {
        let text = std::fs::read_to_string(path).at(path)?;
        let wrong = |what: String| Error::usage(format!("{}: {what}", path.display()));
        let script: Vec<(f64, Value)> =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let event = |(seconds, what): (f64, Value)| {
            let seconds = (0.0..=LONGEST).contains(&seconds).then_some(seconds)?;
            let millis = (seconds * 1000.0).round() as i64;
            Some((Stamp(settings.start.0 + millis), event(what)?))
        };
        let events: Option<Vec<_>> = script.into_iter().map(event).collect();
        let mut events = events.ok_or_else(|| wrong("no such event".to_string()))?.into_iter();
        let lines = Lines::new(settings.delimiter, settings.max_record, Origin::new("replay"));
        Ok(Replay { next: events.next(), events, lines })
    }
}

impl Replay {
    fn play(&mut self, event: Event, chunk: &mut Chunk, limit: &mut usize) {
        match event {
            Event::Bytes(bytes) => {
                let start = self.lines.begin(chunk);
                chunk.append(&bytes);
                self.lines.end(chunk, start, limit);
            }
            Event::Close => self.lines.finish(chunk),
            Event::Cut | Event::Pass => {}
        }
    }
}

fn event(what: Value) -> Option<Event> {
    match what {
        Value::String(text) => Some(match text.as_str() {
            "CLOSE" => Event::Close,
            "CUT" => Event::Cut,
            "ACCEPT" | "LISTENCLOSE" | "LISTENOPEN" => Event::Pass,
            _ => Event::Bytes(text.into_bytes()),
        }),
        Value::Object(object) => {
            let hex = object.get("hex")?.as_str()?;
            let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
            (0..hex.len()).step_by(2).map(byte).collect::<Option<_>>().map(Event::Bytes)
        }
        _ => None,
    }
}

impl Source for Replay {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        loop {
            if self.lines.has_whole() {
                self.lines.release(chunk, &mut limit);
            } else if let Some((time, event)) = self.next.take() {
                let called = wait.now() < time
                    && wait.until(time.min(until)).place("replay")? == Woke::Called;
                if called || wait.now() < time || wait.now() >= until {
                    self.next = Some((time, event));
                    return Ok(Read::Idle);
                }
                self.next = self.events.next();
                if let Event::Cut = event {
                    return Ok(Read::Cut);
                }
                self.play(event, chunk, &mut limit);
            } else if self.lines.held() > 0 {
                self.lines.finish(chunk);
            } else {
                return Ok(Read::End);
            }
            if chunk.has_come() {
                return Ok(Read::Rows);
            }
        }
    }

    fn waiting(&self) -> String {
        "the script to go on".to_string()
    }
}
