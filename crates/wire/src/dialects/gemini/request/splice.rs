//! Edits a request that stays in this dialect.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::losses::Losses;
use super::super::model::Model;
use super::super::{config, proto, tools};
use crate::canonical::Params;
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Puts the upstream's model where the body names one, and the defaults where the client left
/// them open. The path names the model, so most bodies do not.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    if target.operation.is_embeddings() {
        splice_embeddings(body, target)?;
        return Ok(Spliced::default());
    }
    match proto::spelling(body, "generateContentRequest") {
        Some(name) if target.operation == Operation::CountTokens && body.is_set(&name) => {
            let mut inner = nested(body, &name)?;
            splice_generate(&mut inner, target, defaults)?;
            put_back(body, &name, &inner);
        }
        // The bare form counts `contents` and has no place for anything else.
        _ if target.operation == Operation::CountTokens => set_model(body, target.model),
        _ => splice_generate(body, target, defaults)?,
    }
    Ok(Spliced::default())
}

fn splice_generate(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<(), TranslateError> {
    set_model(body, target.model);
    let mut losses = Losses::default();
    let fields = config::encode(defaults, &Model::parse(target.model), &mut losses);
    if !fields.is_empty() {
        let name = proto::spelling(body, "generationConfig");
        let name = name.as_deref().unwrap_or("generationConfig");
        let mut inner = if body.is_set(name) {
            nested(body, name)?
        } else {
            JsonObject::parse(Bytes::from_static(b"{}"), usize::MAX)
                .map_err(|e| TranslateError::invalid_param(name, e.to_string()))?
        };
        let form = config::FORMAT_MEMBERS;
        let formed = form.iter().any(|f| proto::member(&inner, f).is_some());
        for (field, value) in fields.iter() {
            if !(formed && form.contains(&field)) {
                set_default(&mut inner, field, value.get());
            }
        }
        put_back(body, name, &inner);
    }
    let choice = defaults.tool_choice.as_ref();
    let choice = choice.filter(|_| proto::member(body, "tools").is_some());
    if let Some(config) = choice.and_then(tools::encode_config) {
        set_default(body, "toolConfig", config.get());
    }
    if let Some(tier) = defaults.service_tier.as_deref()
        && let Some(tier) = config::encode_tier(tier, &mut losses)
    {
        set_default(body, "serviceTier", &format!("\"{tier}\""));
    }
    for (name, value) in &defaults.extra {
        set_default(body, name, value.get());
    }
    Ok(())
}

/// Each request of a batch names the model again, and it must be the one in the path.
fn splice_embeddings(body: &mut JsonObject, target: &Target<'_>) -> Result<(), TranslateError> {
    set_model(body, target.model);
    let Some(raw) = body.get("requests").filter(|v| *v != b"null") else {
        return Ok(());
    };
    let list: Vec<&RawValue> =
        serde_json::from_slice(raw).map_err(|e| proto::wrong("requests", &e))?;
    let mut out = Vec::with_capacity(raw.len() + 64);
    let mut copied = 0;
    for item in list {
        let text = item.get().as_bytes();
        let start = text.as_ptr() as usize - raw.as_ptr() as usize;
        let mut item = object(text, "requests")?;
        set_model(&mut item, target.model);
        out.extend_from_slice(&raw[copied..start]);
        out.extend_from_slice(&item.to_bytes());
        copied = start + text.len();
    }
    out.extend_from_slice(&raw[copied..]);
    if out != raw {
        body.set("requests", out);
    }
    Ok(())
}

/// Replaces the name behind the resource path, where the body has one.
fn set_model(body: &mut JsonObject, model: &str) {
    let Some(present) = body.get_str("model") else {
        return;
    };
    let full = match present.rsplit_once('/') {
        Some((path, _)) if !model.contains('/') => format!("{path}/{model}"),
        _ => model.to_owned(),
    };
    if *present != full {
        body.set_str("model", &full);
    }
}

fn set_default(body: &mut JsonObject, name: &str, value: &str) {
    let present = proto::spelling(body, &proto::camel(name));
    match present {
        Some(present) if body.is_set(&present) => {}
        Some(present) => body.set(&present, value.to_owned()),
        None => body.set(name, value.to_owned()),
    }
}

fn nested(body: &JsonObject, name: &str) -> Result<JsonObject, TranslateError> {
    object(body.get(name).unwrap_or_default(), name)
}

fn object(text: &[u8], name: &str) -> Result<JsonObject, TranslateError> {
    // The depth was checked with the body.
    JsonObject::parse(Bytes::copy_from_slice(text), usize::MAX)
        .map_err(|e| TranslateError::invalid_param(name, e.to_string()))
}

fn put_back(body: &mut JsonObject, name: &str, inner: &JsonObject) {
    let text = inner.to_bytes();
    if body.get(name) != Some(&text[..]) {
        body.set(name, text);
    }
}
