//! Splices a request that stays in this dialect.

use super::super::family::Family;
use super::super::report::Report;
use super::encode::{Body, is_own, object, write};
use crate::canonical::Params;
use crate::claude::thinking::{self, Plan};
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Members whose members are defaults one by one.
const NESTED: [&str; 2] = ["inferenceConfig", "additionalModelRequestFields"];

/// Sets the defaults that the client left open; the model stands in the path.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    // Embeddings and counts take none of them.
    if target.operation == Operation::Chat && *defaults != Params::default() {
        set_defaults(body, target, defaults)?;
    }
    Ok(Spliced::default())
}

fn set_defaults(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<(), TranslateError> {
    let family = Family::of(target.model);
    // What the defaults cannot say here concerns the operator's config, not this request.
    let mut report = Report::default();
    let inference = nested(body, "inferenceConfig")?;
    let fields = nested(body, "additionalModelRequestFields")?;
    let asked = match inference.get("maxTokens") {
        Some(raw) => serde_json::from_slice(raw).ok(),
        None => defaults.max_tokens,
    };
    let tuned =
        inference.is_set("temperature") || inference.is_set("topP") || fields.is_set("top_k");
    let thinks = fields.is_set("thinking") || fields.is_set("reasoningConfig");
    let reasoning = defaults
        .reasoning
        .as_ref()
        .filter(|_| !tuned && !thinks && !body.is_set("outputConfig"));
    let plan = if family.is_claude() {
        let limit = target.max_output_tokens;
        let losses = &mut report.losses;
        thinking::plan(reasoning, asked, limit, family.claude, &[], losses)
    } else {
        Plan::default()
    };
    let mut wanted = Body::default();
    wanted.set_params(defaults, reasoning, &plan, family, &mut report);
    wanted.add_extra(defaults);
    let wanted = object(write(&wanted)?)?;
    for key in wanted.keys() {
        let Some(value) = wanted.get(key) else {
            continue;
        };
        if NESTED.contains(&key) {
            let lacking = object(value.to_vec())?;
            if let Some(merged) = merge(nested(body, key)?, &lacking, thinks, family) {
                body.set(key, merged.to_bytes());
            }
        } else if !body.is_set(key) {
            body.set(key, value.to_vec());
        }
    }
    for (name, value) in defaults.extra.iter().filter(|(name, _)| is_own(name)) {
        if !body.is_set(name) {
            body.set(name, value.get().to_owned());
        }
    }
    Ok(())
}

/// The object that member `key` is; an empty one when it is absent.
fn nested(body: &JsonObject, key: &str) -> Result<JsonObject, TranslateError> {
    let raw = body.get(key).filter(|raw| *raw != b"null");
    JsonObject::parse(raw.unwrap_or(b"{}").to_vec().into(), usize::MAX)
        .map_err(|error| TranslateError::invalid_param(key, format!("{key}: {error}")))
}

/// `object` with what it lacks of `wanted`; `None` when that is nothing.
fn merge(
    mut object: JsonObject,
    wanted: &JsonObject,
    thinks: bool,
    family: Family,
) -> Option<JsonObject> {
    let knobs = ["temperature", "topP"];
    let one_knob = family.claude.one_sampling_knob() && knobs.iter().any(|key| object.is_set(key));
    let mut changed = false;
    for key in wanted.keys() {
        let clashes = knobs.contains(&key) && (thinks || one_knob);
        if let Some(value) = wanted.get(key)
            && !object.is_set(key)
            && !clashes
        {
            object.set(key, value.to_vec());
            changed = true;
        }
    }
    changed.then_some(object)
}
