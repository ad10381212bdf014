//! Random lives of files, and of a weir that is killed between batches, against what was written.
//!
//! A line that nobody has touched for a while must come once; one that was cut, overwritten or deleted before it
//! could be read may be missing, and never comes twice.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::disk::sim::Tape;

/// How long it takes at most until what was written is read, in ms: a scan, a quiet time and another scan.
const SOON: i64 = 6000;

/// What was written, and what is known of it.
struct World {
    tape: Tape,
    tree: SimTree,
    /// Lines, and when each was written.
    written: BTreeMap<String, i64>,
    /// Those that may be missing.
    excused: BTreeMap<String, &'static str>,
    /// The lines of each file, by its name.
    lines: BTreeMap<String, Vec<String>>,
    /// Since when a weir runs, if one does.
    runs_since: Option<i64>,
    /// When each file was made, by its name, and up to when all that was there has been looked at.
    made: BTreeMap<String, i64>,
    looked: i64,
    /// When it was recorded last how far all is read.
    noted: i64,
    /// What has come out of it, and what of all is recorded.
    read: BTreeSet<String>,
    recorded: BTreeSet<String>,
    next: u32,
    /// What has happened, for whoever looks for the reason.
    story: Vec<String>,
}

impl World {
    fn tell(&mut self, now: i64, what: String) {
        self.story.push(format!("{}: {what}", now - START));
    }

    fn line(&mut self, now: i64) -> String {
        self.next += 1;
        let line = format!("line-{}", self.next);
        self.written.insert(line.clone(), now);
        line
    }

    /// True if a file may have been made since it was recorded what there is: one that is renamed then, and whose
    /// weir is killed, was never known by a name that is read.
    fn is_unseen(&self, path: &str) -> bool {
        let looked = self.runs_since.map_or(self.looked, |since| since.max(self.noted - SOON));
        self.made.get(path).is_none_or(|made| *made >= looked)
    }

    fn write(&mut self, path: &str, now: i64) {
        if !self.tree.has(path) {
            self.made.insert(path.to_string(), now);
        }
        for _ in 0..1 + self.tape.below(3) {
            let line = self.line(now);
            self.tree.append(path, format!("{line}\n").as_bytes());
            self.tell(now, format!("{line} to {path}"));
            self.lines.entry(path.to_string()).or_default().push(line);
        }
    }

    /// The content of a file is lost: what was not recorded until now need not come. What was there for a while
    /// must have been read.
    fn lose(&mut self, path: &str, now: i64, why: &'static str) {
        let lines = self.lines.remove(path).unwrap_or_default();
        self.tell(now, format!("{path} is {why}"));
        let last = lines.iter().map(|line| self.written[line]).max().unwrap_or_default();
        let is_late = self.runs_since.is_some_and(|since| last.max(since) + SOON <= now);
        for line in lines.into_iter().filter(|line| !self.recorded.contains(line)) {
            let story = || self.story.join("\n");
            let is_read = self.read.contains(&line);
            assert!(!is_late || is_read, "{line} of {path} was not read for long:\n{}", story());
            self.excused.insert(line, why);
        }
    }

    fn rename(&mut self, from: &str, to: &str, now: i64) {
        self.lose(to, now, "replaced");
        self.tell(now, format!("{from} becomes {to}"));
        self.tree.move_to(from, to);
        if let Some(lines) = self.lines.remove(from) {
            self.lines.insert(to.to_string(), lines);
        }
    }
}

