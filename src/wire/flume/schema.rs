//! Whether two protocols mean the same: by what they look like on the wire, and not by their texts.
//!
//! A protocol's text has comments, an order of keys and attributes of which the wire knows nothing, and
//! its hash covers them all. So each text is brought into one form, and the forms are compared: messages
//! by name, parameters in order, each named type written out where it is met first.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Wrong;

/// The longest text that is looked at.
const LONGEST: usize = 1 << 16;

/// The one form of a protocol's text.
pub fn form(text: &[u8]) -> Result<String, Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::new(format!("a protocol of {} bytes", text.len())));
    }
    let protocol: Value = serde_json::from_slice(text).map_err(|_| nonsense("is not JSON"))?;
    let mut types = Types::default();
    types.learn(protocol.get("types"));
    let messages = protocol.get("messages").and_then(Value::as_object);
    let messages: BTreeMap<_, _> =
        messages.ok_or_else(|| nonsense("has no messages"))?.iter().collect();
    let mut form = String::new();
    for (name, message) in messages {
        form.push_str(&format!("{name:?}("));
        let request = message.get("request").and_then(Value::as_array);
        for parameter in request.ok_or_else(|| nonsense("has a message without a request"))? {
            types.put(parameter.get("type"), &mut form)?;
            form.push(',');
        }
        form.push(')');
        types.put(message.get("response"), &mut form)?;
        form.push(';');
    }
    Ok(form)
}

fn nonsense(what: &str) -> Wrong {
    Wrong::new(format!("its protocol {what}"))
}

/// The named types of a protocol, each until it is written out.
#[derive(Default)]
struct Types<'a>(BTreeMap<&'a str, Option<&'a Map<String, Value>>>);

/// A name without its namespace.
fn simple(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

impl<'a> Types<'a> {
    fn learn(&mut self, types: Option<&'a Value>) {
        for object in
            types.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            self.0.insert(simple(text(object, "name")), Some(object));
        }
    }

    fn put(&mut self, kind: Option<&'a Value>, form: &mut String) -> Result<(), Wrong> {
        match kind.ok_or_else(|| nonsense("lacks a type"))? {
            Value::String(name) => match self.0.get_mut(simple(name)).map(Option::take) {
                Some(Some(object)) => self.put_object(object, form)?,
                // Written out before, or a type without a name.
                _ => form.push_str(simple(name)),
            },
            Value::Array(branches) => {
                form.push('[');
                for branch in branches {
                    self.put(Some(branch), form)?;
                    form.push(',');
                }
                form.push(']');
            }
            Value::Object(object) => self.put_object(object, form)?,
            _ => return Err(nonsense("has a type that is none")),
        }
        Ok(())
    }

    fn put_object(
        &mut self,
        object: &'a Map<String, Value>,
        form: &mut String,
    ) -> Result<(), Wrong> {
        match text(object, "type") {
            "array" => {
                form.push_str("array ");
                self.put(object.get("items"), form)
            }
            "map" => {
                form.push_str("map ");
                self.put(object.get("values"), form)
            }
            "enum" => {
                let symbols = object.get("symbols").unwrap_or(&Value::Null);
                form.push_str(&format!("enum {}{symbols}", simple(text(object, "name"))));
                Ok(())
            }
            "fixed" => {
                let size = object.get("size").unwrap_or(&Value::Null);
                form.push_str(&format!("fixed {}{size}", simple(text(object, "name"))));
                Ok(())
            }
            "record" => {
                form.push_str(&format!("record {}{{", simple(text(object, "name"))));
                for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                    let name = field.get("name").and_then(Value::as_str).unwrap_or("");
                    form.push_str(&format!("{name:?}:"));
                    self.put(field.get("type"), form)?;
                    form.push(',');
                }
                form.push('}');
                Ok(())
            }
            // As in {"type": "string", "avro.java.string": "String"}.
            _ => self.put(object.get("type"), form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::push;
    use super::*;

    #[test]
    fn comments_order_and_attributes_mean_nothing() {
        let ours = form(push::PROTOCOL.text.as_bytes()).unwrap();
        let same = r#"{"messages": {
                "appendBatch": {"response": "Status", "one-way": false, "request": [{"name": "e", "type":
                    {"items": "org.apache.flume.source.avro.AvroFlumeEvent", "type": "array"}}]},
                "append": {"doc": "one", "request": [{"type": "AvroFlumeEvent", "name": "x"}],
                    "response": "Status"}},
            "types": [{"fields": [{"name": "headers", "order": "ignore", "type": {"type": "map", "values":
                    {"type": "string", "avro.java.string": "String"}}}, {"name": "body", "type": "bytes"}],
                    "name": "AvroFlumeEvent", "type": "record"},
                {"type": "enum", "name": "org.apache.Status", "symbols": ["OK", "FAILED", "UNKNOWN"]}],
            "protocol": "Another", "doc": "another"}"#;
        assert_eq!(form(same.as_bytes()).unwrap(), ours);
        for (from, to) in [
            ("\"bytes\"", "\"string\""),
            ("[\"OK\", ", "[\"FINE\", "),
            ("\"appendBatch\"", "\"appendAll\""),
            ("\"headers\"", "\"header\""),
            ("{\"name\": \"body\"", "{\"name\": \"id\", \"type\": \"long\"}, {\"name\": \"body\""),
        ] {
            let other = same.replacen(from, to, 1);
            assert_ne!(other, same);
            assert_ne!(form(other.as_bytes()).unwrap(), ours, "{to}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_circles_end() {
        let table = [
            "",
            "[]",
            "{}",
            r#"{"messages": {"a": {}}}"#,
            r#"{"messages": {"a": {"request": []}}}"#,
        ];
        for text in table {
            assert!(form(text.as_bytes()).is_err(), "{text}");
        }
        let circle = r#"{"types": [{"type": "record", "name": "T", "fields": [{"name": "t", "type": "T"}]}],
            "messages": {"a": {"request": [{"type": "T"}], "response": "null"}}}"#;
        assert_eq!(form(circle.as_bytes()).unwrap(), r#""a"(record T{"t":T,},)null;"#);
        assert!(form(&vec![b' '; LONGEST + 1]).is_err());
    }
}
