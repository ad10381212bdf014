//! Delivery with a checkpoint: each batch is a commit in it before any output sees it.
//!
//! ```text
//! note, pane             what has changed is gathered      begin, write, end    and so is the text
//! commit    stage > log of the input synced > append n > sync > publish > done n > tidy up
//!                                                        '-- from here on n is decided
//! redeem    (at a start, if done n is missing: the text is there again) publish > done n
//! ```
//!
//! A commit holds all that its text is made of again: changed cells of running state, the pane of a
//! window or of a batch that stands alone; or, where nothing is aggregated, the text itself. So no
//! input is read a second time for the sake of output, and what a step would make of it today does
//! not matter. A commit without input and text is not synced: the next one is.

use std::sync::Arc;
use std::time::Duration;

use super::{Delivery, nonsense};
use crate::agg::Pane;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::{Changes, Commit, put_entry};
use crate::checkpoint::{Checkpoint, Syncer};
use crate::clock::{Stamp, Stopwatch};
use crate::engine::input::cursor::Reached;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::sink::batch::{Batch, Promise};
use crate::sink::output::Output as _;
use crate::sink::outputs::Outputs;
use crate::sink::spool::Spool;
use crate::window::Window;

/// What a recorded pane begins with: it holds entries, key and cell.
pub const ENTRIES: u8 = b'e';
/// It holds text, and before it the number of its rows, 8 bytes, little endian.
pub const TEXT: u8 = b't';
/// It holds the number of its rows, the length of their text, both as above, the text and then messages.
pub const MESSAGES: u8 = b'm';
/// What a pane begins with that is of a batch which was not over; one of the other two follows.
pub const OPEN: u8 = b'o';

/// The checkpoint, and the batch that is being made.
pub struct Recorded {
    checkpoint: Checkpoint,
    outputs: Outputs,
    /// Syncs the log of the input.
    syncer: Syncer,
    /// When the stream began.
    began: Stamp,
    /// The window, whose panes are needed for as long as it reaches back.
    window: Option<Window>,
    /// True if the text itself is recorded.
    records_text: bool,
    begun: bool,
    header: Vec<u8>,
    text: Spool,
    /// The same rows as messages, if an output takes them so.
    messages: Spool,
    rows: u64,
    changes: Changes,
    has_changes: bool,
    /// What comes after the last commit needs panes from here on.
    needed: Stamp,
    /// Where the input of the last commit ends.
    last: Reached,
    /// The Time of the last batch that is over.
    over: Option<Stamp>,
    metrics: Arc<Metrics>,
}

impl Recorded {
    /// Begins, or goes on where the checkpoint's last commit ended.
    pub fn new(
        checkpoint: Checkpoint,
        outputs: Outputs,
        syncer: Syncer,
        began: Stamp,
        window: Option<Window>,
        records_text: bool,
        metrics: &Arc<Metrics>,
    ) -> Recorded {
        let last = checkpoint.last().map(Reached::of).unwrap_or_default();
        let over = checkpoint.last().and_then(Commit::last_over);
        let needed = over.map_or(Stamp(i64::MIN), |over| needed(window.as_ref(), over));
        let (part, changes) = (checkpoint.part(), checkpoint.changes());
        Recorded {
            checkpoint,
            outputs,
            syncer,
            began,
            window,
            records_text,
            begun: false,
            header: Vec::new(),
            text: Spool::in_pieces(part),
            messages: Spool::in_pieces(part),
            rows: 0,
            changes,
            has_changes: false,
            needed,
            last,
            over,
            metrics: Arc::clone(metrics),
        }
    }

