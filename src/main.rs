//! The program: arguments, clock, signals and stdout in, exit status out.

use std::process::ExitCode;
use std::sync::Arc;

use weir::checkpoint::disk::{Disk, RealDisk};
use weir::checkpoint::{self, Checkpoint, Limits};
use weir::cli::{self, Asked, Typed, Upkeep};
use weir::clock::{RealTime, Stamp, VirtualTime, Wait};
use weir::engine::{self, Saved, Surroundings};
use weir::error::{Context, Error};
use weir::plan::Saving;
use weir::say::say;
use weir::signal::{self, Stop};
use weir::sink::outputs::Outputs;
use weir::sink::stdout::Stdout;
use weir::{completions, explain, man, plan};

/// Where the clock of a script starts that names no time of its own: 2018-12-11T00:31:20Z.
const SCRIPT_START: i64 = 1_544_488_280_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(error.exit_status())
        }
    }
}

fn run() -> Result<(), Error> {
    let stdout = Stdout::new(std::io::stdout())?;
    match cli::parse(std::env::args_os())? {
        Asked::Run(typed) => stream(&typed, stdout),
        Asked::Man => stdout.write(&man::page()),
        Asked::Completions(shell) => stdout.write(&completions::completions(shell)),
        Asked::Upkeep(upkeep) => keep_up(upkeep, &stdout),
        Asked::Text(text) => stdout.write(text.as_bytes()),
    }
}

/// `weir checkpoint`.
fn keep_up(upkeep: Upkeep, stdout: &Stdout) -> Result<(), Error> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    match upkeep {
        Upkeep::Show(dir) => stdout.write(checkpoint::show(&disk, &dir)?.as_bytes()),
        Upkeep::Reset { dir, keep_offsets } => {
            let forgotten = checkpoint::forget(&disk, &dir, keep_offsets)?;
            stdout.write(format!("{}: {forgotten}\n", dir.display()).as_bytes())
        }
    }
}

fn stream(typed: &Typed, stdout: Stdout) -> Result<(), Error> {
    let is_script = typed.source.hidden;
    let start = typed.engine.virtual_clock.or(is_script.then_some(SCRIPT_START));
    let (mut wait, waker): (Box<dyn Wait>, _) = match start {
        Some(start) => {
            let (clock, waker) = VirtualTime::new(Stamp(start)).place("clock")?;
            (Box::new(clock), waker)
        }
        None => {
            let (clock, waker) = RealTime::new().place("clock")?;
            (Box::new(clock), waker)
        }
    };
    let plan = plan::plan(typed, wait.now())?;
    if typed.engine.explain {
        return explain::explain(typed, plan, &mut *wait, &stdout);
    }
    // Before the outputs: one that is refused leaves nothing behind.
    let saved = plan.saving.map(|saving| {
        let Saving { dir, pipeline, logs_input } = saving;
        let disk = Arc::new(RealDisk);
        let checkpoint = Checkpoint::open(disk, &dir, &pipeline, Limits::default())?;
        // Under a virtual clock nothing may depend on when a thread runs.
        Ok(Saved { checkpoint, logs_input, syncs_at_once: start.is_some() })
    });
    let saved = saved.transpose()?;
    // Before signals are heard: opening a FIFO waits for its reader, and a signal ends that.
    let quiet = typed.engine.quiet;
    let outputs = match &saved {
        Some(_) => Outputs::open_staged(&plan.outputs, &stdout, quiet)?,
        None => Outputs::open(&plan.outputs, &stdout, quiet)?,
    };
    let stop = Arc::new(Stop::default());
    signal::listen(&stop, &waker)?;
    engine::run(plan.pipeline, &plan.settings, Surroundings { wait, waker, outputs, stop, saved })
}