/// What others do to files that are followed.
fn act_on_logs(world: &mut World, now: i64) {
    let path = ["a.log", "b.log"][world.tape.below(2) as usize];
    if !world.tree.has(path) {
        world.made.insert(path.to_string(), now);
    }
    // One is copied and cut, the other renamed: nobody does both to a file that is not looked at in between.
    let is_renamed = path == "b.log";
    match world.tape.below(16) {
        0..=8 => world.write(path, now),
        9 | 10 if is_renamed => {
            // Two generations; the older one goes.
            if world.is_unseen(path) {
                return world.write(path, now);
            }
            let [first, second] = [1, 2].map(|n| format!("{path}.{n}"));
            if world.tree.has(&first) {
                world.rename(&first, &second, now);
            }
            if world.tree.has(path) {
                world.rename(path, &first, now);
                if world.tape.chance(50) {
                    // Who has it open writes on.
                    world.write(&first, now);
                }
                world.write(path, now);
            }
        }
        11 if !is_renamed => {
            if let Some(bytes) = world.tree.bytes(path) {
                // copytruncate: what was read stays known, and the copy has the rest.
                let copy = format!("{path}.1");
                world.lose(&copy, now, "replaced by a copy");
                world.tree.delete(&copy);
                world.tree.append(&copy, &bytes);
                world.lose(path, now, "cut");
                world.tree.overwrite(path, b"");
            }
        }
        12 if !is_renamed => {
            world.lose(path, now, "overwritten");
            let line = world.line(now);
            world.tree.overwrite(path, format!("{line}\n").as_bytes());
            world.lines.insert(path.to_string(), vec![line]);
        }
        13 => {
            world.lose(path, now, "deleted");
            world.tree.delete(path);
        }
        14 => {
            world.lose(path, now, "deleted");
            world.tree.delete(path);
            world.write(path, now);
        }
        _ => {
            // In two pieces; the second one comes at once, or not for a while.
            let line = world.line(now);
            world.tell(now, format!("{line} in two pieces to {path}"));
            let (first, rest) = line.split_at(3);
            world.tree.append(path, first.as_bytes());
            world.tree.append(path, format!("{rest}\n").as_bytes());
            world.lines.entry(path.to_string()).or_default().push(line);
        }
    }
}

/// What others do in a directory into which files are put.
fn act_in_directory(world: &mut World, now: i64) {
    let name = format!("in/{}", world.tape.below(12));
    match world.tape.below(10) {
        0..=4 => {
            let hidden = format!("in/.{}", world.next);
            world.write(&hidden, now);
            world.rename(&hidden, &name, now);
        }
        5 | 6 => world.write(&name, now),
        7 => {
            let other = format!("in/{}", world.tape.below(12));
            if name != other && world.tree.has(&name) {
                world.rename(&name, &other, now);
            }
        }
        8 => {
            world.lose(&name, now, "deleted");
            world.tree.delete(&name);
        }
        _ => {
            world.lose(&name, now, "overwritten");
            let line = world.line(now);
            world.tree.overwrite(&name, format!("{line}\n").as_bytes());
            world.lines.insert(name, vec![line]);
        }
    }
}

/// What happens while a weir runs.
fn act_for_a_while(
    world: &mut World,
    run: &mut Run,
    positions: &mut Positions,
    recorded: &mut Vec<String>,
    act: fn(&mut World, i64),
) {
    for _ in 0..world.tape.below(40) {
        let wait = [0, 5, 100, 1000, 2500, 7000][world.tape.below(6) as usize];
        if run.pass(wait) {
            break;
        }
        let now = run.wait.now().0;
        world.read.extend(run.records.iter().cloned());
        if world.tape.chance(40) {
            run.record(positions);
            world.noted = now;
            world.recorded.extend(run.records.iter().cloned());
            world.tell(now, format!("recorded {:?}", run.records));
            recorded.append(&mut run.records);
        }
        act(world, now);
        if world.tape.chance(50) {
            for path in world.lines.keys().cloned().collect::<Vec<_>>() {
                let news = [News::Changed, News::Complete][world.tape.below(2) as usize];
                run.tell(&path, news);
            }
        }
    }
}

