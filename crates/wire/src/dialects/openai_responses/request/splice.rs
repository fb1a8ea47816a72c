//! Splices a request that stays in this dialect.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::openai::body::invalid;
use super::super::super::openai::model::Model;
use super::super::envelope;
use super::super::tools;
use super::encode::write;
use super::params::ParamsOut;
use crate::canonical::Params;
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// What decides whether an item can go to the upstream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ItemIn {
    encrypted_content: Option<String>,
}

/// Sets the upstream's model name and the defaults that the client left open, and takes out
/// reasoning that another provider wrote for this client, which no upstream could read.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    if body.get_str("model").as_deref() != Some(target.model) {
        body.set_str("model", target.model);
    }
    drop_sealed(body)?;
    // The count endpoint takes none of the defaults.
    if target.operation == Operation::Chat {
        set_defaults(body, target, defaults)?;
    }
    Ok(Spliced::default())
}

fn drop_sealed(body: &mut JsonObject) -> Result<(), TranslateError> {
    let Some(raw) = body.get("input") else {
        return Ok(());
    };
    if memmem::find(raw, envelope::MARK.as_bytes()).is_none() {
        return Ok(());
    }
    let Ok(items) = serde_json::from_slice::<Vec<&RawValue>>(raw) else {
        return Ok(());
    };
    let sealed = |raw: &&RawValue| {
        let item: ItemIn = serde_json::from_str(raw.get()).unwrap_or_default();
        let content = item.encrypted_content;
        content.is_some_and(|content| envelope::is_sealed(&content))
    };
    if !items.iter().any(sealed) {
        return Ok(());
    }
    let kept: Vec<&RawValue> = items.into_iter().filter(|raw| !sealed(raw)).collect();
    let kept = serde_json::to_vec(&kept).map_err(|e| invalid("input", &e))?;
    body.set("input", kept);
    Ok(())
}

fn set_defaults(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<(), TranslateError> {
    // What the defaults cannot say here concerns the operator's config, not this request.
    let params = ParamsOut::new(defaults, Model::from_name(target.model), &mut Vec::new());
    let wanted = JsonObject::parse(write(&params)?, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    for key in wanted.keys() {
        let clashes = key == "user" && body.is_set("safety_identifier");
        if let Some(value) = wanted.get(key)
            && !body.is_set(key)
            && !clashes
        {
            body.set(key, value.to_vec());
        }
    }
    // Without tools these two are refused.
    if body.is_set("tools") {
        if let Some(choice) = &defaults.tool_choice
            && !body.is_set("tool_choice")
            && let Some(choice) = tools::Offer::default().choice(choice)
        {
            body.set("tool_choice", write(&choice)?);
        }
        if let Some(parallel) = defaults.parallel_tool_calls
            && !body.is_set("parallel_tool_calls")
        {
            body.set("parallel_tool_calls", parallel.to_string());
        }
    }
    for (name, value) in &defaults.extra {
        if !body.is_set(name) {
            body.set(name, value.get().to_owned());
        }
    }
    Ok(())
}
