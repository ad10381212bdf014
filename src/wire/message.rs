//! Messages on their way to a topic: rows that stay apart, each with a key, if it has one, and a value.
//!
//! ```text
//! | length of the key + 1, or 0: no key | length of the value | key | value |      8 bytes a length
//! ```
//!
//! They are gathered and kept as the text of a batch is, and come back in pieces that are cut anywhere:
//! [`Pieces`] puts them together again. It holds no more than what is not whole yet.

/// A message as it stands in bytes that hold many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its key, which may be empty; `None`: it has none.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: &'a [u8],
}

/// How many bytes stand before key and value.
const LENGTHS: usize = 16;

/// Appends a message whose value is what `write` appends.
pub fn put(out: &mut Vec<u8>, key: Option<&[u8]>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTHS]);
    out.extend_from_slice(key.unwrap_or_default());
    let value = out.len();
    write(out);
    let lengths = [key.map_or(0, |key| key.len() as u64 + 1), (out.len() - value) as u64];
    for (place, length) in lengths.into_iter().enumerate() {
        let at = start + place * 8;
        out[at..at + 8].copy_from_slice(&length.to_le_bytes());
    }
}

/// The first message in some bytes, and what stands behind it; `None` if it is not whole.
fn split(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let (key_len, rest) = bytes.split_first_chunk()?;
    let (value_len, rest) = rest.split_first_chunk()?;
    let [key_len, value_len] = [key_len, value_len].map(|len| u64::from_le_bytes(*len));
    let (key, rest) = rest.split_at_checked(usize::try_from(key_len.saturating_sub(1)).ok()?)?;
    let (value, rest) = rest.split_at_checked(usize::try_from(value_len).ok()?)?;
    Some((Message { key: (key_len > 0).then_some(key), value }, rest))
}

/// Messages that come in pieces.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The beginning of a message of which the rest is to come.
    begun: Vec<u8>,
}

impl Pieces {
    /// Takes a piece, and hands out each message that is whole then.
    pub fn take<E>(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(Message<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut begun = std::mem::take(&mut self.begun);
        let mut rest = piece;
        if !begun.is_empty() {
            begun.extend_from_slice(piece);
            rest = &begun;
        }
        while let Some((message, behind)) = split(rest) {
            each(message)?;
            rest = behind;
        }
        self.begun = rest.to_vec();
        Ok(())
    }

    /// True if no message is cut.
    pub fn is_whole(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Owned = (Option<Vec<u8>>, Vec<u8>);

    fn taken(pieces: &mut Pieces, piece: &[u8]) -> Vec<Owned> {
        let mut all = Vec::new();
        let each = |Message { key, value }: Message<'_>| {
            all.push((key.map(<[u8]>::to_vec), value.to_vec()));
            Ok::<(), ()>(())
        };
        pieces.take(piece, each).unwrap();
        all
    }

    #[test]
    fn who_takes_a_message_may_fail() {
        let mut bytes = Vec::new();
        put(&mut bytes, None, |out| out.push(b'v'));
        assert_eq!(Pieces::default().take(&bytes, |_| Err(5)), Err(5));
    }

    proptest! {
        #[test]
        fn messages_come_back_however_they_are_cut(
            messages in prop::collection::vec(any::<(Option<Vec<u8>>, Vec<u8>)>(), 0..8),
            cut in 1..40usize
        ) {
            let mut bytes = Vec::new();
            for (key, value) in &messages {
                put(&mut bytes, key.as_deref(), |out| out.extend_from_slice(value));
            }
            let mut pieces = Pieces::default();
            let back: Vec<_> = bytes.chunks(cut).flat_map(|piece| taken(&mut pieces, piece)).collect();
            prop_assert_eq!(back, messages);
            prop_assert!(pieces.is_whole());
        }

        #[test]
        fn foreign_bytes_are_messages_or_are_never_whole(bytes in any::<Vec<u8>>(), cut in 1..40usize) {
            let mut pieces = Pieces::default();
            for piece in bytes.chunks(cut) {
                taken(&mut pieces, piece);
            }
        }
    }
}
