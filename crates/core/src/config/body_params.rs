//! Default members of an upstream request body.

use std::fmt;
use std::ops::Deref;

use serde_json::{Map, Value};

/// JSON members in the order they were written, for instance `temperature: 0.7`.
///
/// Providers take credentials in their bodies too, so `Debug` prints names only.
#[derive(Clone, Default, PartialEq)]
pub struct BodyParams(Map<String, Value>);

impl BodyParams {
    /// The members themselves.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Adds or replaces one member.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }
}

impl Deref for BodyParams {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Map<String, Value>> for BodyParams {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl fmt::Debug for BodyParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyParams ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}
