//! Edits of plain records and of halves of pairs.

use super::*;

type Pair<'a> = (Option<&'a str>, &'a str);

fn pairs(list: &[Pair<'_>]) -> Chunk {
    let mut chunk = Chunk::default();
    for (key, value) in list {
        chunk.push_pair(key.map(str::as_bytes), value.as_bytes());
    }
    chunk
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn rows(chunk: &Chunk) -> Vec<Pair<'_>> {
    let row = |row| (chunk.key(row).map(text), text(chunk.value(row).unwrap()));
    (0..chunk.keys.len()).map(row).collect()
}

fn reasons(chunk: &Chunk) -> Vec<(&str, &str)> {
    chunk.bad.iter().map(|bad| (text(bad.record.as_ref().unwrap()), bad.reason.as_str())).collect()
}

/// Every outcome there is, by the first byte.
fn edited(bytes: &[u8], made: &mut Vec<u8>) -> Edit {
    match bytes {
        [b'w', ..] => Edit::Within(1, bytes.len()),
        [b'n', ..] => {
            made.extend_from_slice(&bytes.repeat(2));
            Edit::Anew
        }
        [b'd', ..] => Edit::Drop,
        [b'b', ..] => Edit::Bad("bad".into()),
        _ => Edit::Keep,
    }
}

#[test]
fn what_would_swell_beyond_an_arena_is_bad() {
    let mut chunk = pairs(&[(Some("a"), "1"), (Some("bb"), "2"), (Some("c"), "3")]);
    let large = vec![b'x'; MOST / 2];
    chunk.edit(|_, out| {
        out.extend_from_slice(&large);
        Edit::Anew
    });
    assert_eq!((chunk.keys.len(), chunk.bad.len()), (2, 1));
    assert!(chunk.bad[0].reason == SWOLLEN && chunk.value(0) == Some(b"1"));
}

#[test]
fn a_record_is_kept_cut_made_anew_dropped_or_bad() {
    let mut chunk = Chunk::default();
    chunk.append(b"kept\nwithin\nnew\ndrop\nbad\n\nnew too\n");
    chunk.set_uncut(b'\n');
    chunk.edit(edited);
    let found: Vec<_> = (0..5).map(|row| text(chunk.key(row).unwrap())).collect();
    assert_eq!(found, ["kept", "ithin", "newnew", "", "new toonew too"]);
    assert_eq!((reasons(&chunk), chunk.filtered), (vec![("bad", "bad")], 1));
    assert!(!chunk.is_pairs() && chunk.value(0).is_none());
}

#[test]
fn a_half_of_a_pair_is_edited_and_the_other_goes_along() {
    let list =
        [(Some("w"), "n1"), (None, "d2"), (Some("n"), "b3"), (Some("d"), "w"), (Some("b"), "k")];
    let mut chunk = pairs(&list);
    chunk.edit(edited);
    assert_eq!(rows(&chunk), [(Some(""), "n1"), (None, "d2"), (Some("nn"), "b3")]);
    assert_eq!((reasons(&chunk), chunk.filtered), (vec![("b", "bad")], 1));
    let mut chunk = pairs(&list);
    chunk.turn(Half::Value);
    chunk.edit(edited);
    assert_eq!(rows(&chunk), [(Some("w"), "n1n1"), (Some("d"), ""), (Some("b"), "k")]);
    assert_eq!((reasons(&chunk), chunk.filtered), (vec![("b3", "bad")], 1));
}

#[test]
fn parts_of_a_half_repeat_the_other() {
    let split = |bytes: &[u8], parts: &mut Parts<'_>| match bytes {
        b"bad" => {
            parts.push(0, 1);
            parts.refuse("why");
        }
        _ => {
            bytes.iter().enumerate().for_each(|(at, _)| parts.push(at, at + 1));
            parts.push_anew(|out| out.extend_from_slice(b"end"));
        }
    };
    let list = [(Some("ab"), "bad"), (None, "x"), (Some("bad"), "y"), (Some(""), "")];
    let mut chunk = pairs(&list);
    chunk.flat_map(split);
    let expected = [
        (Some("a"), "bad"),
        (Some("b"), "bad"),
        (Some("end"), "bad"),
        (None, "x"),
        (Some("end"), ""),
    ];
    assert_eq!((rows(&chunk), reasons(&chunk)), (expected.to_vec(), vec![("bad", "why")]));
    let mut chunk = pairs(&list);
    chunk.turn(Half::Value);
    chunk.flat_map(split);
    let expected =
        [(None, "x"), (None, "end"), (Some("bad"), "y"), (Some("bad"), "end"), (Some(""), "end")];
    assert_eq!((rows(&chunk), reasons(&chunk)), (expected.to_vec(), vec![("bad", "why")]));
}

#[test]
fn pairs_are_made_of_records_and_records_of_pairs() {
    let mut chunk = Chunk::default();
    chunk.append(b"\nab\nbad\n");
    chunk.set_uncut(b'\n');
    chunk.pair(|record, parts| match record.split_first() {
        Some((b'b', _)) => parts.refuse("why"),
        Some((_, rest)) => {
            let value = parts.anew(|out| out.extend_from_slice(rest));
            parts.push_pair(Some(parts.part(0, 1)), value);
            parts.push_pair(None, value);
        }
        None => parts.push_pair(Some(parts.part(0, 0)), parts.part(0, 0)),
    });
    assert_eq!(rows(&chunk), [(Some(""), ""), (Some("a"), "b"), (None, "b")]);
    assert_eq!(reasons(&chunk), [("bad", "why")]);
    chunk.retain(|key| key.is_empty());
    assert_eq!((rows(&chunk), chunk.filtered), (vec![(Some(""), ""), (None, "b")], 1));
    chunk.retain(|_| false);
    assert!(chunk.is_pairs() && chunk.keys.is_empty(), "also without any");
    let mut chunk = pairs(&[(None, "a"), (Some("b"), "c")]);
    chunk.turn(Half::Value);
    chunk.keep(Half::Value);
    let keys = |chunk: &Chunk| [0, 1].map(|row| text(chunk.key(row).unwrap()).to_string());
    assert_eq!((keys(&chunk), chunk.is_pairs()), (["a".into(), "c".into()], false));
    let mut chunk = pairs(&[(None, "a"), (Some("b"), "c")]);
    chunk.keep(Half::Key);
    assert_eq!(keys(&chunk), ["", "b"]);
    chunk.clear();
    assert!(!chunk.is_pairs());
}

#[test]
fn what_is_made_anew_is_from_where_it_was_made_of() {
    let origin = crate::origin::Origin::new("a");
    let mut chunk = Chunk::default();
    chunk.append(b"x y\nz\n");
    chunk.origins.add(&origin, 0..6, Some(100));
    chunk.set_uncut(b'\n');
    chunk.pair(|record, parts| match record.len() {
        1 => {
            let made = parts.anew(|out| out.extend_from_slice(b"new"));
            parts.push_pair(Some(parts.part(0, 1)), made);
        }
        _ => parts.push_pair(Some(parts.part(0, 1)), parts.part(2, 3)),
    });
    chunk.retain(|_| true);
    chunk.edit(|_, _| Edit::Bad("why".into()));
    let places: Vec<_> = chunk.bad.iter().map(|bad| bad.position.as_str()).collect();
    assert_eq!(places, ["a, byte 100", "a, byte 104"]);
}
