//! What a program has made, as a report shows it: numbers and strings as such, all else as JSON.

use crate::jq::Number;
use crate::report::value::{Text, Value};
use crate::selector::json::text::unescape;

/// The value of a row; the bytes are compact JSON.
pub fn shown(json: &[u8]) -> Value {
    let text = |bytes: &[u8]| Box::new(Text(bytes.into()));
    match json {
        b"null" => Value::None,
        [b'"', inner @ .., b'"'] => {
            let mut bare = Vec::new();
            unescape(inner, &mut bare);
            Value::Bytes(Box::new(Text(bare.into())))
        }
        [b'-' | b'0'..=b'9', ..] => match Number::read(json) {
            Number::Int(whole) => Value::Int(whole),
            // An integer that 64 bits do not hold keeps its digits.
            _ if json.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') => {
                Value::Json(text(json))
            }
            number if number.double().is_finite() => Value::Float(number.double()),
            _ => Value::Json(text(json)),
        },
        _ => Value::Json(text(json)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_are_values_and_all_else_is_json() {
        let json = |text: &str| Value::Json(Box::new(Text(text.as_bytes().into())));
        let table = [
            ("null", Value::None),
            ("-7", Value::Int(-7)),
            ("1.50", Value::Float(1.5)),
            ("1e+20", Value::Float(1e20)),
            ("12345678901234567890", json("12345678901234567890")),
            ("1e999", json("1e999")),
            ("\"a\\nb\"", Value::Bytes(Box::new(Text(b"a\nb"[..].into())))),
            ("{\"a\":1}", json("{\"a\":1}")),
            ("true", json("true")),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text.as_bytes()), expected, "{text}");
        }
    }
}
