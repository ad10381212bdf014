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
}

impl Value {
    /// A number whose order is the order of the values; what is none is least.
    ///
    /// With `doubles`, integers are ranked as doubles are, so that both can be compared.
    #[inline]
    pub fn rank(&self, doubles: bool) -> u64 {
        match *self {
            Value::None => 0,
            Value::Int(value) if !doubles => (value as u64) ^ 1 << 63,
            Value::Int(value) => double_rank(value as f64),
            Value::Float(value) => double_rank(value),
        }
    }
}

/// The bits of a double in an order that integers have: negative ones are turned round.
fn double_rank(value: f64) -> u64 {
    // Adding zero makes -0.0 equal to 0.0.
    let bits = (value + 0.0).to_bits();
    bits ^ if bits >> 63 == 1 { u64::MAX } else { 1 << 63 }
}
