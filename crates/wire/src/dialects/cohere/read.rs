//! Reads parts of a body and names the field at fault when one is not what it should be.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// Member `name` of the body; `None` when it is absent or null.
pub(super) fn member<'a, T: Deserialize<'a>>(
    body: &'a JsonObject,
    name: &str,
) -> Result<Option<T>, TranslateError> {
    match body.get(name) {
        None | Some(b"null") => Ok(None),
        Some(raw) => serde_json::from_slice(raw)
            .map(Some)
            .map_err(|error| wrong(name, &error)),
    }
}

/// The value `raw`, which stands at `path` (`messages[0].content[1]`).
pub(super) fn part<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    path: &dyn fmt::Display,
) -> Result<T, TranslateError> {
    serde_json::from_str(raw.get()).map_err(|error| wrong(&path.to_string(), &error))
}

/// Says that the field at `path` is not right.
pub(super) fn invalid(path: impl Into<String>, why: impl fmt::Display) -> TranslateError {
    let path = path.into();
    let message = format!("invalid request: {path}: {why}");
    TranslateError::invalid_param(path, message)
}

/// Says that the field at `path` is missing.
pub(super) fn required(path: impl Into<String>) -> TranslateError {
    invalid(path, "field required")
}

fn wrong(path: &str, error: &serde_json::Error) -> TranslateError {
    let text = error.to_string();
    // The position is one inside the field, which says nothing to the client.
    let why = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
    invalid(path, why)
}
