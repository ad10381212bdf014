//! Facts: what is read when, and from where.

use super::*;
use crate::source::Fate;

fn run(tree: &SimTree, paths: &[&str], follow: bool) -> Run {
    Run::start(tree, &flags(paths, follow), &settings(false, false), START, &Positions::new())
}

#[test]
fn plain_files_are_read_in_their_order_to_their_ends() {
    let tree = SimTree::new(&[]);
    tree.append("b", b"1\n2");
    tree.append("a", b"3\n");
    let mut run = run(&tree, &["b", "a"], false);
    assert!(run.files.is_finite() && run.pass(0));
    assert_eq!(run.records, ["1", "2", "3"]);
    assert_eq!(run.places, ["b, byte 0", "b, byte 2", "a, byte 0"]);
}

#[test]
fn a_file_in_a_directory_is_read_when_nobody_writes_to_it_any_more() {
    let tree = SimTree::new(&["in"]);
    let mut run = run(&tree, &["in"], false);
    tree.append("in/a", b"1\n");
    for n in 2..6 {
        run.pass(1900);
        tree.append("in/a", format!("{n}\n").as_bytes());
    }
    run.pass(1900);
    assert_eq!(run.records, [""; 0]);
    run.pass(3000);
    assert_eq!(run.records, ["1", "2", "3", "4", "5"]);
    tree.append("in/a", b"late");
    run.pass(5000);
    assert_eq!(run.records[5..], ["late"], "it is read on");
}

#[test]
fn a_file_that_is_moved_there_or_closed_is_read_at_once() {
    let tree = SimTree::new(&["in"]);
    let mut run = run(&tree, &["in"], false);
    tree.append("x", b"1\n");
    tree.move_to("x", "in/a");
    run.tell("in/a", News::Complete);
    run.pass(0);
    assert_eq!(run.records, ["1"]);
    tree.append("in/.hidden", b"no\n");
    tree.append("in/_no", b"no\n");
    tree.append("in/b.tmp", b"no\n");
    for name in ["in/.hidden", "in/_no", "in/b.tmp"] {
        run.tell(name, News::Complete);
    }
    run.pass(9000);
    assert_eq!(run.records, ["1"]);
    tree.move_to("in/b.tmp", "in/b");
    run.tell("in/b", News::Complete);
    run.pass(0);
    assert_eq!(run.records, ["1", "no"]);
}

#[test]
fn files_come_in_the_order_in_which_they_appeared_and_then_by_name() {
    let tree = SimTree::new(&["in"]);
    let mut run = run(&tree, &["in"], false);
    run.pass(100);
    for name in ["z", "b", "a"] {
        tree.append(&format!("in/{name}"), format!("{name}\n").as_bytes());
    }
    run.pass(9000);
    assert_eq!(run.records, ["z", "b", "a"]);
}

#[test]
fn what_was_renamed_is_not_read_twice_and_what_took_its_name_is_read() {
    let tree = SimTree::new(&["in"]);
    tree.append("in/a", b"1\n");
    let mut run = run(&tree, &["in"], false);
    run.pass(9000);
    tree.move_to("in/a", "in/b");
    tree.append("in/a", b"2\n");
    run.pass(9000);
    tree.append("in/c", b"3\n");
    tree.move_to("in/c", "in/a");
    run.pass(9000);
    assert_eq!(run.records, ["1", "2", "3"]);
}

#[test]
fn a_last_line_waits_until_its_file_is_rotated_away() {
    let tree = SimTree::new(&[]);
    tree.append("a.log", b"1\nhalf");
    let mut run = run(&tree, &["a.log"], true);
    run.pass(9000);
    assert_eq!(run.records, ["1"]);
    tree.move_to("a.log", "a.log.1");
    tree.append("a.log", b"3\n");
    run.pass(1500);
    assert_eq!(run.records, ["1", "3"]);
    tree.append("a.log.1", b" a line\nend");
    run.pass(9000);
    assert_eq!(run.records, ["1", "3", "half a line", "end"]);
}

