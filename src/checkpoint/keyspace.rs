//! Keyspaces: where a source has positions, the keys of its checkpoint are of two kinds.
//!
//! ```text
//! s | key    cell          what is kept of a key
//! p | part   position      how far a part of the input (a file, a partition) has been read
//! ```
//!
//! Both are entries of the same changes and of the same shards: one append decides both, and one merge
//! compacts both. So a commit has the positions that have moved, and no others. Where the source has no
//! positions all keys are of state, and stand as they are.

/// What a key is a key of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyspace {
    /// Of what is kept.
    State,
    /// Of the positions in the input: it is the name of a part.
    Position,
}

impl Keyspace {
    /// The byte before its keys.
    fn lead(self) -> &'static [u8; 1] {
        match self {
            Keyspace::State => b"s",
            Keyspace::Position => b"p",
        }
    }
}

/// How the keys of a checkpoint are written; the same for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// As they are: all are of state.
    #[default]
    Plain,
    /// Each behind the byte of its keyspace.
    Spaced,
}

impl Keys {
    /// How they are written where the source has positions, or has none.
    pub fn of(has_positions: bool) -> Keys {
        if has_positions { Keys::Spaced } else { Keys::Plain }
    }

    /// What is written before a key.
    pub fn lead(self, space: Keyspace) -> &'static [u8] {
        match self {
            Keys::Plain => b"",
            Keys::Spaced => space.lead(),
        }
    }

    /// The keyspace of a key as it is written, and the key itself; `None` if there is no such key.
    pub fn split(self, written: &[u8]) -> Option<(Keyspace, &[u8])> {
        if self == Keys::Plain {
            return Some((Keyspace::State, written));
        }
        let (lead, key) = written.split_first_chunk()?;
        let mut spaces = [Keyspace::State, Keyspace::Position].into_iter();
        spaces.find(|space| space.lead() == lead).map(|space| (space, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_of_the_space_it_was_written_in() {
        for space in [Keyspace::State, Keyspace::Position] {
            for key in [&b""[..], b"s", b"p", b"key"] {
                let written = [Keys::Spaced.lead(space), key].concat();
                assert_eq!(Keys::Spaced.split(&written), Some((space, key)));
            }
        }
        assert_eq!(Keys::Plain.lead(Keyspace::State), b"");
        assert_eq!(Keys::Plain.split(b"p"), Some((Keyspace::State, &b"p"[..])));
    }

    #[test]
    fn what_is_of_no_space_is_no_key() {
        assert_eq!(Keys::Spaced.split(b""), None);
        assert_eq!(Keys::Spaced.split(b"key"), None);
    }
}