    /// The checkpoint, to be read at a start.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Takes down the entries of a pane behind what it begins with.
    fn entries(
        &mut self,
        lead: &[u8],
        time: Stamp,
        pane: &dyn Pane,
        even_nothing: bool,
    ) -> Result<(), Error> {
        let (mut part, mut is_first, mut result) = (lead.to_vec(), true, Ok(()));
        let checkpoint = &mut self.checkpoint;
        pane.save(&mut |key, cell| {
            put_entry(&mut part, key, Some(cell));
            if part.len() >= checkpoint.part() && result.is_ok() {
                if is_first || !planted(Bug::LosePart) {
                    result = checkpoint.pane_part(time, &part);
                }
                part.clear();
                is_first = false;
            }
        });
        result?;
        if is_first && part == lead && !even_nothing {
            return Ok(());
        }
        self.has_changes = true;
        match part.is_empty() || !is_first && planted(Bug::LosePart) {
            true => Ok(()),
            false => self.checkpoint.pane_part(time, &part),
        }
    }

    /// Puts right at a start what runs that ended too soon have left, unless `gives_up` says enough.
    pub fn relieve(&mut self, gives_up: impl FnMut() -> bool) -> Result<(), Error> {
        self.checkpoint.relieve(gives_up)
    }

    /// Gathers the text of the last commit again if it is recorded; else gives the entries of its pane.
    pub fn gather(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Recorded { checkpoint, text, messages, rows, .. } = self;
        // How much of the text is to come, if there is text.
        let (mut entries, mut left, mut is_first) = (Vec::new(), None, true);
        checkpoint.last_pane(|part| {
            let part = unopened(part, &mut is_first);
            match (&mut left, part.split_first()) {
                (Some(left), _) => {
                    let (front, behind) = part.split_at(part.len().min(*left));
                    *left -= front.len();
                    return text.write(front).and_then(|()| messages.write(behind));
                }
                (None, Some((&kind @ (TEXT | MESSAGES), lead))) if entries.is_empty() => {
                    (*rows, left) = lead_of(kind, lead).map(|(rows, len)| (rows, Some(len)))?;
                }
                _ => entries.extend_from_slice(part),
            }
            Ok(())
        })?;
        if entries.is_empty() {
            // Of nothing no pane may have been taken down.
            entries.push(ENTRIES);
        }
        Ok(left.is_none().then_some(entries))
    }

    /// Goes on in the batch of which text was gathered; returns how many rows that has.
    pub fn go_on(&mut self, header: &[u8]) -> u64 {
        header.clone_into(&mut self.header);
        let (outputs, batch) = self.split(0, Stamp(0));
        outputs.say_lacking(&batch);
        let rows = std::mem::take(&mut self.rows);
        self.begun = rows > 0;
        rows
    }

    /// Hands out a batch that is recorded and not done, and whose text has been gathered again.
    pub fn redeem(&mut self, record: &Commit) -> Result<(), Error> {
        if planted(Bug::NoHeader) {
            self.header.clear();
        }
        self.rows += u64::from(planted(Bug::WrongRows));
        // Flags of the output may be others now, and leave nothing to be handed out.
        if self.begun {
            let (outputs, batch) = self.split(record.n, record.time);
            outputs.redeem(&batch, &record.outputs)?;
        }
        self.clear();
        self.checkpoint.done(record.n)
    }

    fn stage(&mut self, number: u64, time: Stamp) -> Result<Vec<Promise>, Error> {
        if !self.begun {
            return Ok(Vec::new());
        }
        if self.records_text {
            self.put_text(&[], time, self.rows)?;
        }
        let (outputs, batch) = self.split(number, time);
        outputs.stage(&batch)
    }

    /// The outputs, and the batch that has been made.
    fn split(&mut self, number: u64, time: Stamp) -> (&mut Outputs, Batch<'_>) {
        let Recorded { outputs, text, messages, header, rows, .. } = self;
        let (rows, messages) = (*rows, Some(&*messages));
        (outputs, Batch { number, time, rows, header, text, messages })
    }

    /// Takes down the text, and the messages if there are some, behind what they begin with.
    fn put_text(&mut self, lead: &[u8], time: Stamp, rows: u64) -> Result<(), Error> {
        let Recorded { checkpoint, text, messages, .. } = self;
        let mut first = lead.to_vec();
        first.push(if messages.is_empty() { TEXT } else { MESSAGES });
        first.extend_from_slice(&rows.to_le_bytes());
        if !messages.is_empty() {
            first.extend_from_slice(&text.len().to_le_bytes());
        }
        checkpoint.pane_part(time, &first)?;
        let mut is_first = true;
        let mut put = |piece: &[u8]| match std::mem::take(&mut is_first) && planted(Bug::LosePiece)
        {
            true => Ok(()),
            false => checkpoint.pane_part(time, piece),
        };
        text.each(&mut put)?;
        messages.each(put)
    }

