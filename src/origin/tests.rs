//! Places of bytes that were read, made and copied, and the records around them.

use super::*;

fn origins(runs: &[(&str, Range<usize>, u64)]) -> Origins {
    let mut origins = Origins::default();
    for (name, bytes, first) in runs {
        origins.add(&Origin::new(*name), bytes.clone(), Some(*first));
    }
    origins
}

fn positions(origins: &Origins, at: &[usize]) -> Vec<String> {
    at.iter().map(|&at| origins.record(&[0; 99], at, None).unwrap().position).collect()
}

#[test]
fn what_goes_on_where_it_was_is_one_run() {
    let origins = origins(&[("a", 0..10, 0), ("a", 10..20, 10), ("a", 20..30, 25)]);
    assert_eq!(origins.runs().count(), 2, "there is a gap before byte 25");
    assert_eq!(positions(&origins, &[19, 20]), ["a, byte 19", "a, byte 25"]);
}

#[test]
fn any_byte_has_the_place_of_its_record_and_its_own_within_that() {
    let arena = b"ab\ncd e\r\n\nx\n";
    let mut origins = origins(&[("a", 0..10, 100), ("b", 10..12, 7)]);
    origins.set_delimiter(b'\n');
    let table = [
        (0, "a, byte 100", 0..2, 0),
        (2, "a, byte 100", 0..2, 2),
        (6, "a, byte 103", 3..7, 3),
        (7, "a, byte 103", 3..7, 4),
        (9, "a, byte 109", 9..9, 0),
        (10, "b, byte 7", 10..11, 0),
    ];
    for (asked, position, bytes, at) in table {
        let position = position.to_string();
        let expected = Record { position, bytes: Some(bytes), at: Some(at) };
        assert_eq!(origins.record(arena, asked, None), Some(expected), "{asked}");
    }
}

#[test]
fn what_is_made_is_of_the_record_it_is_made_of_however_often() {
    let arena = b"ab\ncd e\n--------------------";
    let mut origins = origins(&[("a", 0..8, 0)]);
    origins.set_delimiter(b'\n');
    for (of, start) in [(6, 8), (0, 10), (5, 11)] {
        origins.made(of, start);
    }
    origins.made_until(14);
    origins.made(8, 14);
    origins.made_until(16);
    origins.copied(3, 16..20);
    let second = |at| Record { position: "a, byte 3".to_string(), bytes: Some(3..7), at };
    for made in [8, 9, 11, 13, 14, 15] {
        assert_eq!(origins.record(arena, made, None), Some(second(None)), "{made}");
    }
    assert_eq!(origins.record(arena, 10, None).unwrap().position, "a, byte 0");
    assert_eq!(origins.record(arena, 19, None), Some(second(Some(3))), "a copy is the same");
    assert_eq!(positions(&origins, &[20]), ["a"], "nothing is said of what follows");
    assert_eq!(origins.run_at(8), Some((&Origin::new("a"), 8..14)));
}

#[test]
fn records_of_a_partition_have_numbers_also_where_some_are_missing_or_empty() {
    let (mut origins, a) = (Origins::default(), Origin::partition("t[3]"));
    for (bytes, record, number) in
        [(1..5, 2..4, 7), (5..6, 5..5, 8), (6..9, 6..8, 9), (9..12, 9..11, 12)]
    {
        origins.add_record(&a, bytes, record, number);
    }
    origins.add_record(&Origin::partition("t[4]"), 12..14, 12..13, 13);
    assert_eq!(origins.runs().count(), 3, "10 and 11 are missing");
    let found = positions(&origins, &[1, 4, 5, 6, 8, 9, 13]);
    assert_eq!(found, ["t[3]@7", "t[3]@7", "t[3]@8", "t[3]@9", "t[3]@9", "t[3]@12", "t[4]@13"]);
    let of = |at| origins.record(b"", at, None).map(|record| (record.bytes.unwrap(), record.at));
    assert_eq!(of(1), Some((2..4, None)), "its key, which is before it");
    assert_eq!((of(3), of(5)), (Some((2..4, Some(1))), Some((5..5, Some(0)))));
    let mut copy = Origins::default();
    copy.taken(0..3, &origins, 9);
    assert_eq!(positions(&copy, &[2]), ["t[3]@12"]);
}

#[test]
fn a_record_that_is_noted_is_found_and_what_stands_elsewhere_is_not_of_one() {
    let mut origins = Origins::default();
    origins.add(&Origin::peer("p"), 0..20, None);
    [3..7, 9..9].into_iter().for_each(|record| origins.note(record));
    let of = |at| origins.record(b"", at, None).map(|record| (record.bytes, record.at));
    assert_eq!((of(5), of(9)), (Some((Some(3..7), Some(2))), Some((Some(9..9), Some(0)))));
    assert_eq!((of(8), of(12)), (Some((None, None)), Some((None, None))));
}

#[test]
fn of_bytes_that_nothing_is_said_of_only_the_origins_of_the_chunk_are_known() {
    assert_eq!(Origins::default().record(b"", 0, None), None);
    let mut runs = vec![("a", 0..10, 0)];
    assert_eq!(positions(&origins(&runs), &[10]), ["a"]);
    runs.extend([("b", 10..20, 0), ("a", 20..30, 10), ("c", 30..40, 0)]);
    assert_eq!(positions(&origins(&runs[..2]), &[99]), ["a or b"]);
    assert_eq!(positions(&origins(&runs), &[99]), ["a, b or c"]);
    runs.extend([("d", 40..50, 0), ("e", 50..60, 0)]);
    assert_eq!(positions(&origins(&runs), &[99]), ["a, b, c or 2 others"]);
}

#[test]
fn where_an_origin_begins_is_known_and_goes_along_with_a_copy() {
    let origins = origins(&[("a", 0..10, 100), ("b", 10..20, 0), ("b", 20..30, 10)]);
    let b = Origin::new("b");
    assert_eq!(origins.beginnings().collect::<Vec<_>>(), [&b]);
    assert_eq!(origins.run_at(25), Some((&b, 10..30)));
    assert_eq!(origins.run_at(30), None);
    let mut copy = Origins::default();
    copy.taken(0..3, &origins, 10);
    copy.taken(3..5, &origins, 4);
    assert_eq!(copy.beginnings().collect::<Vec<_>>(), [&b]);
    assert_eq!(positions(&copy, &[0, 4]), ["b, byte 0", "a, byte 105"]);
}

#[test]
fn a_path_is_shown_in_one_line_and_keeps_its_bytes() {
    let path = Path::new(std::ffi::OsStr::from_bytes(b"a\nb\xff, \xc3\xa9"));
    let origin = Origin::file(path);
    assert_eq!(origin.at(7), "a\\nb\u{fffd}, \u{e9}, byte 7");
    assert_eq!(origin.name(), b"a\nb\xff, \xc3\xa9");
}

#[test]
fn an_origin_is_held_by_whoever_more_may_come_from() {
    let source = Origin::peer("a");
    let learned = source.clone();
    assert!(learned.is_held() && learned.is_peer() && !Origin::new("a").is_peer());
    drop(source);
    assert!(!learned.is_held());
}
