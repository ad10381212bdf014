//! A missing key among those of pairs: a key of its own, which is not the empty one.
//!
//! Tables, state and reports know keys as bytes, and any bytes can be a key. So one of them stands for what is
//! missing, and those that begin like it are told apart by a byte more:
//!
//! ```text
//! key                   held as
//! missing               M
//! M and any bytes       themselves and 0 behind them
//! all others            themselves
//! ```
//!
//! Plain records are keys that are never missing, and are held as they are.

use std::ops::Range;

use super::keys::{Key, Seeds};

/// What a missing key is held as.
const MISSING: &[u8; 14] = b"\0weir\0missing\0";

/// Loads the key of a pair, `arena[key]`, which [`crate::scan::PAD`] more bytes must follow. A key that begins where
/// the arena does is missing; `longer` is memory for one that is held otherwise than it stands there.
#[inline(always)]
pub fn load<'a>(
    arena: &'a [u8],
    key: Range<usize>,
    seeds: &Seeds,
    longer: &'a mut Vec<u8>,
) -> Key<'a> {
    if key.start > 0 && arena[key.start..key.start + 8] != MISSING[..8] {
        return Key::load_any(arena, key.start, key.end, seeds);
    }
    let key = (key.start > 0).then(|| &arena[key]);
    Key::copied(held(key, longer), seeds)
}

/// The bytes as which a key is held.
#[cold]
pub fn held<'a>(key: Option<&'a [u8]>, longer: &'a mut Vec<u8>) -> &'a [u8] {
    match key {
        None => MISSING,
        Some(key) if key.starts_with(MISSING) => {
            longer.clear();
            longer.extend_from_slice(key);
            longer.push(0);
            longer
        }
        Some(key) => key,
    }
}

/// The key that is held so, unless it is missing.
#[inline]
pub fn shown(held: &[u8]) -> Option<&[u8]> {
    match held.strip_prefix(MISSING) {
        None => Some(held),
        Some([]) => None,
        Some(_) => held.split_last().map(|(_, key)| key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::PAD;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let bytes = prop::collection::vec(prop::sample::select(&b"\0aw"[..]), 0..20);
        let alike = (0usize..15).prop_map(|len| MISSING[..len.min(14)].to_vec());
        (alike, bytes).prop_map(|(head, tail)| [head, tail].concat())
    }

    proptest! {
        #[test]
        fn each_key_is_held_as_bytes_of_its_own(a in prop::option::of(key()), b in prop::option::of(key())) {
            let held = |key: &Option<Vec<u8>>| held(key.as_deref(), &mut Vec::new()).to_vec();
            let (held_a, held_b) = (held(&a), held(&b));
            prop_assert_eq!(shown(&held_a), a.as_deref());
            prop_assert_eq!(held_a == held_b, a == b);
        }

        #[test]
        fn a_key_in_an_arena_is_loaded_as_it_is_held(key in prop::option::of(key())) {
            let seeds = Seeds::random();
            let bytes = key.clone().unwrap_or_default();
            let mut arena = [b"x", &bytes[..]].concat();
            arena.resize(arena.len() + PAD, 0);
            let place = if key.is_some() { 1..1 + bytes.len() } else { 0..0 };
            let (mut longer, mut inline) = (Vec::new(), [0; 16]);
            let loaded = load(&arena, place, &seeds, &mut longer);
            prop_assert_eq!(shown(loaded.bytes(&mut inline)), key.as_deref());
        }
    }
}
