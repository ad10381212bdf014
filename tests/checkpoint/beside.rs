//! A checkpoint's directory in which other things stand too: they stay as they are.

use std::fs;

use crate::Place;
use crate::common::complaints;

const STATE: &str = "--once --count-by-key --update-state --format text --checkpoint ck -q";

#[test]
fn a_file_of_o_in_the_directory_stays_over_starts_and_a_reset() {
    let place = Place::new();
    let args = format!("{STATE} -o ck/results.tmp");
    place.piped(&args, "a\n").ok();
    place.piped(&args, "a\n").ok();
    assert_eq!(place.text("ck/results.tmp"), "a\t1\na\t2\n");
    place.piped("checkpoint reset ck", "").ok();
    place.piped(&args, "a\n").ok();
    assert_eq!(place.text("ck/results.tmp"), "a\t1\na\t2\na\t1\n");
}

#[test]
fn a_batch_that_is_owed_to_the_directory_itself_is_not_lost() {
    let place = Place::new();
    // Files come before directories, so that the batch is staged there and never named.
    let ended = place.piped(&format!("{STATE} --output-dir ck -o /dev/full"), "a\nb\n");
    assert_eq!(ended.status, 1, "{}", ended.err);
    let ended = place.piped(&format!("{STATE} --output-dir ck"), "");
    assert_eq!(ended.status, 0, "{}", ended.err);
    let names = place.names("ck");
    let batches: Vec<_> = names.iter().filter(|name| name.starts_with("batch-")).collect();
    assert_eq!(place.text(&format!("ck/{}", batches[0])), "a\t1\nb\t1\n", "{names:?}");
}

#[test]
fn what_else_a_directory_holds_is_said_at_the_start() {
    let place = Place::new();
    fs::create_dir(place.path("ck")).unwrap();
    for name in ["notes.txt", "snap-x.tmp"] {
        fs::write(place.path("ck").join(name), "mine").unwrap();
    }
    let loud = STATE.replace(" -q", "");
    for _ in 0..2 {
        let ended = place.piped(&loud, "a\n");
        let said = "weir: ck also holds what is not the checkpoint's, and is left alone: notes.txt, \
                    snap-x.tmp\n";
        assert_eq!((ended.status, complaints(&ended.err).as_str()), (0, said));
        assert_eq!(place.piped(STATE, "a\n").status, 0);
    }
    assert_eq!(
        (place.text("ck/notes.txt"), place.text("ck/snap-x.tmp")),
        ("mine".into(), "mine".into())
    );
}
