//! Rows as messages for a topic: the key as key, and the value, or the row as JSON, as value.
//!
//! This is no format that anybody can type: it is made for an output that needs the rows apart, beside
//! the text that the others get. Key and value pass untouched. Several statistics stand in the value as
//! `text` writes them, with tabs between. A row that has no key has none as a message either.

use super::Plain;
use crate::clock::Stamp;
use crate::format::json::Json;
use crate::format::separated::{write_row, write_values};
use crate::format::{Format, Row, Rows, Settings, Shape};
use crate::wire::message::put;

/// Makes messages of rows, whose values are JSON or what `text` writes behind the key.
pub fn messages(settings: &Settings, as_json: bool) -> Box<dyn Format> {
    let json = as_json.then(|| Json::new(settings));
    Box::new(Messages { shape: settings.shape, json })
}

struct Messages {
    shape: Shape,
    /// Writes the values, if they are JSON.
    json: Option<Json>,
}

impl Format for Messages {
    fn begin(&mut self, out: &mut Vec<u8>, time: Stamp) {
        self.json.iter_mut().for_each(|json| json.begin(out, time));
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| {
            let key = match row {
                Row::Pair(key, _) => key,
                Row::Keyed(key, _) => key,
                Row::Record(_) | Row::Whole(_) => None,
            };
            put(out, key, |out| match &self.json {
                Some(json) => json.object(out, row),
                None => value(out, row),
            });
        });
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Appends a row without its key.
fn value(out: &mut Vec<u8>, row: Row<'_>) {
    match row {
        Row::Pair(_, value) => out.extend_from_slice(value),
        Row::Keyed(_, values) => write_values::<Plain>(out, values),
        row => write_row::<Plain>(out, row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples::{TIME, keyless, pairs, pieces, records, report, settings, whole};
    use crate::report::value::Value;
    use crate::wire::message::{Message, Pieces};

    /// Key and value of each row, with `-` for a key that is missing.
    fn sent(shape: Shape, columns: &[&str], as_json: bool, rows: Vec<Rows<'_>>) -> Vec<String> {
        let (mut format, mut out) = (messages(&settings(shape, columns), as_json), Vec::new());
        assert!(format.header().is_empty());
        format.begin(&mut out, TIME);
        rows.into_iter().for_each(|rows| format.rows(&mut out, rows));
        format.end(&mut out);
        let (mut sent, mut all) = (Vec::new(), Pieces::default());
        let each = |Message { key, value }: Message<'_>| {
            let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
            sent.push(format!("{}={}", key.map_or("-".to_string(), shown), shown(value)));
            Ok::<(), ()>(())
        };
        all.take(&out, each).unwrap();
        assert!(all.is_whole());
        sent
    }

    #[test]
    fn the_key_is_the_key_and_the_rest_is_the_value() {
        let (lines, halves) = (records(&[&b"a\xff\t\n"[..], b""]), pairs(&[("k", "v\n")]));
        let lacking = keyless("v");
        let counts = report(&[("k", vec![Value::Int(4)])]);
        let several = report(&[("k\t", vec![Value::Int(4), Value::None, Value::Float(2.0)])]);
        let alone = whole(&[Value::Int(7)]);
        let table = [
            (Shape::Records, vec![Rows::of(&lines)], vec![r"-=a\xff\t\n", "-="]),
            (Shape::Pairs, vec![Rows::of(&halves)], vec![r"k=v\n"]),
            (Shape::Pairs, vec![Rows::of(&lacking)], vec!["-=v", "=v"]),
            (Shape::Keyed, pieces(&counts), vec!["k=4"]),
            (Shape::Keyed, pieces(&several), vec![r"k\t=4\t\t2.0"]),
            (Shape::Whole, pieces(&alone), vec!["-=7"]),
            (Shape::Records, vec![], vec![]),
        ];
        for (shape, rows, expected) in table {
            assert_eq!(sent(shape, &["value"], false, rows), expected, "{shape:?}");
        }
    }

    #[test]
    fn as_json_the_value_is_the_row_with_its_time_and_the_key_stays_the_key() {
        let counts = report(&[("k", vec![Value::Int(4)])]);
        let expected = r#"k={\"time\":\"2018-12-11T01:31:21+00:00\",\"key\":\"k\",\"value\":4}"#;
        assert_eq!(sent(Shape::Keyed, &["value"], true, pieces(&counts)), [expected]);
        let lines = records(&["a"]);
        let expected = r#"-={\"time\":\"2018-12-11T01:31:21+00:00\",\"record\":\"a\"}"#;
        assert_eq!(sent(Shape::Records, &[], true, vec![Rows::of(&lines)]), [expected]);
    }
}
