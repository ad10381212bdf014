//! The program: arguments, clock, signals and stdout in, exit status out.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;
use weir::checkpoint::{self, Checkpoint, Limits};
use weir::cli::outline::outline;
use weir::cli::plan::{Plan, Saving};
use weir::cli::{self, Asked, CheckpointCommand, Typed, View};
use weir::cli::{completions, explain, man, plan};
use weir::clock::clockface::{Clockface, Style};
use weir::clock::{RealTime, Stamp, VirtualTime, Wait};
use weir::disk::{Disk, RealDisk};
use weir::engine::{self, OnBad, Saved, Surroundings};
use weir::error::{Context, Error};
use weir::jq;
use weir::live::{self, About, Live};
use weir::page;
use weir::part::Shape;
use weir::process::signal::{self, Heard, Pauses, Stop};
use weir::process::supervisor::{Supervisor, Watched};
use weir::progress::Progress;
use weir::progress::flags::{Place, Prints};
use weir::progress::meter::Meter;
use weir::report::viewer::Viewers;
use weir::say::{Level, note, say, say_failed, say_rest, set_level};
use weir::sink::outputs::{OnFail, Outputs, Run, Target};
use weir::sink::stdout::Stdout;

/// Where the clock of a script starts that names no time of its own: 2018-12-11T00:31:20Z.
const SCRIPT_START: i64 = 1_544_488_280_000;

fn main() -> ExitCode {
    let status = match run() {
        Ok(()) | Err(Error::Closed) => 0,
        Err(error) => {
            say_failed(&error.to_string());
            error.exit_status()
        }
    };
    say_rest();
    ExitCode::from(status)
}

fn run() -> Result<(), Error> {
    signal::outlive_limits()?;
    let stdout = Stdout::new(std::io::stdout())?;
    match cli::parse(std::env::args_os())? {
        Asked::Run(typed) => stream(&typed, stdout).map_err(|error| typed.origins.placed(error)),
        Asked::Man => stdout.write(&man::page()),
        Asked::Completions(shell) => stdout.write(&completions::completions(shell)),
        Asked::CheckpointCommand(command) => run_checkpoint_command(command, &stdout),
        Asked::Text(text) => stdout.write(text.as_bytes()),
    }
}

/// `weir checkpoint`.
fn run_checkpoint_command(command: CheckpointCommand, stdout: &Stdout) -> Result<(), Error> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    match command {
        CheckpointCommand::Show { dir, view } => {
            let shown = checkpoint::look(&disk, &dir, |look| match view {
                View::Text => look.text().map(String::into_bytes),
                View::Json => look.json().map(String::into_bytes),
                View::State => engine::contents(look),
            });
            stdout.write(&shown?)
        }
        CheckpointCommand::Reset { dir, keep_offsets } => {
            let forgotten = checkpoint::forget(&disk, &dir, keep_offsets)?;
            stdout.write(format!("{}: {forgotten}\n", dir.display()).as_bytes())
        }
    }
}