fn live(seed: u64, paths: &[&str], follow: bool, once: bool, act: fn(&mut World, i64)) {
    let tree = SimTree::new(&["in"]);
    let mut world = World {
        tape: Tape(seed),
        tree: tree.clone(),
        written: BTreeMap::new(),
        excused: BTreeMap::new(),
        lines: BTreeMap::new(),
        runs_since: None,
        made: BTreeMap::new(),
        looked: START,
        noted: START,
        read: BTreeSet::new(),
        recorded: BTreeSet::new(),
        next: 0,
        story: Vec::new(),
    };
    let (flags, settings) = (flags(paths, follow), settings(once, true));
    let (mut positions, mut now) = (Positions::new(), START);
    let (mut recorded, mut lives): (Vec<String>, _) = (Vec::new(), 1 + world.tape.below(4));
    while lives > 0 {
        lives -= 1;
        let mut run = Run::start(&tree, &flags, &settings, now, &positions);
        run.limit = [usize::MAX, 1, 2][world.tape.below(3) as usize];
        (world.runs_since, world.noted) = (Some(now), now);
        world.tell(now, format!("a start: {:?}", run.changed));
        // Record 0: where all begins.
        run.record(&mut positions);
        act_for_a_while(&mut world, &mut run, &mut positions, &mut recorded, act);
        now = run.wait.now().0;
        // The last life ends in order, and after all has settled.
        let is_last = lives == 0;
        if is_last || once {
            run.pass(70_000);
            run.record(&mut positions);
            recorded.append(&mut run.records);
            if is_last && once {
                // A line may have been left to the next run.
                let mut run = Run::start(&tree, &flags, &settings, now + 200_000, &positions);
                run.pass(0);
                recorded.append(&mut run.records);
            }
        }
        now = run.wait.now().0;
        world.tell(now, "killed".to_string());
        drop(run);
        world.recorded.extend(recorded.iter().cloned());
        world.looked = world.runs_since.map_or(now, |since| since.max(world.noted - SOON));
        (world.runs_since, world.read) = (None, BTreeSet::new());
        for _ in 0..world.tape.below(6) {
            now += 100;
            tree.set_time(now);
            if !is_last {
                act(&mut world, now);
            }
        }
        now += world.tape.below(5000) as i64;
    }
    check(&world, &recorded, seed);
}

fn check(world: &World, recorded: &[String], seed: u64) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    recorded.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    for (line, count) in &counts {
        assert!(world.written.contains_key(*line), "seed {seed}: {line:?} was never written");
        assert_eq!(*count, 1, "seed {seed}: {line} came more than once");
    }
    for line in world.written.keys().filter(|line| !counts.contains_key(line.as_str())) {
        let story = || world.story.join("\n");
        assert!(world.excused.contains_key(line), "seed {seed}: {line} is missing:\n{}", story());
    }
}

fn seeds() -> std::ops::Range<u64> {
    let one = std::env::var("WEIR_SIM").ok().and_then(|seed| seed.parse().ok());
    let lives = std::env::var("WEIR_SIM_LIVES").ok().and_then(|lives| lives.parse().ok());
    one.map_or(0..lives.unwrap_or(400), |seed: u64| seed..seed + 1)
}

#[test]
fn files_that_are_followed_give_each_line_once() {
    seeds().for_each(|seed| live(seed, &["a.log", "b.log"], true, false, act_on_logs));
}

#[test]
fn a_pattern_that_is_followed_gives_each_line_once() {
    seeds().for_each(|seed| live(seed, &["*.log"], true, false, act_on_logs));
}

#[test]
fn a_directory_gives_each_line_once() {
    seeds().for_each(|seed| live(seed, &["in"], false, false, act_in_directory));
}

#[test]
fn a_directory_that_is_followed_gives_each_line_once() {
    seeds().for_each(|seed| live(seed, &["in"], true, false, act_in_directory));
}

#[test]
fn runs_from_time_to_time_take_what_has_come_since_the_last_one() {
    seeds().for_each(|seed| live(seed, &["in"], false, true, act_in_directory));
}