    fn publish(&mut self, number: u64, time: Stamp) -> Result<(), Error> {
        if !self.begun {
            return Ok(());
        }
        let (outputs, batch) = self.split(number, time);
        outputs.publish(&batch)?;
        self.clear();
        self.checkpoint.done(number)
    }

    fn clear(&mut self) {
        (self.begun, self.rows) = (false, 0);
        self.text.clear();
        self.messages.clear();
    }

    /// Takes down which parts of the input have moved, once for all ticks of a batch's end.
    fn put_moves(&mut self, reached: &Reached) {
        if reached.moved == self.last.moved || planted(Bug::LoseMoves) && !self.begun {
            return;
        }
        for (part, position) in &reached.moves {
            // What has no position is followed no longer.
            self.changes.moved(part, Some(&position[..]).filter(|position| !position.is_empty()));
        }
    }

    fn record(&self, n: u64, time: Stamp, reached: &Reached, promises: &[Promise]) -> Commit {
        Commit {
            n,
            time,
            from: Vec::new(),
            to: Vec::new(),
            outputs: promises.to_vec(),
            wal: reached.wal,
            began: self.began,
            chunks: reached.chunks,
            clock: Some(reached.clock),
            open: false,
            before: self.over,
        }
    }
}

impl Delivery for Recorded {
    fn begin(&mut self, _: Stamp, header: &[u8]) -> Result<(), Error> {
        self.begun = true;
        header.clone_into(&mut self.header);
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.text.write(text)
    }

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        self.messages.write(messages)
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.rows += rows;
        Ok(())
    }

    fn start(&mut self, reached: &Reached) -> Result<(), Error> {
        if reached.moves.is_empty() {
            return Ok(());
        }
        // No batch has this Time, so that the first one may end at once.
        let record = self.record(0, Stamp(self.began.0 - 1), reached, &[]);
        self.put_moves(reached);
        self.checkpoint.append(record, &self.changes.take())?;
        self.last = reached.without_moves();
        self.checkpoint.sync()
    }

    fn takes_notes(&self) -> bool {
        true
    }

    fn note(&mut self, key: &[u8], held: Option<&[u8]>) {
        if held.is_none() && planted(Bug::NoTombstones) {
            return;
        }
        self.changes.set(key, held);
        self.has_changes = true;
    }

    fn pane(&mut self, time: Stamp, pane: &dyn Pane, even_nothing: bool) -> Result<(), Error> {
        self.entries(&[ENTRIES], time, pane, even_nothing)
    }

    fn commit(&mut self, time: Stamp, reached: &Reached) -> Result<(), Error> {
        let has_input = !reached.is_same(&self.last);
        if !self.begun && !has_input && !self.has_changes {
            return Ok(());
        }
        // When the log of the input has failed, nothing more is decided, whatever it is made of.
        self.syncer.check()?;
        let watch = Stopwatch::start();
        let n = self.checkpoint.next();
        let promises = self.stage(n, time)?;
        if has_input {
            self.syncer.sync()?;
        }
        let record = self.record(n, time, reached, &promises);
        self.put_moves(reached);
        self.checkpoint.append(record, &self.changes.take())?;
        if planted(Bug::PublishBeforeSync) {
            self.publish(n, time)?;
        }
        if self.begun || has_input {
            self.checkpoint.sync()?;
            // That this record is done may be lost again: then it is made of what the last one needed.
            self.checkpoint.keep_panes_from(self.needed);
        }
        self.metrics.committed(self.checkpoint.bytes(), watch.elapsed().as_micros() as u64);
        self.publish(n, time)?;
        self.has_changes = false;
        self.last = reached.without_moves();
        self.over = Some(time);
        self.needed = needed(self.window.as_ref(), time);
        self.checkpoint.tidy()
    }

    fn leave(
        &mut self,
        time: Stamp,
        pane: Option<&dyn Pane>,
        rows: u64,
        reached: &Reached,
    ) -> Result<(), Error> {
        match pane {
            Some(pane) => self.entries(&[OPEN, ENTRIES], time, pane, true)?,
            None => self.put_text(&[OPEN], time, rows)?,
        }
        self.syncer.check()?;
        let record = self.record(self.checkpoint.next(), time, reached, &[]);
        let record = Commit { open: true, ..record };
        self.checkpoint.append(record, &self.checkpoint.changes())?;
        self.checkpoint.sync()?;
        self.checkpoint.keep_panes_from(self.needed);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.outputs.reopen()
    }

    fn tidy_all(&mut self) -> Result<(), Error> {
        self.checkpoint.tidy_all()
    }

    fn tidy_rest(&mut self) -> Result<(), Error> {
        self.checkpoint.tidy_rest()
    }

    fn slowest(&mut self) -> Option<(&str, Duration)> {
        self.outputs.slowest()
    }
}

