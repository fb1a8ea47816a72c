//! A request in a provider's own format of one operation, outside any dialect.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::canonical::{Loss, RawJson};
use crate::dialect::TranslateError;
use crate::json::{JsonObject, unquote};

/// What is sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRequest {
    /// Below the base URL, with its slash, percent-encoded; `None`: where the provider has the
    /// operation anyway.
    pub path: Option<String>,
    /// Without its question mark, percent-encoded.
    pub query: String,
    /// Of the body.
    pub content_type: Cow<'static, str>,
    /// What is sent.
    pub body: Bytes,
    /// What could not be expressed.
    pub losses: Vec<Loss>,
}

/// The pairs of a query, percent-encoded.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

/// The content type of JSON.
pub(crate) const JSON: &str = "application/json";

/// What stands for itself in a query and in one segment of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

// === impl OwnRequest ===

impl OwnRequest {
    /// A JSON body with provider parameters behind it; what is there already stays.
    pub(crate) fn json(
        body: &impl Serialize,
        extra: &[(String, RawJson)],
        losses: Vec<Loss>,
    ) -> Result<Self, TranslateError> {
        let body = serde_json::to_vec(body).map_err(|e| TranslateError::invalid(e.to_string()))?;
        let mut object = JsonObject::parse(body.into(), usize::MAX)
            .map_err(|e| TranslateError::invalid(e.to_string()))?;
        for (name, value) in extra {
            if !object.contains(name) {
                object.set(name, value.get().to_owned());
            }
        }
        Ok(Self {
            path: None,
            query: String::new(),
            content_type: JSON.into(),
            body: object.to_bytes(),
            losses,
        })
    }

    /// The same at `path`.
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..self
        }
    }

    /// The same with a query.
    pub(crate) fn with(self, query: Query) -> Self {
        Self {
            query: query.0,
            ..self
        }
    }

    /// Whether the body is JSON, so that members can be added to it.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.content_type == JSON
    }
}

// === impl Query ===

impl Query {
    pub(crate) fn put(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(name, PLAIN));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, PLAIN));
    }

    /// Provider parameters: a list becomes one pair for each item.
    pub(crate) fn extend(&mut self, extra: &[(String, RawJson)]) {
        for (name, value) in extra {
            for value in texts_of(value) {
                self.put(name, &value);
            }
        }
    }
}

/// A parameter as text, each item of a list for itself.
pub(crate) fn texts_of(value: &RawJson) -> Vec<String> {
    match serde_json::from_str::<Vec<RawJson>>(value.get()) {
        Ok(items) => items.iter().map(text_of).collect(),
        Err(_) => vec![text_of(value)],
    }
}

/// A string without its quotes, anything else as JSON has it.
fn text_of(value: &RawJson) -> String {
    let raw = value.get();
    unquote(raw.as_bytes()).map_or_else(|| raw.to_owned(), Cow::into_owned)
}

/// `text` as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// A model's name as segments of a path; `None` when it would lead elsewhere.
pub(crate) fn segments(model: &str) -> Option<String> {
    let parts: Vec<String> = model.split('/').map(segment).collect();
    let climbs = |part: &String| matches!(part.as_str(), "" | "." | "..");
    (!parts.iter().any(climbs)).then(|| parts.join("/"))
}

/// Says that a model's name cannot stand in a path.
pub(crate) fn bad_model(model: &str) -> TranslateError {
    TranslateError::invalid_param("model", format!("`{model}` cannot be part of a URL"))
}

/// Says that a body is not the answer that was expected.
pub(crate) fn no_answer(what: &str, why: impl std::fmt::Display) -> TranslateError {
    TranslateError::invalid(format!("the upstream's answer is no {what}: {why}"))
}
