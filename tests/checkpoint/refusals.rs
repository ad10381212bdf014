//! What is refused before anything is read or written, in which words, and with which status.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::Place;
use crate::common::{Ended, WEIR, start};

/// A place with a checkpoint that two runs have written.
fn used(pipeline: &str) -> Place {
    let place = Place::new();
    for _ in 0..2 {
        place.piped(&format!("--once {pipeline} --checkpoint ck -q"), "a b\na\n").ok();
    }
    place
}

/// What is said to a run that reads nothing, writes nothing and has status 2.
#[track_caller]
fn refused(place: &Place, args: &str) -> String {
    let before = files(place);
    let ended = place.piped(&format!("--once {args} -o out -o -"), "never read\n");
    assert!(files(place) == before && !place.path("out").exists(), "something was written");
    ended.failed(2).to_string()
}

/// All files of the checkpoint but the lock, which says who looked last.
fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let names = place.names("ck").into_iter().filter(|name| name != "lock");
    names.map(|name| (name.clone(), fs::read(place.path("ck").join(name)).unwrap())).collect()
}

const STATE: &str = "--count-by-key --update-state";

#[test]
fn another_pipeline_is_refused_by_its_difference_and_the_command_that_is_named_mends_it() {
    let window = "--count-by-key --window 6 --slide 2";
    let table = [
        (
            STATE,
            "--count --update-state",
            "--count-by-key was given, is not given, --count was not given, is given",
        ),
        (STATE, "--trim --count-by-key --update-state", "--trim was not given, is given"),
        (STATE, "--count-by-key", "--update-state was given, is not given"),
        (STATE, "--count-by-key --update-state --sort none", "--sort was not given, is none"),
        (window, "--count-by-key --window 8 --slide 2", "--window was 6s, is 8s"),
        (window, "--count-by-key --window 6", "--slide was 2s, is 1s"),
        (
            window,
            "--count-by-key --window 6 --slide 2 --inverse --keep-zeros",
            "--keep-zeros was not given, is given",
        ),
        ("--filter a --reject b", "--filter b --reject b", "--filter was a, is b"),
        (
            "--filter a --reject b",
            "--reject b --filter a",
            "the order was source --filter --reject, is source --reject --filter",
        ),
    ];
    for (was, is, difference) in table {
        let place = used(was);
        let said = refused(&place, &format!("{is} --checkpoint ck"));
        let mends = "`weir checkpoint reset ck --keep-offsets`";
        let expected = format!(
            "weir: --checkpoint ck: of another pipeline: {difference}; {mends} forgets its state and \
             goes on from where it was\n"
        );
        assert_eq!(said, expected);
        place.piped("checkpoint reset ck --keep-offsets", "").ok();
        place.piped(&format!("--once {is} --checkpoint ck -q"), "a\n").ok();
    }
}

