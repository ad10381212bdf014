//! How keys are hashed and compared: by random numbers, since keys come from the network.
//!
//! ```text
//! up to 15 bytes    two words, of which the length is a part              one multiplication
//! 16 to 32          the two that it begins with, the two it ends with     two
//! longer            all of it                                             `ahash`
//! ```
//!
//! The words of a key of 16 to 32 bytes overlap, so they are all of it, and no loop goes over its bytes.

use ahash::RandomState;

/// The longest key that four words hold.
const FOUR_WORDS: usize = 32;

/// Random numbers that make the hash of this table unlike that of any other process.
#[derive(Clone, Debug)]
pub struct Seeds {
    words: [u64; 4],
    longest: RandomState,
}

impl Seeds {
    /// Takes new random numbers from the system.
    pub fn random() -> Seeds {
        let longest = RandomState::new();
        Seeds { words: [1u8, 2, 3, 4].map(|word| longest.hash_one(word)), longest }
    }

    /// The hash of a key of two words.
    #[inline(always)]
    pub(super) fn of_words(&self, low: u64, high: u64) -> u64 {
        folded(low ^ self.words[0], high ^ self.words[1])
    }

    /// The hash of a key of more than two words.
    #[inline(always)]
    pub(super) fn of_long(&self, bytes: &[u8]) -> u64 {
        match four_words(bytes) {
            Some([a, b, c, d]) => {
                // Of one byte many times the words are the same whatever the length.
                let end = folded(c ^ self.words[2], d ^ self.words[3] ^ bytes.len() as u64);
                self.of_words(a, b).wrapping_add(end)
            }
            None => self.of_longest(bytes),
        }
    }

    /// Apart from the others, which are taken in line.
    #[cold]
    #[inline(never)]
    fn of_longest(&self, bytes: &[u8]) -> u64 {
        self.longest.hash_one(bytes)
    }

    /// Seeds by which all short keys that begin with eight zeros have the same hash.
    #[cfg(test)]
    pub fn weak() -> Seeds {
        let mut seeds = Seeds::random();
        seeds.words[0] = 0;
        seeds
    }
}

/// True if two keys of more than two words are the same.
#[inline(always)]
pub(super) fn are_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (four_words(one), four_words(other)) {
        (Some(one), Some(other)) => {
            let differ = |at: usize| one[at] ^ other[at];
            differ(0) | differ(1) | differ(2) | differ(3) == 0
        }
        _ => one == other,
    }
}

/// The first two and the last two words of a key that is longer than them, if there is nothing between them.
#[inline(always)]
fn four_words(bytes: &[u8]) -> Option<[u64; 4]> {
    let [begin, end]: [&[u8; 16]; 2] = [bytes.first_chunk()?, bytes.last_chunk()?];
    let word = |half: &[u8; 16], at: usize| u64::from_le_bytes(half.as_chunks::<8>().0[at]);
    let words = [word(begin, 0), word(begin, 1), word(end, 0), word(end, 1)];
    (bytes.len() <= FOUR_WORDS).then_some(words)
}

/// Both halves of a product, one upon the other.
#[inline(always)]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_the_same_if_all_bytes_are(
            mut key in prop::collection::vec(any::<u8>(), 16..48), at in any::<prop::sample::Index>(), bit in 0..8,
        ) {
            let (seeds, was) = (Seeds::random(), key.clone());
            prop_assert!(are_same(&key, &was));
            let at = at.index(key.len());
            key[at] ^= 1u8 << bit;
            prop_assert!(!are_same(&key, &was), "byte {at}");
            prop_assert_ne!(seeds.of_long(&key), seeds.of_long(&was), "byte {}", at);
        }
    }

    #[test]
    fn keys_of_one_byte_are_told_apart_by_their_length() {
        let (seeds, key) = (Seeds::random(), [7; 40]);
        let mut hashes: Vec<u64> = (16..=40).map(|len| seeds.of_long(&key[..len])).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 25);
        assert!((16..40).all(|len| !are_same(&key[..len], &key[..=len])));
    }
}
