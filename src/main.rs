//! The program: arguments, clock, signals and stdout in, exit status out.

use std::process::ExitCode;
use std::sync::Arc;

use mio::Waker;
use weir::checkpoint::{self, Checkpoint, Limits};
use weir::cli::plan::Saving;
use weir::cli::{self, Asked, CheckpointCommand, Typed, View};
use weir::cli::{completions, explain, man, plan};
use weir::clock::{RealTime, Stamp, VirtualTime, Wait};
use weir::disk::{Disk, RealDisk};
use weir::engine::{self, Saved, Surroundings};
use weir::error::{Context, Error};
use weir::process::signal::{self, Pauses, Stop};
use weir::report::viewer::Viewers;
use weir::say::{note, say, say_rest, set_level};
use weir::sink::outputs::{OnFail, Outputs, Run, Target};
use weir::sink::stdout::Stdout;

/// Where the clock of a script starts that names no time of its own: 2018-12-11T00:31:20Z.
const SCRIPT_START: i64 = 1_544_488_280_000;

fn main() -> ExitCode {
    let status = match run() {
        Ok(()) | Err(Error::Closed) => 0,
        Err(error) => {
            say(&error.to_string());
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
        Asked::Run(typed) => stream(&typed, stdout),
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
    let (mut wait, waker) = clock(start)?;
    let plan = plan::plan(typed, wait.now())?;
    if typed.engine.explain {
        return explain::explain(typed, plan, &mut *wait, &stdout);
    }
    let disk = RealDisk::default();
    // Before the outputs: one that is refused leaves nothing behind.
    let saved = plan.saving.map(|saving| {
        let Saving { dir, pipeline, logs_input } = saving;
        let checkpoint =
            Checkpoint::open(Arc::new(disk.clone()), &dir, &pipeline, Limits::default())?;
        checkpoint.beside().iter().for_each(|beside| note(beside));
        // Under a virtual clock nothing may depend on when a thread runs.
        Ok(Saved { checkpoint, logs_input, syncs_at_once: start.is_some() })
    });
    let saved = saved.transpose()?;
    // Before signals are heard: opening a FIFO waits for its reader, and a signal ends that.
    let (stop, mut wakers) = (Arc::new(Stop::default()), vec![Arc::clone(&waker)]);
    let retries = |target: &Target| matches!(target, Target::Exec { on_fail: OnFail::Retry, .. });
    let pauses = match plan.outputs.iter().any(retries) {
        true => {
            // The other clock belongs to whoever reads, while this one is waited for.
            let (wait, waker) = clock(start)?;
            wakers.push(waker);
            Some(Pauses::new(wait, &stop))
        }
        false => None,
    };
    let name = saved.as_ref().map(|saved| format!("weir-{}", saved.checkpoint.name()));
    let run = Run { pauses, stop: Arc::clone(&stop), name };
    let outputs = match &saved {
        Some(_) => Outputs::open_staged(&disk, &plan.outputs, &stdout, run)?,
        None => Outputs::open(&disk, &plan.outputs, &stdout, run)?,
    };
    signal::listen(&stop, &wakers)?;
    let (metrics, viewers) = (Arc::default(), Viewers::default());
    engine::run(
        plan.pipeline,
        &plan.settings,
        Surroundings { wait, waker, outputs, stop, saved, metrics, viewers },
    )
}

/// A clock, which may be a virtual one, and the waker by which other threads end a wait.
fn clock(start: Option<i64>) -> Result<(Box<dyn Wait>, Arc<Waker>), Error> {
    Ok(match start {
        Some(start) => {
            let (clock, waker) = VirtualTime::new(Stamp(start)).place("clock")?;
            (Box::new(clock), waker)
        }
        None => {
            let (clock, waker) = RealTime::new().place("clock")?;
            (Box::new(clock), waker)
        }
    })
}
