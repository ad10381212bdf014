//! JSON lines: `{"time":"…","key":"…","value":4}`, one object a row; every row of the batch.
//!
//! The names are those of `tsv`. Objects are put together from pieces made once a run or a batch;
//! only strings, whose escapes are easy to get wrong, are left to `serde_json`. JSON is UTF-8:
//! other bytes become U+FFFD. It knows no infinity either: that is null, as is what there is none
//! of.

use std::time::Duration;

use super::{Format, Row, Rows, Settings, Shape, Spec, number};
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::part::{Ability, Header, Times};
use crate::report::value::Value;

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "json",
    help: "one JSON object a row, with the Time, every row",
    extension: "json",
    can: Ability {
        prints_part: false,
        times: Times::Field,
        header: Header::None,
        of_counts: false,
    },
    build: |settings| Box::new(Json::new(settings)),
};

/// Writes rows as objects.
pub(super) struct Json {
    shape: Shape,
    clockface: Clockface,
    window: Option<Duration>,
    /// The names as they stand before a field: `"key":`, `,"value":`.
    labels: Vec<Vec<u8>>,
    /// What every row of this batch begins with: the brace and the Time.
    lead: Vec<u8>,
}

impl Json {
    /// Makes it.
    pub(super) fn new(settings: &Settings) -> Json {
        let label = |(place, name): (usize, &str)| {
            let mut label = if place > 0 { vec![b','] } else { Vec::new() };
            string(&mut label, name.as_bytes());
            label.push(b':');
            label
        };
        let labels = settings.names().into_iter().enumerate().map(label).collect();
        let (shape, clockface) = (settings.shape, settings.clockface.clone());
        Json { shape, clockface, window: settings.window, labels, lead: vec![b'{'] }
    }

    /// Appends the object of a row, without a newline.
    pub(super) fn object(&self, out: &mut Vec<u8>, row: Row<'_>) {
        let mut labels = self.labels.iter();
        let mut label = |out: &mut Vec<u8>| {
            out.extend_from_slice(labels.next().expect("a name for each field"));
        };
        // Texts, of which the key can be missing, and values behind them.
        let (texts, values): (&[Option<&[u8]>], &[Value]) = match row {
            Row::Record(record) => (&[Some(record)], &[]),
            Row::Pair(key, value) => (&[key, Some(value)], &[]),
            Row::Keyed(key, values) => (&[key], values),
            Row::Whole(values) => (&[], values),
        };
        out.extend_from_slice(&self.lead);
        for text in texts {
            label(out);
            match text {
                Some(text) => string(out, text),
                None => out.extend_from_slice(b"null"),
            }
        }
        for value in values {
            label(out);
            write_value(out, value);
        }
        out.push(b'}');
    }
}

