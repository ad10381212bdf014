//! Where flags come from that were not typed: what is said of one begins with that place.

use clap::Arg;

use crate::error::Error;

/// The places of flags: a variable, or a line of a file.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// `--interval`, or `-i`, and its place.
    places: Vec<(String, String)>,
    /// What is to be said of variables that look like ours and are none, and of secrets that are typed.
    pub strays: Vec<String>,
}

impl Origins {
    /// A flag is given in this place.
    pub fn add(&mut self, arg: &Arg, place: String) {
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        self.places.extend(short.into_iter().chain(long).map(|name| (name, place.clone())));
    }

    /// The place of a flag that was not typed.
    pub fn of(&self, flag: &str) -> Option<&str> {
        let mut places = self.places.iter().filter(|(name, _)| name == flag);
        places.next_back().map(|(_, place)| &**place)
    }

    /// What is wrong with a flag, with its place before it.
    pub fn placed(&self, error: Error) -> Error {
        match error {
            Error::Usage(message) => {
                let flag = message.split([' ', ':', '=', '<']).next().unwrap_or_default();
                match self.of(flag) {
                    Some(place) => Error::Usage(format!("{place}: {message}")),
                    None => Error::Usage(message),
                }
            }
            other => other,
        }
    }
}
