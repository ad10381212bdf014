//! The members of an object, in the order in which they came.
//!
//! Few of them, as records mostly have, are gone through; many are found by a hash.

use indexmap::IndexMap;

use super::{MEMBER, Name, Value};

/// So many are gone through at most.
const FEW: usize = 16;

/// The members of an object.
#[derive(Clone, Debug)]
pub(super) enum Members {
    /// Those that are gone through.
    Few(Vec<(Name, Value)>),
    /// Those that are found by a hash.
    Many(Box<IndexMap<Name, Value, ahash::RandomState>>),
}

impl Default for Members {
    fn default() -> Members {
        Members::Few(Vec::new())
    }
}

impl Members {
    /// None yet, with room for so many.
    pub(super) fn with_room(count: usize) -> Members {
        Members::Few(Vec::with_capacity(count.min(FEW)))
    }

    /// Sets a member, in its place if it is there.
    pub(super) fn insert(&mut self, name: Name, value: Value) {
        match self {
            Members::Few(few) => match few.iter().position(|(there, _)| *there == name) {
                Some(place) => few[place].1 = value,
                None if few.len() < FEW => few.push((name, value)),
                None => {
                    let all = std::mem::take(few).into_iter().chain([(name, value)]);
                    *self = Members::Many(Box::new(all.collect()));
                }
            },
            Members::Many(many) => {
                many.insert(name, value);
            }
        }
    }

    /// A member.
    #[inline]
    pub(super) fn get(&self, name: &[u8]) -> Option<&Value> {
        match self {
            Members::Few(few) => {
                few.iter().find(|(there, _)| there.bytes() == name).map(|(_, value)| value)
            }
            Members::Many(many) => many.get(name),
        }
    }

    /// A member that is to be changed.
    pub(super) fn get_mut(&mut self, name: &[u8]) -> Option<&mut Value> {
        match self {
            Members::Few(few) => {
                few.iter_mut().find(|(there, _)| there.bytes() == name).map(|(_, value)| value)
            }
            Members::Many(many) => many.get_mut(name),
        }
    }

    /// Removes a member; the others stay in their order.
    pub(super) fn remove(&mut self, name: &[u8]) {
        match self {
            Members::Few(few) => few.retain(|(there, _)| there.bytes() != name),
            Members::Many(many) => {
                many.shift_remove(name);
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Members::Few(few) => few.len(),
            Members::Many(many) => many.len(),
        }
    }

    /// The member of this place.
    #[inline]
    pub(super) fn at(&self, place: usize) -> Option<(&Name, &Value)> {
        match self {
            Members::Few(few) => few.get(place).map(|(name, value)| (name, value)),
            Members::Many(many) => many.get_index(place),
        }
    }

    /// How many bytes they have taken, without what they hold.
    pub(super) fn room(&self) -> usize {
        match self {
            Members::Few(few) => few.capacity() * size_of::<(Name, Value)>(),
            // Each has its hash, and a place in a table of which an eighth is free at least.
            Members::Many(many) => many.capacity() * MEMBER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_and_many_are_as_they_came(
            changes in prop::collection::vec((0u8..40, prop::option::weighted(0.8, 0usize..9)), 0..80),
        ) {
            let (mut members, mut model) = (Members::default(), Vec::<(u8, Value)>::new());
            for (name, value) in changes {
                let place = model.iter().position(|(there, _)| *there == name);
                match (value.map(Value::from), place) {
                    (Some(value), Some(place)) => model[place].1 = value.clone(),
                    (Some(value), None) => model.push((name, value.clone())),
                    (None, Some(place)) => drop(model.remove(place)),
                    (None, None) => {}
                }
                match value {
                    Some(value) => members.insert(Name::new(&[name]), Value::from(value)),
                    None => members.remove(&[name]),
                }
                prop_assert_eq!(members.get(&[name]).is_some(), value.is_some());
            }
            prop_assert_eq!(members.count(), model.len());
            for (place, (name, value)) in model.iter().enumerate() {
                prop_assert_eq!(members.at(place), Some((&Name::new(&[*name]), value)));
                prop_assert_eq!(members.get_mut(&[*name]).map(|there| &*there), Some(value));
            }
        }
    }
}
