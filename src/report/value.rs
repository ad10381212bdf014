//! A value as a report shows it.

/// One value of a row: a statistic, or the value half of a pair.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// There is none: a missing key, the minimum of nothing.
    None,
    /// An integer.
    Int(i64),
    /// A double; never NaN.
    Float(f64),
    /// Bytes as they came: the last value of a key.
    Bytes(Box<Text>),
    /// Several of them: the values of a group.
    List(Box<Texts>),
    /// JSON that is neither a number of 64 bits nor a string: what a program has made.
    Json(Box<Text>),
}

/// Bytes as they came, behind a pointer, so that a value stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Box<[u8]>);

/// Several of them, one behind the other, with the end of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    bytes: Box<[u8]>,
    ends: Box<[usize]>,
}

impl Texts {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, &end)| &self.bytes[begin..end])
    }
}

impl<'a> FromIterator<&'a [u8]> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(texts: I) -> Texts {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for text in texts {
            bytes.extend_from_slice(text);
            ends.push(bytes.len());
        }
        Texts { bytes: bytes.into(), ends: ends.into() }
    }
}

impl Value {
    /// A list of bytes.
    pub fn list<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Value {
        Value::List(Box::new(texts.collect()))
    }

    /// A number whose order is the order of the values; what is none is least.
    ///
    /// With `doubles`, integers are ranked as doubles are, so that both can be compared.
    #[inline]
    pub fn rank(&self, doubles: bool) -> u64 {
        match self {
            Value::None => 0,
            Value::Int(value) if !doubles => (*value as u64) ^ 1 << 63,
            Value::Int(value) => double_rank(*value as f64),
            Value::Float(value) => double_rank(*value),
            // By their first bytes; those that begin alike are ordered as their keys are.
            Value::Bytes(text) => prefix(&text.0),
            // By their number: the longest first.
            Value::List(texts) => texts.len() as u64,
            // Beside what programs make of other keys, only numbers count.
            Value::Json(_) => 0,
        }
    }
}

/// The first bytes, as a number that orders as they do.
#[inline]
pub(crate) fn prefix(bytes: &[u8]) -> u64 {
    if let Some(head) = bytes.first_chunk() {
        return u64::from_be_bytes(*head);
    }
    let mut head = [0; 8];
    head[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(head)
}

/// The bits of a double in an order that integers have: negative ones are turned round.
fn double_rank(value: f64) -> u64 {
    // Adding zero makes -0.0 equal to 0.0.
    let bits = (value + 0.0).to_bits();
    bits ^ if bits >> 63 == 1 { u64::MAX } else { 1 << 63 }
}
