//! The step with real commands: those that are slow, fail, vanish, read nothing or print too much.

use proptest::prelude::*;

use super::*;
use crate::step::testing::stream;

/// Takes chunks of records through a command, and the batch to its end.
fn piped(command: &str, chunks: &[Vec<Vec<u8>>]) -> Result<Vec<Vec<u8>>, Error> {
    let mut pipe = Pipe::new(command.into());
    let mut rows = Vec::new();
    let mut take = |chunk: &mut Chunk| {
        assert!(chunk.len() < CHUNK + 2 * READ, "no more than a chunk is held");
        chunk.for_each_key(|arena, start, end| rows.push(arena[start..end].to_vec()));
        chunk.clear();
    };
    for records in chunks {
        let mut chunk = stream(&records.iter().map(Vec::as_slice).collect::<Vec<_>>());
        pipe.apply(&mut chunk)?;
        take(&mut chunk);
        while pipe.has_more() {
            pipe.apply(&mut chunk)?;
            take(&mut chunk);
        }
    }
    let mut chunk = Chunk::default();
    pipe.finish(&mut chunk)?;
    take(&mut chunk);
    while pipe.has_more() {
        pipe.finish(&mut chunk)?;
        take(&mut chunk);
    }
    assert!(pipe.running.is_none());
    Ok(rows)
}

/// So many records of 8 bytes, in chunks of a thousand.
fn numbers(count: usize) -> Vec<Vec<Vec<u8>>> {
    let all: Vec<_> = (0..count).map(|n| format!("{n:08}").into_bytes()).collect();
    all.chunks(1000).map(<[_]>::to_vec).collect()
}

fn text(rows: &[Vec<u8>]) -> Vec<&str> {
    rows.iter().map(|row| std::str::from_utf8(row).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn what_goes_in_comes_out_in_its_order(
        chunks in prop::collection::vec(prop::collection::vec("[a\u{e9} ]{0,9}", 0..50), 0..5),
    ) {
        let bytes = |records: Vec<String>| records.into_iter().map(String::into_bytes).collect();
        let chunks: Vec<Vec<Vec<u8>>> = chunks.into_iter().map(bytes).collect();
        prop_assert_eq!(piped("cat", &chunks).unwrap(), chunks.concat());
    }
}

#[test]
fn a_command_that_prints_only_at_the_end_has_all_of_the_batch() {
    let chunks = numbers(100_000);
    let mut wanted = chunks.concat();
    wanted.reverse();
    assert_eq!(piped("sort -r", &chunks).unwrap(), wanted);
    assert_eq!(text(&piped("wc -l", &chunks).unwrap()), ["100000"]);
    assert_eq!(text(&piped("wc -l", &[]).unwrap()), ["0"], "also of nothing");
}

#[test]
fn a_command_that_prints_more_than_it_reads_is_read_while_it_is_fed() {
    let rows = piped("awk '{ for (i = 0; i < 200; i++) print }'", &numbers(20_000)).unwrap();
    assert_eq!(rows.len(), 4_000_000);
    assert_eq!(text(&rows[3_999_999..]), ["00019999"]);
    // It prints before it reads, more than fits into a pipe.
    let rows = piped("seq 300000; cat", &numbers(50_000)).unwrap();
    assert_eq!((rows.len(), text(&rows[300_000..300_001])), (350_000, vec!["00000000"]));
    // Both pipes are full when it stops to read.
    let rows = piped("head -c 100000 | wc -c; seq 300000", &numbers(50_000)).unwrap();
    assert_eq!(rows.len(), 300_001);
}

#[test]
fn a_command_that_reads_nothing_or_not_all_holds_up_nobody() {
    let chunks = numbers(100_000);
    assert_eq!(text(&piped("echo a; echo b", &chunks).unwrap()), ["a", "b"]);
    assert!(piped("true", &chunks).unwrap().is_empty());
    assert_eq!(text(&piped("head -n 1", &chunks).unwrap()), ["00000000"]);
    assert_eq!(text(&piped("exec <&-; sleep 0.1; echo a", &chunks).unwrap()), ["a"]);
    assert_eq!(text(&piped("exec >&-; cat > /dev/null", &chunks).unwrap()), [""; 0]);
}

#[test]
fn a_last_line_needs_no_end_and_a_line_may_end_as_elsewhere() {
    assert_eq!(text(&piped("printf 'a\\r\\n\\nb'", &[]).unwrap()), ["a", "", "b"]);
}

#[test]
fn a_command_that_fails_is_named_with_its_status_whenever_it_does() {
    let why = |command: &str, chunks: &[_]| piped(command, chunks).unwrap_err().to_string();
    let hint =
        "; the status of the last command in it counts: end it with `; true` if that is no failure";
    let chunks = numbers(100_000);
    assert_eq!(
        why("cat; exit 3", &chunks),
        format!("--pipe 'cat; exit 3': ended with status 3{hint}")
    );
    assert_eq!(why("exit 3", &chunks), format!("--pipe 'exit 3': ended with status 3{hint}"));
    assert_eq!(why("kill -9 $$", &[]), format!("--pipe 'kill -9 $$': was ended by signal 9{hint}"));
    assert_eq!(
        why("no-such-command 2> /dev/null", &chunks),
        "--pipe 'no-such-command 2> /dev/null': ended with status 127: there is no such command, or it \
         cannot be run"
    );
    assert!(piped("grep x; true", &chunks).unwrap().is_empty());
}

#[test]
fn what_a_command_leaves_behind_is_not_waited_for() {
    let began = crate::clock::Stopwatch::start();
    assert_eq!(text(&piped("cat; sleep 30 & echo b", &numbers(1)).unwrap()), ["00000000", "b"]);
    assert_eq!(text(&piped("yes > /dev/null & echo a; kill $!", &[]).unwrap()), ["a"]);
    let rows = piped("yes & sleep 0.1; kill -9 $!", &[]).unwrap();
    assert!(rows.iter().all(|row| row == b"y"));
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn a_step_that_goes_leaves_no_process() {
    let mut pipe = Pipe::new("sleep 1000 & cat; sleep 1000".into());
    pipe.apply(&mut stream(&[b"a"])).unwrap();
    let pid = pipe.running.as_ref().unwrap().child.id();
    let path = format!("/proc/{pid}");
    assert!(std::fs::exists(&path).unwrap());
    drop(pipe);
    assert!(!std::fs::exists(&path).unwrap(), "neither running nor a zombie");
}

#[test]
fn pairs_go_in_with_a_tab_and_plain_records_come_out() {
    let mut chunk = Chunk::default();
    chunk.push_pair(Some(b"a"), b"1");
    chunk.push_pair(None, b"2");
    chunk.filtered = 3;
    let mut pipe = Pipe::new("cat".into());
    pipe.apply(&mut chunk).unwrap();
    let mut rows = Vec::new();
    chunk.for_each_key(|arena, start, end| rows.push(arena[start..end].to_vec()));
    assert_eq!((chunk.filtered, chunk.is_pairs()), (3, false));
    let mut rest = Chunk::default();
    pipe.finish(&mut rest).unwrap();
    rest.for_each_key(|arena, start, end| rows.push(arena[start..end].to_vec()));
    assert_eq!(text(&rows), ["a\t1", "\t2"]);
}
