//! A place that is lost: the records that come next were deleted before they were read.

use crate::error::Error;
use crate::say::say;
use crate::source::kafka::flags::OnReset;
use crate::source::kafka::parts::Part;
use crate::source::kafka::start::Range;

/// Where reading goes on, and says what is lost; an error if it is to end the run.
pub fn go_on(part: &Part, range: Range, on_reset: OnReset) -> Result<i64, Error> {
    let (position, Range { low, high }) = (part.position, range);
    let name = &part.origin;
    let what = match position < low {
        true => {
            format!(
                "{name}: offset {position} comes next, and is deleted: there is {low} to {high}"
            )
        }
        false => format!("{name}: offset {position} comes next, and the partition ends at {high}"),
    };
    let lost = |to: i64| match to - position {
        lost if lost > 0 => {
            format!("{lost} record{} lost", if lost == 1 { " is" } else { "s are" })
        }
        _ => "the place is lost".to_string(),
    };
    let to = match on_reset {
        OnReset::Fail => {
            return Err(Error::Refused(format!(
                "{what}; --on-offset-reset earliest goes on at {low}, where {}; latest goes on at {high}",
                lost(low)
            )));
        }
        OnReset::Earliest => low,
        OnReset::Latest => high,
    };
    say(&format!("{what}; going on at {to}, {}", lost(to)));
    Ok(to)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::kafka::parts::{Kept, Parts};

    fn at(position: i64, range: (i64, i64), on_reset: OnReset) -> Result<i64, Error> {
        let mut parts = Parts::default();
        let kept = Kept { position, last: None };
        let part = parts.add(&Arc::from("t"), 3, kept, i64::MAX);
        go_on(parts.get(part), Range { low: range.0, high: range.1 }, on_reset)
    }

    #[test]
    fn a_lost_place_ends_the_run_or_goes_on_as_is_asked_for() {
        assert_eq!(at(10, (15, 20), OnReset::Earliest).unwrap(), 15);
        assert_eq!(at(10, (15, 20), OnReset::Latest).unwrap(), 20);
        let told = at(10, (15, 20), OnReset::Fail).unwrap_err();
        assert_eq!(told.exit_status(), 2);
        let expected = "t[3]: offset 10 comes next, and is deleted: there is 15 to 20; --on-offset-reset \
                        earliest goes on at 15, where 5 records are lost; latest goes on at 20";
        assert_eq!(told.to_string(), expected);
        let told = at(10, (0, 3), OnReset::Fail).unwrap_err().to_string();
        assert!(told.contains("offset 10 comes next, and the partition ends at 3"), "{told}");
    }
}
