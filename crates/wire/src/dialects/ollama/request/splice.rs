//! Edits a request that goes from an Ollama client to an Ollama upstream.

use bytes::Bytes;

use super::settings::{Setting, Settings, merge_extra};
use crate::canonical::{Params, RawJson};
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;

/// Members that are the request itself; no default may set them.
const RESERVED: &[&str] = &["model", "messages", "prompt", "input", "stream"];

/// Sets the model and what the client left open; all other bytes stay.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    if body.get_str("model").as_deref() != Some(target.model) {
        body.set_str("model", target.model);
    }
    let settings = if target.operation.is_chat() {
        Settings::of(defaults, target.model)
    } else {
        embedding_settings(defaults)
    };
    for (name, value) in &settings.top {
        if !RESERVED.contains(&name.as_str()) && !body.is_set(name) {
            body.set(name, text(value));
        }
    }
    splice_options(body, &settings.options)?;
    Ok(Spliced::default())
}

/// The sampling parameters mean nothing to a model that only embeds.
fn embedding_settings(defaults: &Params) -> Settings {
    let mut settings = Settings::default();
    let keep_alive = defaults.keep_alive.clone();
    settings
        .top
        .extend(keep_alive.map(|value| ("keep_alive".to_owned(), value)));
    merge_extra(&defaults.extra, &mut settings.top, &mut settings.options);
    settings
}

fn splice_options(body: &mut JsonObject, defaults: &[Setting]) -> Result<(), TranslateError> {
    if defaults.is_empty() {
        return Ok(());
    }
    let present = match body.get("options") {
        Some(raw) if raw != b"null" => Bytes::copy_from_slice(raw),
        _ => Bytes::from_static(b"{}"),
    };
    let mut options = JsonObject::parse(present, usize::MAX)
        .map_err(|e| TranslateError::invalid_param("options", format!("`options`: {e}")))?;
    let mut changed = false;
    for (name, value) in defaults {
        if !options.is_set(name) {
            options.set(name, text(value));
            changed = true;
        }
    }
    if changed {
        body.set("options", options.to_bytes());
    }
    Ok(())
}

fn text(value: &RawJson) -> Bytes {
    Bytes::copy_from_slice(value.get().as_bytes())
}
