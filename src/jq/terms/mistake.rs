//! What is wrong with the text of a program, with a mark under the place.

use jaq_core::compile::Undefined;

use crate::jq::builtins::refused;
use crate::selector;

/// Something else was expected there, at a part of the text.
pub(in crate::jq) fn expected(text: &str, at: &str, what: &str) -> String {
    let what = match (what, at.is_empty()) {
        ("nothing", _) => "the program should have ended before this".to_string(),
        (what, true) => format!("{what} is expected, and the program ends"),
        (what, false) => format!("{what} is expected"),
    };
    pointed(text, at, &what)
}

/// There is nothing of this name.
pub(in crate::jq) fn undefined(text: &str, name: &str, what: &Undefined) -> String {
    let reason = refused(name).map_or_else(
        || match what {
            Undefined::Filter(0) => format!("there is no {name}"),
            Undefined::Filter(arity) => format!("there is no {name} of {arity} arguments"),
            what => format!("there is no {} {name}", what.as_str()),
        },
        |why| format!("{name}: {why}"),
    );
    pointed(text, name, &reason)
}

/// Points at a part of a text, in its line.
fn pointed(text: &str, part: &str, what: &str) -> String {
    let at = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    if at > text.len() {
        // It is none of the text: nothing to point at.
        return what.to_string();
    }
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    selector::mistake(&text[start..end], at - start, what)
}
