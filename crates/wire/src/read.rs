//! Reads parts of a body and names the field at fault when one is not what it should be.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// Member `key` of the body; `None` when it is absent or null.
pub(crate) fn member<T: DeserializeOwned>(
    body: &JsonObject,
    key: &str,
) -> Result<Option<T>, TranslateError> {
    match body.get(key) {
        None | Some(b"null") => Ok(None),
        Some(raw) => part(raw, &key).map(Some),
    }
}

/// The value `raw`, which stands at `path` (`messages.0.content.1`).
pub(crate) fn part<T: DeserializeOwned>(
    raw: &[u8],
    path: &dyn fmt::Display,
) -> Result<T, TranslateError> {
    serde_json::from_slice(raw).map_err(|error| fault::<T>(raw, path, &error))
}

/// The items of the array `raw`, unread.
pub(crate) fn items<'a>(
    raw: &'a [u8],
    path: &dyn fmt::Display,
) -> Result<Vec<&'a RawValue>, TranslateError> {
    serde_json::from_slice(raw).map_err(|error| invalid(path.to_string(), why(&error)))
}

/// Whether the value is a JSON string.
pub(crate) fn is_string(raw: &[u8]) -> bool {
    raw.first() == Some(&b'"')
}

/// Says that the field at `path` is not right.
pub(crate) fn invalid(path: impl Into<String>, why: impl fmt::Display) -> TranslateError {
    let path = path.into();
    let message = format!("{path}: {why}");
    TranslateError::invalid_param(path, message)
}

/// Says that the field at `path` is missing, in the API's own words.
pub(crate) fn required(path: impl Into<String>) -> TranslateError {
    invalid(path, "Field required")
}

/// Finds the member that makes the object `raw` unreadable: the one that is unreadable alone.
/// Slow, and only ever done for a request that is refused.
fn fault<T: DeserializeOwned>(
    raw: &[u8],
    path: &dyn fmt::Display,
    error: &serde_json::Error,
) -> TranslateError {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(raw).unwrap_or_default();
    for (name, value) in members {
        let alone = serde_json::to_string(&BTreeMap::from([(&name, value)])).unwrap_or_default();
        if let Err(error) = serde_json::from_str::<T>(&alone) {
            return invalid(format!("{path}.{name}"), why(&error));
        }
    }
    invalid(path.to_string(), why(error))
}

/// What is wrong, without the place in a text that the client never sees.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