fn stream(typed: &Typed, stdout: Stdout) -> Result<(), Error> {
    let is_script = typed.source.hidden;
    let start = typed.engine.virtual_clock.or(is_script.then_some(SCRIPT_START));
    set_level(typed.engine.level());
    jq::allow_for(typed.engine.max_record);
    typed.origins.strays.iter().for_each(|stray| note(stray));
    let supervisor = Arc::new(Supervisor::of_environment());
    let (mut wait, waker) = clock(start, &supervisor)?;
    let plan = plan::plan(typed, wait.now())?;
    if typed.engine.explain {
        return explain::explain(typed, plan, &mut *wait, &stdout);
    }
    let (metrics, mut viewers) = (Arc::default(), Viewers::default());
    if let Some(address) = typed.page.address()? {
        let run = shown(typed, &plan, wait.now());
        viewers.0.push(page::open(&address, run, &metrics)?);
    }
    let live = typed.sink.live.then(|| about(typed, &plan));
    let disk = RealDisk::default();
    // Before the outputs: one that is refused leaves nothing behind.
    let saved = plan.saving.map(|saving| opened(&saving, &disk, start.is_some())).transpose()?;
    // Before signals are heard: opening a FIFO waits for its reader, and a signal ends that.
    let (stop, mut wakers) = (Arc::new(Stop::default()), vec![Arc::clone(&waker)]);
    let retries = |target: &Target| matches!(target, Target::Exec { on_fail: OnFail::Retry, .. });
    let pauses = match plan.outputs.iter().any(retries) {
        true => {
            // The other clock belongs to whoever reads, while this one is waited for.
            let (wait, waker) = clock(start, &supervisor)?;
            wakers.push(waker);
            Some(Pauses::new(wait, &stop))
        }
        false => None,
    };
    let name = saved.as_ref().map(|saved| format!("weir-{}", saved.checkpoint.name()));
    let run = Run { pauses, stop: Arc::clone(&stop), supervisor: Arc::clone(&supervisor), name };
    let outputs = match &saved {
        Some(_) => Outputs::open_staged(&disk, &plan.outputs, &stdout, run)?,
        None => Outputs::open(&disk, &plan.outputs, &stdout, run)?,
    };
    let is_file = |target: &Target| matches!(target, Target::File(_));
    let keeps_bad = matches!(plan.settings.on_bad, OnBad::File(_));
    let mut meter = Meter::new(&metrics);
    signal::listen(Heard {
        stop: Arc::clone(&stop),
        wakers,
        supervisor: Arc::clone(&supervisor),
        // A manager that reloads us does not mean the end.
        has_files: plan.outputs.iter().any(is_file) || keeps_bad || supervisor.listens(),
        limit: typed.engine.limit(),
        tell: Box::new(move || say(&meter.line())),
    })?;
    let place = place(plan.prints, typed, start.is_some());
    let manner = typed.progress.progress.manner(place);
    let _progress = manner.map(|manner| Progress::start(manner, &metrics)).transpose()?;
    let (live, viewer) = live.map(|about| Live::begin(about, &metrics)).transpose()?.unzip();
    viewers.0.extend(viewer);
    let result = engine::run(
        plan.pipeline,
        &plan.settings,
        Surroundings { wait, waker, outputs, stop, saved, metrics, viewers, supervisor },
    );
    match live.map(Live::end) {
        Some(last) => result.and(stdout.write(last.as_bytes())),
        None => result,
    }
}

/// The checkpoint. Under a virtual clock nothing may depend on when a thread runs.
fn opened(saving: &Saving, disk: &RealDisk, is_virtual: bool) -> Result<Saved, Error> {
    let Saving { dir, pipeline, .. } = saving;
    let checkpoint = Checkpoint::open(Arc::new(disk.clone()), dir, pipeline, Limits::default())?;
    let logs_input = saving.logs(&checkpoint);
    checkpoint.beside().iter().for_each(|beside| note(beside));
    Ok(Saved { checkpoint, logs_input, syncs_at_once: is_virtual })
}

/// What --live shows of the whole run.
fn about(typed: &Typed, plan: &Plan) -> About {
    About {
        title: live::title(std::env::args_os()),
        shape: *plan.arrows.last().expect("the source has one"),
        passes: plan.pipeline.aggregate.is_none(),
        columns: plan.columns.clone(),
        by: plan.pipeline.layout.selection.measure.by,
        clockface: Clockface::new(typed.format.utc, Style::Rfc3339),
        // One batch takes as long as it takes.
        interval: if plan.settings.once { Duration::ZERO } else { plan.settings.interval },
        is_utf8: live::is_utf8(|name| std::env::var(name).ok()),
    }
}

/// Where progress would be shown.
fn place(prints: Prints, typed: &Typed, is_virtual: bool) -> Place {
    let terminal = std::env::var_os("TERM");
    let moves_cursor = terminal.is_some_and(|terminal| !terminal.is_empty() && terminal != "dumb");
    // --live has the whole of it.
    let is_screen = moves_cursor && !typed.sink.live && std::io::stderr().is_terminal();
    Place { is_screen, is_quiet: typed.engine.level() == Level::Losses, is_virtual, prints }
}

/// The run as the page tells of it.
fn shown(typed: &Typed, plan: &Plan, started: Stamp) -> page::Run {
    let settings = &plan.settings;
    page::Run {
        started,
        interval: settings.interval,
        once: settings.once,
        threads: settings.threads,
        outline: outline(typed, plan),
        columns: plan.columns.clone(),
        by: plan.pipeline.layout.selection.measure.by,
        is_keyed: plan.arrows.last() == Some(&Shape::Keyed),
        checkpoint: plan.saving.as_ref().map(|saving| saving.dir.clone()),
    }
}

/// A clock, which may be a virtual one, and the waker by which other threads end a wait.
fn clock(
    start: Option<i64>,
    supervisor: &Arc<Supervisor>,
) -> Result<(Box<dyn Wait>, Arc<Waker>), Error> {
    Ok(match start {
        Some(start) => {
            let (clock, waker) = VirtualTime::new(Stamp(start)).place("clock")?;
            (Box::new(clock), waker)
        }
        None => {
            let (clock, waker) = RealTime::new().place("clock")?;
            (Box::new(Watched::new(clock, supervisor)), waker)
        }
    })
}
