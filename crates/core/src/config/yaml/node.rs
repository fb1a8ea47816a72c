//! The tree: values, the text they were written as, and their places.

use serde_json::{Map, Number, Value};

/// Which of the opened files a node comes from: an index into their list.
pub(in crate::config) type FileId = usize;

/// A place in a file. Line and column count from 1, columns in characters.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Mark {
    pub(in crate::config) file: FileId,
    pub(in crate::config) line: usize,
    pub(in crate::config) column: usize,
}

#[derive(Clone, Debug)]
pub(in crate::config) struct Node {
    pub(in crate::config) value: NodeValue,
    pub(in crate::config) mark: Mark,
}

#[derive(Clone, Debug)]
pub(in crate::config) enum NodeValue {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

#[derive(Clone, Debug)]
pub(in crate::config) struct Scalar {
    pub(in crate::config) value: ScalarValue,
    /// The text as written, or what the environment gave for it.
    pub(in crate::config) text: String,
    /// The `os.environ/NAME` this scalar was before it was looked up.
    pub(in crate::config) reference: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum ScalarValue {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    /// Text, which is in [`Scalar::text`].
    Text,
    /// A point in time, in ISO 8601 form.
    Timestamp(String),
}

/// Members in the order Python's `dict` would have them.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Mapping {
    pub(in crate::config) entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(in crate::config) struct Entry {
    pub(in crate::config) key: String,
    pub(in crate::config) key_mark: Mark,
    pub(in crate::config) value: Node,
}

/// Whether JSON shows what the environment gave, or the reference to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum References {
    Resolved,
    AsWritten,
}

// === impl Node ===

impl Node {
    pub(in crate::config) fn is_null(&self) -> bool {
        matches!(&self.value, NodeValue::Scalar(scalar) if scalar.value == ScalarValue::Null)
    }

    /// What it is, for a sentence like "expected a list, found ...". Never the value itself.
    pub(in crate::config) fn kind(&self) -> &'static str {
        match &self.value {
            NodeValue::Sequence(_) => "a list",
            NodeValue::Mapping(_) => "a mapping",
            NodeValue::Scalar(scalar) => match scalar.value {
                ScalarValue::Null => "nothing",
                ScalarValue::Bool(_) => "true or false",
                ScalarValue::Int(number) if number < 0 => "a negative number",
                ScalarValue::Float(number) if number < 0.0 => "a negative number",
                ScalarValue::Float(number) if number.fract() != 0.0 => "a fraction",
                ScalarValue::Int(_) | ScalarValue::Float(_) => "a number",
                ScalarValue::Text => "text",
                ScalarValue::Timestamp(_) => "a date",
            },
        }
    }

    pub(in crate::config) fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            NodeValue::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The JSON for it. Numbers JSON cannot hold (`.inf`, `.nan`) become null.
    pub(in crate::config) fn to_json(&self) -> Value {
        self.json(References::Resolved)
    }

    /// The JSON with members sorted and `os.environ/NAME` left alone: the same for every start and
    /// free of what the environment holds.
    pub(in crate::config) fn to_canonical_json(&self) -> Value {
        self.json(References::AsWritten)
    }

    fn json(&self, references: References) -> Value {
        match &self.value {
            NodeValue::Scalar(scalar) => scalar.json(references),
            NodeValue::Sequence(items) => items.iter().map(|item| item.json(references)).collect(),
            NodeValue::Mapping(mapping) => {
                let mut members: Map<String, Value> = mapping
                    .entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.json(references)))
                    .collect();
                if references == References::AsWritten {
                    members.sort_keys();
                }
                Value::Object(members)
            }
        }
    }
}

// === impl Scalar ===

impl Scalar {
    fn json(&self, references: References) -> Value {
        if let (References::AsWritten, Some(reference)) = (references, &self.reference) {
            return Value::String(reference.clone());
        }
        match &self.value {
            ScalarValue::Null => Value::Null,
            ScalarValue::Bool(flag) => Value::Bool(*flag),
            ScalarValue::Int(number) => int_json(*number),
            ScalarValue::Float(number) => {
                Number::from_f64(*number).map_or(Value::Null, Value::Number)
            }
            ScalarValue::Text => Value::String(self.text.clone()),
            ScalarValue::Timestamp(iso) => Value::String(iso.clone()),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "JSON numbers beyond 64 bits are floats everywhere"
)]
fn int_json(number: i128) -> Value {
    if let Ok(number) = i64::try_from(number) {
        Value::from(number)
    } else if let Ok(number) = u64::try_from(number) {
        Value::from(number)
    } else {
        Number::from_f64(number as f64).map_or(Value::Null, Value::Number)
    }
}

// === impl Mapping ===

impl Mapping {
    pub(in crate::config) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value under a key; null counts as absent.
    pub(in crate::config) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    pub(in crate::config) fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }
}
