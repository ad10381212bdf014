//! Values of programs: JSON, as trees that are shared, and counted as they are made.
//!
//! A value knows how deep it is nested, so that what walks it (comparing, writing, giving back) never needs
//! more of a stack than there is. Lists, objects and texts that nobody else holds are changed in
//! place: a program that appends to a list does not copy it each time.
//!
//! What the interpreter asks of values is arithmetic (`operations`) and what stands where (`places`).

mod containing;
mod members;
mod need;
mod number;
mod operations;
mod places;
mod read;
mod removal;
mod sorting;
mod text;
mod write;

use std::borrow::Borrow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use self::members::Members;
use super::meter;

pub use containing::{contains, has, keys, length, search};
pub use need::Need;
pub use number::Number;
pub(super) use operations::{beyond, fails};
pub use read::read;
pub(super) use removal::without;
pub(super) use sorting::{group_by, sort, sort_by};
pub use text::Text;
pub(super) use write::{characters, length as character};
pub use write::{write, write_bare};

/// A value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string: bytes as they came, which mostly are UTF-8.
    Text(Arc<Text>),
    /// A list.
    List(Arc<List>),
    /// An object.
    Object(Arc<Object>),
}

/// The elements of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The elements.
    pub items: Vec<Value>,
    /// How deep the deepest of them is nested, or has been.
    below: u32,
}

/// The members of an object, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Object {
    members: Members,
    below: u32,
}

/// The name of a member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Arc<[u8]>);

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (*self.0).hash(state);
    }
}

thread_local! {
    /// Names that were met last, by a digest: the same few come in each record.
    static MET: RefCell<[Option<Name>; 64]> = const { RefCell::new([const { None }; 64]) };
}

impl Name {
    /// Makes it of bytes, or is one that was made of such bytes before.
    pub fn new(bytes: &[u8]) -> Name {
        /// Longer ones are made each time.
        const LONGEST: usize = 32;
        if bytes.len() > LONGEST {
            return Name::made(bytes);
        }
        let ends = bytes
            .first()
            .zip(bytes.last())
            .map_or(0, |(first, last)| usize::from(*first) + 7 * usize::from(*last));
        MET.with_borrow_mut(|met| match &mut met[(ends + 13 * bytes.len()) % 64] {
            Some(name) if *name.0 == *bytes => name.clone(),
            place => place.insert(Name::made(bytes)).clone(),
        })
    }

    fn made(bytes: &[u8]) -> Name {
        meter::bytes(heap(COUNTS + bytes.len()));
        Name(bytes.into())
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// It as a value.
    pub fn value(&self) -> Value {
        Value::text(&self.0)
    }
}

/// What an element takes in memory.
pub(super) const ITEM: usize = size_of::<Value>();
/// About what a member takes.
pub(super) const MEMBER: usize = size_of::<(Name, Value)>() + 3 * size_of::<usize>();
/// How many hold something, which stands before it.
const COUNTS: usize = 2 * size_of::<usize>();
/// What a text, a list or an object takes beside what it holds.
pub(super) const TEXT: usize = heap(COUNTS + size_of::<Text>());
pub(super) const LIST: usize = heap(COUNTS + size_of::<List>());
pub(super) const OBJECT: usize = heap(COUNTS + size_of::<Object>());

/// What so many bytes take of the heap.
pub(super) const fn heap(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=24 => 32,
        more => (more + 8).next_multiple_of(16),
    }
}

impl List {
    /// Changes the elements, and takes note of what they are then.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        let done = change(&mut self.items);
        self.below = self.items.iter().map(Value::depth).max().unwrap_or(0);
        meter::depth(self.below + 1);
        done
    }

    /// Adds an element.
    pub fn push(&mut self, item: Value) {
        self.below = self.below.max(item.depth());
        self.items.push(item);
        meter::depth(self.below + 1);
    }
}

impl Object {
    /// One without members, with room for so many.
    pub fn with_room(count: usize) -> Object {
        Object { members: Members::with_room(count), below: 0 }
    }

