//! Members of request bodies: reading them, adding to them.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::RawJson;
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// A field of the wrong type, with what the JSON reader says about it.
pub(in crate::dialects) fn invalid(param: &str, error: &serde_json::Error) -> TranslateError {
    let text = error.to_string();
    // The position is one inside the field, which says nothing to the client.
    let reason = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
    TranslateError::invalid_param(param, format!("Invalid value for '{param}': {reason}."))
}

/// A field that must be there and is not.
pub(in crate::dialects) fn missing(param: impl Into<String>) -> TranslateError {
    let param = param.into();
    let message = format!("Missing required parameter: '{param}'.");
    TranslateError::invalid_param(param, message)
}

/// Member `name`, read as a `T`; `null` counts as absent.
pub(in crate::dialects) fn member<'a, T: Deserialize<'a>>(
    body: &'a JsonObject,
    name: &str,
) -> Result<Option<T>, TranslateError> {
    match body.get(name) {
        None => Ok(None),
        Some(raw) => serde_json::from_slice::<Option<T>>(raw).map_err(|e| invalid(name, &e)),
    }
}

/// Top-level member `name` as JSON text it is.
pub(in crate::dialects) fn raw_member(body: &JsonObject, name: &str) -> Option<RawJson> {
    let text = std::str::from_utf8(body.get(name)?).ok()?;
    RawJson::parse(text).ok()
}

/// Appends provider parameters to `body`; what is there already stays.
pub(in crate::dialects) fn with_extra(
    body: &Bytes,
    extra: &[(String, RawJson)],
) -> Result<Bytes, TranslateError> {
    if extra.is_empty() {
        return Ok(body.clone());
    }
    let mut object = JsonObject::parse(body.clone(), usize::MAX)
        .map_err(|e| TranslateError::invalid(e.to_string()))?;
    for (name, value) in extra {
        if !object.contains(name) {
            object.set(name, value.get().as_bytes().to_vec());
        }
    }
    Ok(object.to_bytes())
}

/// A call's arguments as JSON text, whether they came as text or as the object itself.
pub(in crate::dialects) fn arguments_text(raw: &RawValue) -> String {
    match raw.get() {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
        object => object.to_owned(),
    }
}

/// The schema with a `properties` member, without which OpenAI refuses an object; tools without
/// arguments often come without one.
pub(in crate::dialects) fn with_properties(schema: &RawJson) -> Cow<'_, RawJson> {
    let text = schema.get();
    if text.contains("\"properties\"") {
        return Cow::Borrowed(schema);
    }
    let Ok(mut object) = JsonObject::parse(text.to_owned().into(), usize::MAX) else {
        return Cow::Borrowed(schema);
    };
    if object.get_str("type").as_deref() == Some("object") {
        object.set("properties", &b"{}"[..]);
    }
    let whole = String::from_utf8(object.to_bytes().to_vec());
    match whole.ok().and_then(|text| RawJson::parse(text).ok()) {
        Some(whole) => Cow::Owned(whole),
        None => Cow::Borrowed(schema),
    }
}
