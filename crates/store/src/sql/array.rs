//! Values of many rows as arrays.

use super::Value;

// === impl Value ===

impl Value {
    /// An empty array for values of this type.
    pub(crate) const fn to_array(&self) -> Self {
        match self {
            Self::Int(_) | Self::Ints(_) => Self::Ints(Vec::new()),
            Self::Text(_) | Self::Texts(_) => Self::Texts(Vec::new()),
        }
    }

    /// Appends `value` to this array; one of another type counts as absent.
    pub(crate) fn append(&mut self, value: Self) {
        match (self, value) {
            (Self::Ints(array), Self::Int(value)) => array.push(value),
            (Self::Texts(array), Self::Text(value)) => array.push(value),
            (Self::Ints(array), _) => array.push(None),
            (Self::Texts(array), _) => array.push(None),
            (Self::Int(_) | Self::Text(_), _) => {}
        }
    }
}
