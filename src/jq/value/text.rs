//! The bytes of a string: those of a short one stand where others have their address.

use std::fmt::{self, Debug};
use std::ops::Deref;

/// So many bytes are few.
const FEW: usize = 30;

/// The bytes of a string.
#[derive(Clone)]
pub enum Text {
    /// So many of these.
    Few(u8, [u8; FEW]),
    /// More.
    Many(Vec<u8>),
}

impl Text {
    /// A copy of bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Text {
        match bytes.len() {
            length @ ..=FEW => {
                let mut few = [0; FEW];
                few[..length].copy_from_slice(bytes);
                Text::Few(length as u8, few)
            }
            _ => Text::Many(bytes.to_vec()),
        }
    }

    /// Adds bytes at the end.
    pub fn extend(&mut self, bytes: &[u8]) {
        match self {
            Text::Many(many) => many.extend_from_slice(bytes),
            Text::Few(length, few) => {
                let (old, new) = (usize::from(*length), usize::from(*length) + bytes.len());
                match few.get_mut(old..new) {
                    Some(free) => {
                        free.copy_from_slice(bytes);
                        *length = new as u8;
                    }
                    None => *self = Text::Many([&few[..old], bytes].concat()),
                }
            }
        }
    }
}

/// What so many bytes take beside the place of a string.
pub const fn room(length: usize) -> usize {
    if length > FEW { super::heap(length) } else { 0 }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Text {
        Text::Many(bytes)
    }
}

impl Deref for Text {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Text::Few(length, few) => &few[..usize::from(*length)],
            Text::Many(many) => many,
        }
    }
}

impl Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_become_many(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6)) {
            let (mut text, mut all) = (Text::new(b""), Vec::new());
            for part in parts {
                text.extend(&part);
                all.extend_from_slice(&part);
                prop_assert_eq!(&*text, &all[..]);
                prop_assert_eq!(&*Text::new(&all), &all[..]);
            }
        }
    }
}