    /// Sets a member.
    pub fn set(&mut self, name: Name, value: Value) {
        self.below = self.below.max(value.depth());
        self.members.insert(name, value);
        meter::depth(self.below + 1);
    }

    /// Takes a member out and leaves null in its place, if it is there.
    pub fn take(&mut self, name: &[u8]) -> Option<Value> {
        self.members.get_mut(name).map(std::mem::take)
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &[u8]) {
        self.members.remove(name);
    }

    /// A member.
    pub fn get(&self, name: &[u8]) -> Option<&Value> {
        self.members.get(name)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.members.count()
    }

    /// The member of this place.
    pub fn at(&self, place: usize) -> Option<(&Name, &Value)> {
        self.members.at(place)
    }

    /// All members, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        (0..self.members.count()).filter_map(|place| self.members.at(place))
    }

    /// All members, by name.
    pub fn sorted(&self) -> Vec<(&Name, &Value)> {
        let mut members: Vec<_> = self.iter().collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        members
    }
}

impl Value {
    /// A string.
    pub fn text(bytes: &[u8]) -> Value {
        if !meter::bytes(TEXT + text::room(bytes.len())) {
            return Value::Null;
        }
        Value::Text(Arc::new(Text::new(bytes)))
    }

    /// A string that is counted already, or by nobody.
    pub(super) fn told(bytes: impl Into<Vec<u8>>) -> Value {
        Value::Text(Arc::new(Text::from(bytes.into())))
    }

    /// A list of elements.
    pub fn list(items: Vec<Value>) -> Value {
        meter::bytes(LIST + heap(items.capacity() * ITEM));
        let mut list = List { items, below: 0 };
        list.change(|_| ());
        // One that is too deep is given back here, where it is one level deeper than allowed at most.
        if meter::spent().is_some() { Value::Null } else { Value::List(Arc::new(list)) }
    }

    /// An object.
    pub fn object(object: Object) -> Value {
        meter::bytes(OBJECT + heap(object.members.room()));
        if meter::spent().is_some() { Value::Null } else { Value::Object(Arc::new(object)) }
    }

    /// How many lists and objects stand in each other.
    pub fn depth(&self) -> u32 {
        match self {
            Value::List(list) => list.below + 1,
            Value::Object(object) => object.below + 1,
            _ => 0,
        }
    }

    /// What jq calls its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::List(_) => "array",
            Value::Object(_) => "object",
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(is) => 1 + u8::from(*is),
            Value::Number(_) => 3,
            Value::Text(_) => 4,
            Value::List(_) => 5,
            Value::Object(_) => 6,
        }
    }
}

/// The order in which lists are sorted: null, false, true, numbers, strings, lists, objects. As in jq, what is no
/// number is less than itself, and so is what holds it; sorting is `sorting::sorted`, to which that is no harm.
impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.order(b),
            (Value::Text(a), Value::Text(b)) => {
                meter::steps(a.len().min(b.len()) / 64);
                a[..].cmp(&b[..])
            }
            // What holds itself many times over would be gone through as often: a program that is spent fails
            // whatever its values are.
            (Value::List(a), Value::List(b)) => {
                if !meter::steps(1 + a.items.len().min(b.items.len())) {
                    return Ordering::Equal;
                }
                a.items.cmp(&b.items)
            }
            (Value::Object(a), Value::Object(b)) => {
                if !meter::steps(1 + a.count() + b.count()) {
                    return Ordering::Equal;
                }
                let (a, b) = (a.sorted(), b.sorted());
                let names = |of: &[(&Name, &Value)]| {
                    of.iter().map(|(name, _)| (*name).clone()).collect::<Vec<_>>()
                };
                let values = a.iter().map(|(_, value)| value);
                let by_name = names(&a).cmp(&names(&b));
                by_name.then_with(|| values.cmp(b.iter().map(|(_, value)| value)))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}
