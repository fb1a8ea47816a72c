//! Bodies of requests: JSON objects, whose fields are checked before anything is done.

use serde_json::{Map, Value, json};

use crate::fields::{Field, IN_METADATA, Wrong};
use crate::refusal::Refusal;

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Body(Map<String, Value>);

/// The fields that a client sent, of the right types; one that was sent as null is null.
///
/// What was not sent is not there: that is how a change leaves it alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Map<String, Value>);

// === impl Body ===

impl Body {
    /// Reads an object; nothing at all reads as an empty one.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(other) => Err(Refusal::fields(vec![json!({
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": other,
            })])),
            Err(error) => Err(Refusal::fields(vec![json!({
                "type": "json_invalid",
                "loc": ["body", error.column()],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": error.to_string()},
            })])),
        }
    }

    /// A body that is part of another one.
    pub(crate) fn of(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Takes what is kept beside `metadata` out of it, so that a client that sends back what it read
    /// changes nothing.
    pub(crate) fn spread_metadata(mut self) -> Self {
        let Some(Value::Object(metadata)) = self.0.get_mut("metadata") else {
            return self;
        };
        let mut found = Vec::new();
        for name in IN_METADATA {
            if let Some(value) = metadata.shift_remove(*name) {
                found.push((*name, value));
            }
        }
        for (name, value) in found {
            self.0.entry(name).or_insert(value);
        }
        self
    }

    /// The fields of these tables; those in `needed` must be there.
    pub(crate) fn fields(&self, tables: &[&[Field]], needed: &[&str]) -> Result<Sent, Refusal> {
        let mut issues = Vec::new();
        let mut refused = None;
        let mut sent = Map::new();
        for name in needed {
            if !self.0.contains_key(*name) {
                issues.push(json!({
                    "type": "missing",
                    "loc": ["body", name],
                    "msg": "Field required",
                    "input": null,
                }));
            }
        }
        for field in tables.iter().flat_map(|table| table.iter()) {
            let Some(value) = self.0.get(field.name) else {
                continue;
            };
            if value.is_null() && !needed.contains(&field.name) {
                sent.insert(field.name.to_owned(), Value::Null);
                continue;
            }
            match field.read(value) {
                Ok(value) => {
                    sent.insert(field.name.to_owned(), value);
                }
                Err(Wrong::Type(kind, message, place)) => {
                    issues.push(issue(field.name, kind, &message, place, value));
                }
                Err(Wrong::Value(message)) => {
                    refused.get_or_insert_with(|| Refusal::bad(message).at(field.name));
                }
            }
        }
        if !issues.is_empty() {
            return Err(Refusal::fields(issues));
        }
        match refused {
            Some(refusal) => Err(refusal),
            None => Ok(Sent(sent)),
        }
    }
}

fn issue(name: &str, kind: &str, message: &str, place: Option<usize>, input: &Value) -> Value {
    let (loc, input) = match place {
        None => (json!(["body", name]), input),
        Some(place) => (json!(["body", name, place]), &input[place]),
    };
    json!({"type": kind, "loc": loc, "msg": message, "input": input})
}

// === impl Sent ===

impl Sent {
    /// The value, unless it is null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// The texts of a list; none when it was not sent.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        crate::ask::texts(&self.0, name)
    }

    /// The objects of a list, or the only one.
    pub(crate) fn objects(&self, name: &str) -> Vec<Map<String, Value>> {
        match self.get(name) {
            Some(Value::Object(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_object).cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it was sent, if only as null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes a field out: `None` when it was not sent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// Takes out a text that may have been sent as null: `Some(None)` clears.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<Option<String>> {
        self.take(name)
            .map(|value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Fills what was not sent, or as null, from `defaults`.
    pub(crate) fn fill(&mut self, defaults: &Map<String, Value>) {
        for (name, value) in defaults {
            if self.get(name).is_none() && !value.is_null() {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    /// Only what is in this table.
    pub(crate) fn only(&self, table: &[Field]) -> Self {
        let names: Vec<&str> = table.iter().map(|field| field.name).collect();
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        Self(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// Everything that was sent.
    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Changes `settings` by what was sent: null takes a setting away.
    pub(crate) fn apply(self, settings: &mut Map<String, Value>) {
        for (name, value) in self.0 {
            if value.is_null() {
                settings.shift_remove(&name);
            } else {
                settings.insert(name, value);
            }
        }
    }
}