#[test]
fn the_command_that_is_named_can_be_pasted_whatever_the_directory_is_called() {
    let place = Place::new();
    let run = |pipeline: &str| {
        start(
            place.shell(&format!(r#"echo a | "$WEIR" --once {pipeline} --checkpoint "it's 1" -q"#)),
        )
        .end()
    };
    run("--count --update-state").ok();
    let said = run("--words --count --update-state").failed(2).to_string();
    let command = said.split('`').nth(1).unwrap();
    let command = command.replacen("weir", r#""$WEIR""#, 1);
    let ended = start(place.shell(&command)).end();
    assert_eq!(ended.ok(), "it's 1: reset; the next start goes on behind batch 0\n");
    run("--words --count --update-state").ok();
}

#[test]
fn what_does_not_change_the_meaning_of_the_state_may_be_another_at_each_start() {
    let (state, window) = (STATE, "--count-by-key --window 6 --slide 2");
    let table = [
        (state, "--format json --no-time"),
        (state, "--format tsv --epoch --header"),
        (state, "-o new -o -"),
        (state, "--output-dir parts"),
        (state, "--exec cat"),
        (state, "--top 1 --ascending"),
        (state, "--sort key --num 1"),
        (state, "--changed --skip-empty"),
        (state, "--threads 3"),
        (state, "--state-ttl 1d"),
        (state, "--max-keys 100 --on-full oldest"),
        (state, "--interval 0"),
        (state, "--interval 7"),
        (state, "--max-rate 1000 --max-record 1K"),
        (state, "--no-wal"),
        (window, "--interval 2"),
        (window, "--interval 500ms"),
        (window, "--inverse"),
        (window, "--skip-partial --interval 1"),
    ];
    for (pipeline, flags) in table {
        let place = used(pipeline);
        let ended = place.piped(&format!("{pipeline} {flags} --checkpoint ck -q"), "a\n");
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{flags}");
        if pipeline == state {
            let args = format!("{state} --once --format text --checkpoint ck -q");
            assert_eq!(
                place.piped(&args, "").ok(),
                "a	3
a b	2
",
                "{flags}"
            );
        }
    }
    let place = used(window);
    let said = refused(&place, &format!("{window} --interval 4 --checkpoint ck"));
    assert!(said.starts_with("weir: --window: "), "{said}");
}

#[test]
fn what_is_no_checkpoint_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.path("mine")).unwrap();
    fs::write(place.path("mine/meta.tmp"), "mine").unwrap();
    fs::write(place.path("file"), "mine").unwrap();
    let table = [
        (
            "mine",
            2,
            "--checkpoint mine: this is no checkpoint, and `meta.tmp` in it has a name that one \
             needs; take another directory",
        ),
        ("file", 2, "--checkpoint file: this is no directory"),
        (
            "missing/ck",
            1,
            "--checkpoint missing/ck: there is no directory missing to make it in; mkdir -p missing makes one",
        ),
        ("file/ck", 2, "--checkpoint file/ck: this is no directory"),
    ];
    for (dir, status, said) in table {
        let ended = place.piped(&format!("--once --count --checkpoint {dir} -o out"), "a\n");
        assert_eq!(ended.failed(status), format!("weir: {said}\n"));
    }
    assert_eq!(place.names(""), ["file", "mine"]);
    assert_eq!(
        (place.names("mine"), place.text("mine/meta.tmp")),
        (vec!["meta.tmp".into()], "mine".into())
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = Place::new();
    let table = [
        ("--wal", "weir: --wal: needs --checkpoint DIR, where the log is kept\n"),
        ("--no-wal", "weir: --no-wal: without --checkpoint there is no log\n"),
    ];
    for (flags, said) in table {
        assert_eq!(place.piped(&format!("--count {flags}"), "a\n").failed(2), said);
    }
    let both = place.piped("--count --checkpoint ck --wal --no-wal", "a\n");
    assert!(
        both.failed(2).starts_with("weir: the argument '--wal' cannot be used with '--no-wal'")
    );
    for flags in ["", "--checkpoint ck --no-wal"] {
        let said = "weir: --ack: needs --checkpoint, and no --no-wal: the log keeps the lines\n";
        assert_eq!(place.piped(&format!("listen 0 --count --ack {flags}"), "").failed(2), said);
    }
    assert_eq!(place.names(""), [""; 0]);
}

/// Runs as somebody who is not root; `None` if such a one cannot be had, or cannot run weir.
fn as_nobody(place: &Place, args: &str) -> Option<Ended> {
    let mut command = place.weir(args);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let seen = Command::new(WEIR).arg("man").uid(65534).output();
        let listed = Command::new("ls").arg(place.path("")).uid(65534).output();
        if seen.is_err() || !listed.is_ok_and(|ls| ls.status.success()) {
            return None;
        }
        command.uid(65534);
    }
    Some(start(command).end())
}

#[test]
#[expect(clippy::print_stderr, reason = "the one who runs the tests is to know what was left out")]
fn a_directory_without_permission_is_named() {
    let place = used(STATE);
    fs::create_dir(place.path("shut")).unwrap();
    for (dir, mode) in [("ck", 0o555), ("shut", 0o555), ("ck", 0o000)] {
        fs::set_permissions(place.path(dir), PermissionsExt::from_mode(mode)).unwrap();
    }
    for (dir, said) in [("shut/ck", "shut/ck: permission denied"), ("ck", "ck: permission denied")]
    {
        let args = format!("{STATE} --checkpoint {dir}");
        let Some(ended) = as_nobody(&place, &args) else {
            return eprintln!("skipped: for root every directory can be written to");
        };
        assert_eq!(ended.failed(1), format!("weir: {said}\n"));
    }
    fs::set_permissions(place.path("ck"), PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
#[expect(clippy::print_stderr, reason = "the one who runs the tests is to know what was left out")]
fn below_a_directory_that_cannot_be_read_those_that_can_are_used() {
    let place = Place::new();
    for (dir, mode) in [("above/ck", 0o777), ("above/out", 0o777), ("above", 0o711)] {
        fs::create_dir_all(place.path(dir)).unwrap();
        fs::set_permissions(place.path(dir), PermissionsExt::from_mode(mode)).unwrap();
    }
    let args = format!("{STATE} --checkpoint above/ck --output-dir above/out");
    match as_nobody(&place, &args) {
        Some(ended) => assert_eq!((ended.status, ended.err.as_str()), (0, "")),
        None => eprintln!("skipped: for root every directory can be read"),
    }
}

#[test]
fn a_checkpoint_in_use_is_refused_by_the_process_that_has_it() {
    let place = Place::new();
    let args = format!("{STATE} --interval 0 --format text --checkpoint ck");
    let mut run = place.start(&args);
    run.write("a\n");
    assert_eq!(run.out.line(""), "a\t1");
    let said = format!("weir: --checkpoint ck: in use by process {}\n", run.id());
    for other in [&args, "--count --checkpoint ck", "checkpoint reset ck --keep-offsets"] {
        assert_eq!(place.piped(other, "b\n").failed(1), said);
    }
    run.write("a\n");
    assert_eq!((run.out.line(""), run.end().status), ("a\t2".to_string(), 0));
    assert_eq!(place.piped(&args, "a\n").ok(), "a\t3\n");
}

#[test]
fn a_flipped_bit_is_refused_by_file_and_byte_and_the_command_that_is_named_mends_it() {
    let place = used(STATE);
    let sound = fs::read(place.path("ck/log-1")).unwrap();
    // The head is 25 + 1 bytes; the last frame of a log may be torn, which is no damage.
    for at in [30, 60, sound.len() / 2] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(place.path("ck/log-1"), bytes).unwrap();
        let said = refused(&place, &format!("{STATE} --checkpoint ck"));
        let start = said.strip_prefix("weir: ck/log-1, byte ").unwrap();
        let (byte, rest) = start.split_once(':').unwrap();
        assert!(
            (at.saturating_sub(120)..=at).contains(&byte.parse().unwrap()),
            "{said} of byte {at}"
        );
        let what = "damaged: a frame does not fit its checksum";
        let mends = "`weir checkpoint reset ck` forgets all it holds";
        assert_eq!(rest, format!(" {what}; {mends}\n"));
        assert_eq!(place.piped("checkpoint show ck", "").failed(2), said);
        assert_eq!(place.piped("checkpoint reset ck --keep-offsets", "").failed(2), said);
    }
    place.piped("checkpoint reset ck", "").ok();
    let args = format!("{STATE} --once --format text --checkpoint ck");
    assert_eq!(place.piped(&args, "a\n").ok(), "a\t1\n");
}

#[test]
fn a_checkpoint_of_a_newer_weir_and_a_damaged_meta_are_refused() {
    let place = used(STATE);
    let meta = place.text("ck/meta");
    fs::write(place.path("ck/meta"), meta.replace("checkpoint 1", "checkpoint 4")).unwrap();
    let newer = "weir: --checkpoint ck: written by a newer weir (format 4; this one reads up to 3); \
                 run that one, or take another directory\n";
    let damaged = "weir: ck/meta: damaged; without it nothing in ck can be read: remove the directory \
                   to start afresh\n";
    assert_eq!(refused(&place, &format!("{STATE} --checkpoint ck")), newer);
    for args in ["checkpoint show ck", "checkpoint reset ck", "checkpoint reset ck --keep-offsets"]
    {
        assert_eq!(place.piped(args, "").failed(2), newer);
    }
    fs::write(place.path("ck/meta"), meta.replace("uuid", "uuld")).unwrap();
    assert_eq!(refused(&place, &format!("{STATE} --checkpoint ck")), damaged);
    assert_eq!(place.piped("checkpoint show ck", "").failed(2), damaged);
    fs::write(place.path("ck/meta"), meta).unwrap();
    place.piped(&format!("{STATE} --once --checkpoint ck -q"), "a\n").ok();
}
