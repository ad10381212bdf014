//! `--progress`, and where it shows something.

use clap::ValueEnum;

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, where nothing is printed meanwhile.
    Auto,
    /// Wherever stderr leads.
    Always,
    /// Not at all.
    Never,
}

/// Flags about progress, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Engine")]
pub struct Flags {
    /// Show on stderr how far the run is: auto|always|never
    ///
    /// Where the end is known (files, a regular file on stdin, Kafka with --once) it is a bar, with records a
    /// second and the time that is left; elsewhere a line of records, bytes and records a second. auto shows it
    /// on a terminal, unless something is printed while the run goes on: with an aggregate and one batch it is
    /// taken away before the result comes. always shows it beside what is printed, too, and where stderr is no
    /// terminal it says a line each ten seconds. A run of half a second shows nothing. At SIGUSR1 one such line
    /// is said at once, whatever was typed.
    #[arg(
        long,
        value_name = "auto|always|never",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub progress: When,
}

/// What is printed where the terminal may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prints {
    /// Nothing: batches go to files, or nowhere.
    Nothing,
    /// The one result, at the end.
    AtEnd,
    /// Batches or records, while the run goes on.
    AsItGoes,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As a line that is drawn again and again; one that yields is over when something is printed.
    Drawn {
        /// Whether it yields.
        yields: bool,
    },
    /// As a message, from time to time.
    Said,
}

/// Where progress would be shown.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// True if stderr is a terminal on which the cursor can be moved.
    pub is_screen: bool,
    /// True with `--quiet`.
    pub is_quiet: bool,
    /// True under a virtual clock, by which a run takes no time.
    pub is_virtual: bool,
    /// What is printed.
    pub prints: Prints,
}

impl When {
    /// How progress is shown there, if it is.
    pub fn manner(self, place: Place) -> Option<Manner> {
        let is_silent = place.is_quiet || place.is_virtual;
        match (self, place.is_screen, place.prints) {
            (When::Never, ..) => None,
            (When::Always, true, _) => Some(Manner::Drawn { yields: false }),
            (When::Always, false, _) => Some(Manner::Said),
            (When::Auto, false, _) | (When::Auto, _, Prints::AsItGoes) => None,
            (When::Auto, true, _) if is_silent => None,
            (When::Auto, true, prints) => Some(Manner::Drawn { yields: prints == Prints::AtEnd }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Place =
        Place { is_screen: true, is_quiet: false, is_virtual: false, prints: Prints::Nothing };

    #[test]
    fn by_itself_it_is_drawn_on_a_terminal_where_nothing_else_is_printed() {
        let auto = |place| When::Auto.manner(place);
        assert_eq!(auto(SCREEN), Some(Manner::Drawn { yields: false }));
        let ends = Place { prints: Prints::AtEnd, ..SCREEN };
        assert_eq!(auto(ends), Some(Manner::Drawn { yields: true }));
        let others = [
            Place { prints: Prints::AsItGoes, ..SCREEN },
            Place { is_screen: false, ..SCREEN },
            Place { is_quiet: true, ..SCREEN },
            Place { is_virtual: true, ..SCREEN },
        ];
        assert_eq!(others.map(auto), [None; 4]);
    }

    #[test]
    fn what_is_asked_for_is_shown_in_any_case_or_in_none() {
        let printing = Place { prints: Prints::AsItGoes, is_quiet: true, ..SCREEN };
        assert_eq!(When::Always.manner(printing), Some(Manner::Drawn { yields: false }));
        let piped = Place { is_screen: false, ..SCREEN };
        assert_eq!(When::Always.manner(piped), Some(Manner::Said));
        assert_eq!([SCREEN, piped].map(|place| When::Never.manner(place)), [None; 2]);
    }
}