/// From where on panes are needed when the batch of `time` is out.
fn needed(window: Option<&Window>, time: Stamp) -> Stamp {
    window.map_or(time, |window| window.start(window.last_due(time)))
}

/// How many rows there are, and how long their text is, which is all there is unless there are messages.
fn lead_of(kind: u8, lead: &[u8]) -> Result<(u64, usize), Error> {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes);
    let (rows, len) = lead.split_at(lead.len().min(8));
    let len = if kind == TEXT && len.is_empty() { Ok(u64::MAX) } else { number(len) };
    let (rows, len) = number(rows).and_then(|rows| Ok((rows, len?))).map_err(|_| nonsense())?;
    Ok((rows, usize::try_from(len).unwrap_or(usize::MAX)))
}

/// A part of a pane without the byte by which the first one says that it is of an open batch.
fn unopened<'a>(part: &'a [u8], is_first: &mut bool) -> &'a [u8] {
    let can_be = std::mem::take(is_first);
    part.strip_prefix(&[OPEN]).filter(|_| can_be).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::meta::Pipeline;
    use crate::checkpoint::tests::tiny;
    use crate::disk::sim::SimDisk;

    /// What is gathered of a commit whose pane has these parts: its rows, or what is wrong.
    fn gathered(parts: &[&[u8]]) -> Result<u64, String> {
        let (disk, pipeline) = (Arc::new(SimDisk::new(1)), Pipeline::default());
        let mut checkpoint = Checkpoint::open(disk, "ck".as_ref(), &pipeline, tiny()).unwrap();
        let (wal, _) = checkpoint.wal().unwrap();
        let outputs = Outputs::of(Vec::new());
        let mut recorded =
            Recorded::new(checkpoint, outputs, wal.syncer(), Stamp(1), None, true, &Arc::default());
        parts.iter().for_each(|part| recorded.checkpoint.pane_part(Stamp(2), part).unwrap());
        recorded.has_changes = true;
        recorded.commit(Stamp(2), &Reached::default()).unwrap();
        recorded.gather().map_err(|error| error.to_string())?;
        Ok(recorded.rows)
    }

    #[test]
    fn a_text_whose_rows_are_not_told_is_no_text_of_ours() {
        let rows = 3u64.to_le_bytes();
        assert_eq!(gathered(&[&[&[TEXT], &rows[..]].concat(), b"a\nb\nc\n"]), Ok(3));
        assert_eq!(gathered(&[&[&[OPEN, TEXT], &rows[..]].concat()]), Ok(3));
        for cut in
            [&[TEXT][..], &[TEXT, 1], &[TEXT, 1, 2, 3, 4, 5, 6, 7], &[OPEN, TEXT, 1], &[TEXT; 10]]
        {
            assert_eq!(gathered(&[cut]), Err(nonsense().to_string()), "{cut:?}");
        }
    }
}