impl Format for Json {
    fn begin(&mut self, _: &mut Vec<u8>, time: Stamp) {
        self.lead.truncate(1);
        if !self.clockface.is_shown() {
            return;
        }
        let quote: &[u8] = if self.clockface.style == Style::Epoch { b"" } else { b"\"" };
        let start = self.window.map(|window| (&b"\"start\":"[..], time.before(window)));
        for (label, time) in [(&b"\"time\":"[..], time)].into_iter().chain(start) {
            self.lead.extend_from_slice(label);
            self.lead.extend_from_slice(quote);
            self.clockface.styled(&mut self.lead, time);
            self.lead.extend_from_slice(quote);
            self.lead.push(b',');
        }
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| {
            self.object(out, row);
            out.push(b'\n');
        });
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    serde_json::to_writer(out, text.as_ref()).expect("a Vec takes all bytes");
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Int(value) => number::int(out, *value),
        Value::Float(value) if value.is_finite() => number::double(out, *value),
        Value::Float(_) | Value::None => out.extend_from_slice(b"null"),
        Value::Bytes(text) => string(out, &text.0),
        Value::Json(text) => out.extend_from_slice(String::from_utf8_lossy(&text.0).as_bytes()),
        Value::List(texts) => {
            for (place, text) in texts.iter().enumerate() {
                out.push(if place > 0 { b',' } else { b'[' });
                string(out, text);
            }
            out.extend_from_slice(if texts.is_empty() { b"[]" } else { b"]" });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{batch, keyless, pairs, pieces, records, report, settings, whole};
    use super::*;
    use proptest::prelude::*;

    fn with_style(shape: Shape, columns: &[&str], style: Style) -> Settings {
        Settings { clockface: Clockface::new(true, style), ..settings(shape, columns) }
    }

    #[test]
    fn an_object_has_the_time_the_key_and_the_values() {
        let counts = report(&[("kafka", vec![Value::Int(4)])]);
        let json =
            |style| batch(&SPEC, &with_style(Shape::Keyed, &["value"], style), pieces(&counts));
        let expected = "{\"time\":\"2018-12-11T01:31:21+00:00\",\"key\":\"kafka\",\"value\":4}\n";
        assert_eq!(json(Style::Rfc3339), expected);
        assert_eq!(json(Style::Epoch), "{\"time\":1544491881,\"key\":\"kafka\",\"value\":4}\n");
        assert_eq!(json(Style::Absent), "{\"key\":\"kafka\",\"value\":4}\n");
    }

    #[test]
    fn each_shape_has_its_names() {
        let absent = |shape, columns: &[&str]| with_style(shape, columns, Style::Absent);
        let lines = records(&[&b"say \"hi\"\t\\"[..], b"a\xffb"]);
        let expected = "{\"record\":\"say \\\"hi\\\"\\t\\\\\"}\n{\"record\":\"a\u{fffd}b\"}\n";
        let rows = vec![Rows::of(&lines)];
        assert_eq!(batch(&SPEC, &absent(Shape::Records, &[]), rows), expected);
        let halves = pairs(&[("k", "v")]);
        let rows = vec![Rows::of(&halves)];
        let expected = "{\"key\":\"k\",\"value\":\"v\"}\n";
        assert_eq!(batch(&SPEC, &absent(Shape::Pairs, &[]), rows), expected);
        let lacking = keyless("v");
        let rows = vec![Rows::of(&lacking)];
        let expected = "{\"key\":null,\"value\":\"v\"}\n{\"key\":\"\",\"value\":\"v\"}\n";
        assert_eq!(batch(&SPEC, &absent(Shape::Pairs, &[]), rows), expected);
        let values = [Value::Int(-4), Value::Float(2.0), Value::None, Value::Float(f64::INFINITY)];
        let expected = "{\"count\":-4,\"mean\":2.0,\"min\":null,\"max\":null}\n";
        let named = absent(Shape::Whole, &["count", "mean", "min", "max"]);
        assert_eq!(batch(&SPEC, &named, pieces(&whole(&values))), expected);
    }

    #[test]
    fn no_batch_carries_the_time_of_another() {
        let lines = records(&["a"]);
        let settings = with_style(Shape::Records, &[], Style::Epoch);
        let (mut format, mut out) = ((SPEC.build)(&settings), Vec::new());
        for time in [1000, 1500] {
            format.begin(&mut out, Stamp(time));
            format.rows(&mut out, Rows::of(&lines));
            format.end(&mut out);
        }
        let expected = "{\"time\":1,\"record\":\"a\"}\n{\"time\":1.5,\"record\":\"a\"}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn each_line_reads_back_as_the_lossy_text_and_the_number(
            rows in prop::collection::vec((any::<Vec<u8>>(), any::<i64>(), any::<f64>()), 0..8)
        ) {
            let columns = ["count", "mean"];
            let values = |(key, int, float): &(Vec<u8>, i64, f64)| {
                (key.clone(), vec![Value::Int(*int), Value::Float(*float)])
            };
            let report = report(&rows.iter().map(values).collect::<Vec<_>>());
            let settings = settings(Shape::Keyed, &columns);
            let text = batch(&SPEC, &settings, pieces(&report));
            prop_assert_eq!(text.lines().count(), rows.len());
            for (line, (key, int, float)) in text.lines().zip(rows) {
                let object: serde_json::Value = serde_json::from_str(line).unwrap();
                prop_assert_eq!(object["key"].as_str(), Some(&*String::from_utf8_lossy(&key)));
                prop_assert_eq!(object["count"].as_i64(), Some(int));
                // serde_json is not exact with doubles, so the text itself is read.
                let (_, mean) = line.trim_end_matches('}').rsplit_once("\"mean\":").unwrap();
                let null = float.is_infinite() && mean == "null";
                prop_assert!(null || mean.parse() == Ok(float), "{} {}", mean, float);
            }
        }
    }
}
