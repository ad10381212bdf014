//! What of a value a program looks at: the rest of a record is held to the grammar, and not made.
//!
//! ```text
//! select(.a.b > 1) | .c     {"a": {"b": all of it}, "c": all of it}
//! ```

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    is_whole: bool,
    /// Members, if it is an object; of one that is looked at and no more, that it is there and of which kind.
    members: Vec<(Box<[u8]>, Need)>,
}

impl Need {
    /// All of it.
    pub const WHOLE: &Need = &Need { is_whole: true, members: Vec::new() };

    /// True if all of it is looked at.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// How many members are looked at, where not all are.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// What is looked at of a member; none if it is passed over.
    #[inline]
    pub fn of(&self, name: &[u8]) -> Option<&Need> {
        if self.is_whole {
            return Some(Need::WHOLE);
        }
        self.members.iter().find(|(there, _)| **there == *name).map(|(_, need)| need)
    }

    /// The place below it that these names lead to; it is looked at from now on.
    pub fn at<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> &mut Need {
        let mut need = self;
        for name in names {
            let place = need.members.iter().position(|(there, _)| **there == *name.as_bytes());
            let place = place.unwrap_or_else(|| {
                need.members.push((name.as_bytes().into(), Need::default()));
                need.members.len() - 1
            });
            need = &mut need.members[place].1;
        }
        need
    }

    /// All of it is looked at from now on.
    pub fn all(&mut self) {
        *self = Need::WHOLE.clone();
    }

    /// What another program looks at is looked at as well.
    pub fn add(&mut self, other: &Need) {
        if self.is_whole || other.is_whole {
            return self.all();
        }
        for (name, need) in &other.members {
            match self.members.iter_mut().find(|(there, _)| there == name) {
                Some((_, there)) => there.add(need),
                None => self.members.push((name.clone(), need.clone())),
            }
        }
    }
}