#[test]
fn a_file_that_came_and_was_rotated_away_unseen_is_read_if_its_rename_is_told() {
    for tells in [true, false] {
        let tree = SimTree::new(&[]);
        tree.append("a.log", b"1\n");
        let mut run = run(&tree, &["a.log"], true);
        run.pass(2000);
        tree.move_to("a.log", "a.log.2");
        tree.append("a.log", b"2\n");
        tree.move_to("a.log", "a.log.1");
        tree.append("a.log", b"3\n");
        if tells {
            let now = run.wait.now();
            // That of a file that is known tells nothing.
            run.files.renamed("a.log".as_ref(), "a.log.2".as_ref(), now);
            run.files.renamed("a.log".as_ref(), "a.log.1".as_ref(), now);
            run.files.renamed("other".as_ref(), "a.log.1".as_ref(), now);
        }
        run.pass(2000);
        tree.append("a.log.1", b"late\n");
        run.pass(2000);
        let wanted: &[&str] = if tells { &["1", "2", "3", "late"] } else { &["1", "3"] };
        assert_eq!(run.records, wanted);
    }
}

#[test]
fn what_is_overwritten_is_read_from_its_beginning_however_long_it_is() {
    let tree = SimTree::new(&[]);
    tree.append("f", b"1\n2\n3\n");
    let mut run = run(&tree, &["f"], true);
    run.pass(2000);
    for (text, last) in [("4\n", "4"), ("5\n", "5"), ("6\n7\n8\n", "8")] {
        tree.overwrite("f", text.as_bytes());
        run.pass(2000);
        assert_eq!(run.records.last().unwrap(), last);
    }
    assert_eq!(run.records, ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn what_is_there_at_the_start_is_passed_and_a_line_that_has_begun_comes() {
    let tree = SimTree::new(&["in"]);
    tree.append("a.log", b"old\nbeg");
    tree.append("in/old", b"old\n");
    let latest = Flags { from: None, ..flags(&["a.log", "in"], true) };
    let mut run = Run::start(&tree, &latest, &settings(false, false), START, &Positions::new());
    run.pass(3000);
    assert_eq!(run.records, [""; 0]);
    tree.append("a.log", b"un\n");
    tree.append("in/new", b"new\n");
    tree.append("in/old", b"more\n");
    run.pass(3000);
    run.records.sort();
    assert_eq!(run.records, ["begun", "more", "new"]);
}

#[test]
fn a_start_goes_on_in_the_file_that_was_renamed_and_says_so() {
    let tree = SimTree::new(&[]);
    tree.append("a.log", b"1\n2\n");
    let (flags, settings) = (flags(&["a.log"], true), settings(false, true));
    let mut positions = Positions::new();
    let mut run = Run::start(&tree, &flags, &settings, START, &positions);
    run.pass(2000);
    run.record(&mut positions);
    drop(run);
    tree.append("a.log", b"3\n");
    tree.move_to("a.log", "a.log.1");
    tree.append("a.log", b"4\n");
    let mut run = Run::start(&tree, &flags, &settings, START + 9000, &positions);
    run.pass(0);
    assert_eq!(run.records, ["3", "4"]);
    assert_eq!(run.places, ["a.log, byte 4", "a.log, byte 0"]);
    let renamed = Fate::Renamed(b"a.log.1".to_vec());
    let changed = Changed { part: b"a.log".to_vec(), read: "byte 4".to_string(), fate: renamed };
    assert_eq!(run.changed, [changed]);
}

#[test]
fn a_file_that_is_renamed_when_a_start_has_looked_and_not_opened_it_is_read_on() {
    for is_taken in [false, true] {
        let tree = SimTree::new(&["in"]);
        tree.append("in/a.log", b"1\n");
        let (flags, settings) = (flags(&["in"], true), settings(false, true));
        let mut positions = Positions::new();
        let mut run = Run::start(&tree, &flags, &settings, START, &positions);
        run.pass(9000);
        assert_eq!(run.records, ["1"]);
        run.record(&mut positions);
        drop(run);
        let mut run = Run::start(&tree, &flags, &settings, START + 9000, &positions);
        tree.move_to("in/a.log", "in/a.log.1");
        if is_taken {
            tree.append("in/a.log", b"3\n");
        }
        run.pass(0);
        run.tell("in/a.log.1", News::Complete);
        tree.append("in/a.log.1", b"2\n");
        run.pass(9000);
        run.records.sort();
        assert_eq!(run.records, if is_taken { &["2", "3"][..] } else { &["2"] });
    }
}

#[test]
fn a_file_that_is_renamed_while_a_start_looks_for_others_is_read_on_whenever_that_is() {
    for looks in 0.. {
        let tree = SimTree::new(&["in"]);
        for name in ["a", "b", "c"] {
            tree.append(&format!("in/{name}.log"), name.as_bytes());
            tree.append(&format!("in/{name}.log"), b"\n");
        }
        let (flags, settings) = (flags(&["in"], true), settings(false, true));
        let mut positions = Positions::new();
        let mut run = Run::start(&tree, &flags, &settings, START, &positions);
        run.pass(9000);
        run.record(&mut positions);
        drop(run);
        // The directory is listed for this one; its times do not tell that it changes then.
        tree.move_to("in/a.log", "in/a.log.1");
        tree.append("in/b.log", b"more of b\n");
        tree.move_after(looks, "in/b.log", "in/b.log.1");
        let mut run = Run::start(&tree, &flags, &settings, START + 9000, &positions);
        let is_within = tree.has("in/b.log.1");
        run.pass(9000);
        assert_eq!(run.records, ["more of b"], "renamed after {looks} looks");
        let is_lost = |changed: &&Changed| matches!(changed.fate, Fate::Gone | Fate::Recreated);
        assert_eq!(run.changed.iter().find(is_lost), None, "renamed after {looks} looks");
        if !is_within {
            assert!(looks > 5, "the start looks more often");
            break;
        }
    }
}

#[test]
fn a_start_says_what_is_gone_or_another_and_how_far_it_was_read() {
    let tree = SimTree::new(&[]);
    tree.append("a.log", b"1\n2\n");
    tree.append("b.log", b"1\n");
    let (flags, settings) = (flags(&["a.log", "b.log"], true), settings(false, true));
    let mut positions = Positions::new();
    let mut run = Run::start(&tree, &flags, &settings, START, &positions);
    run.pass(2000);
    run.record(&mut positions);
    drop(run);
    tree.delete("a.log");
    tree.overwrite("b.log", b"longer than before\n");
    let mut run = Run::start(&tree, &flags, &settings, START + 9000, &positions);
    let said: Vec<_> =
        run.changed.iter().map(|c| (c.part.as_slice(), &*c.read, c.fate.clone())).collect();
    let wanted = [(&b"a.log"[..], "byte 4", Fate::Gone), (b"b.log", "byte 2", Fate::Recreated)];
    assert_eq!(said, wanted);
    run.pass(0);
    assert_eq!(run.records, ["longer than before"]);
}

#[test]
fn files_that_are_done_are_put_away_when_their_batch_is_out_and_never_over_another() {
    let tree = SimTree::new(&["in", "old"]);
    tree.append("old/a", b"older\n");
    tree.append("in/a", b"1\n");
    tree.append("in/b", b"2\n");
    let (flags, settings) = (flags(&["in"], false), settings(false, true));
    let archive = || Done::Archive("old".into());
    let mut positions = Positions::new();
    let mut run = Run::done(&tree, &flags, archive(), &settings, START, &positions);
    run.pass(3000);
    run.record(&mut positions);
    assert_eq!(run.records.len(), 2);
    assert!(tree.has("in/a"), "its batch is not out");
    // It is killed, and the next one has it to do.
    drop(run);
    tree.append("in/b", b"3\n");
    let mut run = Run::done(&tree, &flags, archive(), &settings, START + 9000, &positions);
    run.pass(0);
    assert!(!tree.has("in/a") && tree.bytes("old/a").unwrap() == b"older\n");
    assert_eq!(tree.bytes("old/a.1").unwrap(), b"1\n");
    assert!(tree.has("in/b"), "it has grown");
    run.pass(3000);
    run.committed();
    run.pass(0);
    assert_eq!(
        (run.records, tree.bytes("old/b").unwrap()),
        (vec!["3".to_string()], b"2\n3\n".to_vec())
    );
}

#[test]
fn a_line_that_somebody_may_be_writing_is_left_to_the_next_run() {
    let tree = SimTree::new(&["in"]);
    let (flags, settings) = (flags(&["in"], false), settings(true, true));
    let mut positions = Positions::new();
    tree.set_time(START);
    tree.append("in/a", b"1\nha");
    let mut run = Run::start(&tree, &flags, &settings, START + 500, &positions);
    assert!(run.pass(0));
    run.record(&mut positions);
    assert_eq!(run.records, ["1"]);
    tree.append("in/a", b"lf");
    let mut run = Run::start(&tree, &flags, &settings, START + 60_000, &positions);
    assert!(run.pass(0));
    assert_eq!(run.records, ["half"]);
}

/// Reads on at this very moment until nothing is left to be done: what is done at a time is little.
fn read_slices(run: &mut Run, tree: &SimTree) {
    let (now, mut chunk) = (run.wait.now(), Chunk::default());
    loop {
        tree.take_looks();
        chunk.clear();
        chunk.mark = Mark(1);
        let read = run.files.read(&mut chunk, usize::MAX, &mut run.wait, now).unwrap();
        let looks = tree.take_looks();
        assert!(looks <= 8 * SLICE, "{looks} files were looked at");
        chunk.cut();
        run.records.extend(
            chunk.keys.iter().map(|key| String::from_utf8_lossy(chunk.at(*key)).into_owned()),
        );
        if read == Read::Idle
            && !run.files.scan.is_under_way()
            && !run.files.has_files()
            && looks == 0
        {
            return;
        }
    }
}

#[test]
fn very_many_files_are_looked_at_and_read_a_few_at_a_time_in_the_order_in_which_they_appeared() {
    const COUNT: u64 = 2000;
    let tree = SimTree::new(&["in"]);
    let mut run = run(&tree, &["in"], false);
    // Names are in another order.
    for n in 0..COUNT {
        tree.append(&format!("in/{}", n * 7919 % COUNT), format!("{n}\n").as_bytes());
    }
    let mut now = START;
    for _ in 0..8 {
        now += 1000;
        run.wait.go_on_from(Stamp(now));
        read_slices(&mut run, &tree);
    }
    let wanted: Vec<String> = (0..COUNT).map(|n| n.to_string()).collect();
    assert_eq!(run.records, wanted);
    (0..COUNT).for_each(|n| tree.delete(&format!("in/{n}")));
    for _ in 0..4 {
        now += 1000;
        run.wait.go_on_from(Stamp(now));
        read_slices(&mut run, &tree);
    }
    assert!(run.files.shelf.files.is_empty(), "{} are known", run.files.shelf.files.len());
}

#[test]
fn where_the_disk_does_not_answer_nothing_has_gone() {
    let tree = SimTree::new(&["in"]);
    let mut run = run(&tree, &["in"], false);
    tree.append("in/a", b"1\n");
    run.pass(5000);
    tree.set_unreadable(true);
    run.pass(5000);
    tree.set_unreadable(false);
    tree.append("in/b", b"2\n");
    run.pass(5000);
    assert_eq!(run.records, ["1", "2"]);
}
