//! Formats: however rows come in pieces, the text is the same; what is read of csv, tsv and json is what was written.
//!
//! Fields, a NUL between them: records, or pairs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::clock::Stamp;
use weir::clock::clockface::{Clockface, Style};
use weir::format::{FORMATS, Rows, Settings, Shape};

/// What a format makes of rows that come in pieces of so many.
fn written(name: &str, settings: &Settings, chunk: &Chunk, piece: usize) -> Vec<u8> {
    let spec = FORMATS.iter().find(|spec| spec.name == name).expect("there is such a format");
    let (mut format, mut out) = ((spec.build)(settings), Vec::new());
    format.begin(&mut out, Stamp(1_544_491_881_000));
    let rows = chunk.keys.len();
    for start in (0..rows).step_by(piece) {
        format.rows(&mut out, Rows::Records(chunk, start..rows.min(start + piece)));
    }
    format.end(&mut out);
    out
}

/// What a field of tsv means.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), field.iter());
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().expect("an escape has a letter") {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                other => panic!("no escape: {other}"),
            },
            byte => byte,
        });
    }
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let (is_pairs, piece) = (first % 2 == 1, usize::from(first / 2) + 1);
    let fields: Vec<&[u8]> = bytes.split(|&byte| byte == 0).collect();
    let (mut chunk, mut rows) = (Chunk::default(), Vec::new());
    for pair in fields.chunks(2) {
        match pair {
            [key, value] if is_pairs => {
                chunk.push_pair(Some(key), value);
                rows.push(vec![*key, *value]);
            }
            fields if !is_pairs => {
                fields.iter().for_each(|field| chunk.push(field));
                rows.extend(fields.iter().map(|field| vec![*field]));
            }
            _ => {}
        }
    }
    let settings = Settings {
        shape: if is_pairs { Shape::Pairs } else { Shape::Records },
        columns: vec!["value".to_string()],
        clockface: Clockface::new(true, Style::Absent),
        num: 3,
        window: None,
        header: false,
        delimiter: b'\n',
        bare: false,
    };
    for spec in FORMATS.iter().filter(|spec| !spec.can.of_counts) {
        let whole = written(spec.name, &settings, &chunk, usize::MAX);
        assert_eq!(written(spec.name, &settings, &chunk, piece), whole, "{}", spec.name);
    }

    let tsv = written("tsv", &settings, &chunk, usize::MAX);
    let lines = tsv.split_inclusive(|&byte| byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\n").expect("a line ends"));
    let read = lines.map(|line| line.split(|&byte| byte == b'\t').map(unescaped).collect());
    assert_eq!(read.collect::<Vec<Vec<_>>>(), rows);

    let csv = written("csv", &settings, &chunk, usize::MAX);
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(&csv[..]);
    let records = reader.into_byte_records().map(|record| record.expect("it is CSV"));
    let read = records.map(|record| record.iter().map(<[u8]>::to_vec).collect());
    assert_eq!(read.collect::<Vec<Vec<_>>>(), rows);

    let json = written("json", &settings, &chunk, usize::MAX);
    let lines = std::str::from_utf8(&json).expect("JSON is UTF-8").lines();
    let names = settings.names();
    let read = lines.map(|line| {
        let object: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        names.iter().map(|name| object[name].as_str().expect("a string").to_string()).collect()
    });
    let lossy = |row: &Vec<&[u8]>| -> Vec<String> {
        row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
    };
    assert_eq!(read.collect::<Vec<Vec<_>>>(), rows.iter().map(lossy).collect::<Vec<_>>());
});
