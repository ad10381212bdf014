//! `weir checkpoint show --state`: what is kept, key by key, as a report would show it.
//!
//! ```text
//! running state   every key, as of the last commit
//! window          the one that is due next, with what its batches have come to so far
//! ```
//!
//! The pipeline that the checkpoint names says which cells these are.

use std::sync::Arc;
use std::time::Duration;

use super::delivery::{nonsense, resume};
use crate::agg::{AGGS, Built, StateStore};
use crate::checkpoint::Look;
use crate::checkpoint::meta::Pipeline;
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::error::Error;
use crate::format::{FORMATS, Rows, Settings};
use crate::part::Words;
use crate::report::{Report, Selection, Sort};
use crate::state::Retention;
use crate::units;
use crate::window::Window;

/// All rows of what a checkpoint keeps, as `tsv` without a Time.
pub fn contents(look: &Look) -> Result<Vec<u8>, Error> {
    let (Some(pipeline), Some(last)) = (look.pipeline(), look.last()) else {
        // Nothing has been recorded, or all was forgotten.
        return Ok(Vec::new());
    };
    let dir = look.dir().display();
    let alone = || Error::Refused(format!("{dir}: its pipeline keeps nothing from batch to batch"));
    let is_placed = pipeline.value("--sort").is_some();
    let built = AGGS.iter().find_map(|spec| {
        let words = Words::of_identity(&spec.flag, spec.own, |flag| pipeline.value(flag))?;
        (spec.build)(&words, is_placed).ok()
    });
    let (built, retention) = built.zip(kept(pipeline)).ok_or_else(alone)?;
    let aggregate = Arc::clone(&built.aggregate);
    let mut kept = aggregate.store(&retention, false, false);
    look.state(|noted| kept.put(&[noted], false).ok_or_else(nonsense))?;
    if let Retention::Window { window, .. } = retention {
        let due = window.due(last.time);
        look.panes(window.start(due), |time, bytes| match resume::is_open(bytes) {
            true => Ok(()),
            false => kept.absorb(time, Some(resume::pane(&aggregate, bytes)?), None),
        })?;
        kept.absorb(due, None, None)?;
    }
    let sort = if is_placed { Sort::First } else { Sort::Value };
    Ok(rows(&built, &report(&mut *kept, &built, sort)?))
}

/// What a pipeline keeps from batch to batch; none if each stands alone.
fn kept(pipeline: &Pipeline) -> Option<Retention> {
    if pipeline.value("--update-state").is_some() {
        return Some(Retention::Running { ttl: None, limit: None });
    }
    let span = |flag| units::duration(pipeline.value(flag)?).ok();
    // Any interval will do of which both are multiples.
    let window = Window::new(span("--window")?, span("--slide"), Duration::from_millis(1)).ok()?;
    Some(Retention::Window { window, keep_zeros: pipeline.value("--keep-zeros").is_some() })
}

fn report(kept: &mut dyn StateStore, built: &Built, sort: Sort) -> Result<Report, Error> {
    // Whether they can be missing is not known here; keys that are not, show as they are.
    let selection = Selection { may_lack_keys: true, ..Selection::all(sort) };
    let mut collector = selection.collector(built.columns.len());
    kept.report(&mut collector)?;
    collector.finish()
}

fn rows(built: &Built, report: &Report) -> Vec<u8> {
    let settings = Settings {
        shape: built.leaves,
        columns: built.columns.iter().map(|column| column.name.clone()).collect(),
        clockface: Clockface::new(true, Style::Absent),
        num: usize::MAX,
        window: None,
        header: false,
        delimiter: b'\n',
        bare: false,
    };
    let tsv = FORMATS.iter().find(|format| format.name == "tsv").expect("it is in the table");
    let (mut format, mut text) = ((tsv.build)(&settings), Vec::new());
    format.begin(&mut text, Stamp(0));
    report.pieces().for_each(|piece| format.rows(&mut text, Rows::Report(piece)));
    format.end(&mut text);
    text
}
