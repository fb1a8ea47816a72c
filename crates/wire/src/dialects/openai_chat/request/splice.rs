//! Splices a request that stays in this dialect.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::completion;
use super::super::model::Model;
use super::super::params::Members;
use super::super::tools;
use crate::canonical::Params;
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Members that say the same under different names: a client that set one left none of them open.
const SAME: [&[&str]; 4] = [
    &["max_tokens", "max_completion_tokens"],
    &["reasoning_effort", "thinking"],
    &["tool_choice", "function_call"],
    &["user", "safety_identifier"],
];

#[derive(Deserialize)]
struct StreamOptionsIn {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// Sets the model, the defaults that the client left open, and the request for usage in a stream.
pub(crate) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    body.set_str("model", target.model);
    if target.operation.is_chat() {
        set_params(body, target, defaults);
    }
    for (name, value) in &defaults.extra {
        if !body.contains(name) {
            body.set(name, value.get().as_bytes().to_vec());
        }
    }
    Ok(Spliced {
        usage_injected: target.stream && target.operation.is_chat() && ask_for_usage(body)?,
    })
}

fn set_params(body: &mut JsonObject, target: &Target<'_>, defaults: &Params) {
    let mut members = Members::default();
    if target.operation == Operation::Completions {
        completion::put_params(&mut members, defaults);
    } else {
        members.put_params(defaults, Model::from_name(target.model));
    }
    if let Some(keep_alive) = &defaults.keep_alive {
        members.put("keep_alive", keep_alive);
    }
    // Without tools these two are refused.
    if body.is_set("tools") || body.is_set("functions") {
        let choice = defaults.tool_choice.as_ref();
        if let Some(Ok(choice)) = choice.map(|choice| tools::encode_choice(choice, &[])) {
            members.0.push(("tool_choice", choice.into()));
        }
        if let Some(parallel) = defaults.parallel_tool_calls {
            members.put("parallel_tool_calls", &parallel);
        }
    }
    for (name, value) in members.0 {
        let same = SAME.iter().find(|names| names.contains(&name));
        let left_open = match same {
            Some(names) => !names.iter().any(|name| body.is_set(name)),
            None => !body.is_set(name),
        };
        if left_open {
            body.set(name, value);
        }
    }
}

/// Asks for usage in the stream, keeping the client's other stream options; says whether the
/// client had not.
fn ask_for_usage(body: &mut JsonObject) -> Result<bool, TranslateError> {
    let Some(raw) = body.get("stream_options").filter(|raw| *raw != b"null") else {
        body.set("stream_options", &br#"{"include_usage":true}"#[..]);
        return Ok(true);
    };
    let wrong = |e: serde_json::Error| super::invalid("stream_options", &e);
    let options: StreamOptionsIn = serde_json::from_slice(raw).map_err(wrong)?;
    if options.include_usage == Some(true) {
        return Ok(false);
    }
    let raw: Box<RawValue> = serde_json::from_slice(raw).map_err(wrong)?;
    let mut object = JsonObject::parse(raw.get().to_owned().into(), usize::MAX)
        .map_err(|e| TranslateError::invalid_param("stream_options", e.to_string()))?;
    object.set("include_usage", &b"true"[..]);
    body.set("stream_options", object.to_bytes());
    Ok(true)
}
