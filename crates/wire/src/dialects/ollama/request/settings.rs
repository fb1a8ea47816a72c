//! Parameters as members of a request: those beside `options`, and those in it.

use bytes::Bytes;
use serde::ser::{Serialize, Serializer};

use super::Losses;
use super::options::{self, is_option, raw};
use crate::canonical::{
    ChatRequest, Effort, Loss, Params, RawJson, Reasoning, ResponseFormat, ToolChoice,
};
use crate::json::JsonObject;

/// A member's name and value.
pub(in super::super) type Setting = (String, RawJson);

/// What parameters come to.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Members of the request itself.
    pub(super) top: Vec<Setting>,
    /// Members of its `options`.
    pub(super) options: Vec<Setting>,
}

/// Settings as a JSON object.
pub(in super::super) struct Object<'a>(pub(in super::super) &'a [Setting]);

// === impl Object ===

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

// === impl Settings ===

impl Settings {
    /// The settings that `params` stands for, for the upstream's `model`.
    pub(super) fn of(params: &Params, model: &str) -> Self {
        let mut settings = Self::default();
        let mut put = |name: &str, value: Option<RawJson>| {
            settings
                .top
                .extend(value.map(|value| (name.to_owned(), value)));
        };
        put("format", format(params.response_format.as_ref()));
        put("think", think(params.reasoning.as_ref(), model));
        put("keep_alive", params.keep_alive.clone());
        put("logprobs", raw(params.logprobs.as_ref()));
        put("top_logprobs", raw(params.top_logprobs.as_ref()));
        let options = options::encode(params).into_iter();
        settings.options = options
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        merge_extra(&params.extra, &mut settings.top, &mut settings.options);
        settings
    }
}

/// Sorts parameters that have no canonical form: Ollama's options, alone or as a whole `options`
/// object, go into `options`, the rest beside it. What is there already wins.
pub(in super::super) fn merge_extra(
    extra: &[Setting],
    top: &mut Vec<Setting>,
    options: &mut Vec<Setting>,
) {
    for (name, value) in extra {
        if name == "options" {
            merge_object(value, options);
        } else if is_option(name) {
            add(options, name, value.clone());
        } else {
            add(top, name, value.clone());
        }
    }
}

fn merge_object(value: &RawJson, options: &mut Vec<Setting>) {
    let bytes = Bytes::copy_from_slice(value.get().as_bytes());
    // Anything but an object cannot be merged and means nothing to Ollama either.
    let Ok(object) = JsonObject::parse(bytes, usize::MAX) else {
        return;
    };
    for key in object.keys() {
        let text = object.get(key).map(String::from_utf8_lossy);
        if let Some(Ok(value)) = text.map(RawJson::parse) {
            add(options, key, value);
        }
    }
}

fn add(to: &mut Vec<Setting>, name: &str, value: RawJson) {
    if !to.iter().any(|(present, _)| present == name) {
        to.push((name.to_owned(), value));
    }
}

fn format(format: Option<&ResponseFormat>) -> Option<RawJson> {
    match format? {
        ResponseFormat::Text => None,
        ResponseFormat::JsonSchema {
            schema: Some(schema),
            ..
        } => Some(schema.clone()),
        ResponseFormat::JsonObject | ResponseFormat::JsonSchema { .. } => raw(Some("json")),
    }
}

/// `think`. Only gpt-oss knows levels; Ollama refuses them for every other model.
fn think(reasoning: Option<&Reasoning>, model: &str) -> Option<RawJson> {
    let reasoning = reasoning?;
    let wanted = reasoning.wanted()?;
    let has_level = reasoning.effort.is_some() || reasoning.budget_tokens.is_some();
    if !wanted || !has_level || !model.contains("gpt-oss") {
        return raw(Some(&wanted));
    }
    raw(Some(match reasoning.to_effort()? {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }))
}

/// Reports the parameters that Ollama does not have.
pub(super) fn losses(request: &ChatRequest, losses: &mut Losses) {
    let params = &request.params;
    let mut lose = |lost: bool, loss: Loss| {
        if lost {
            losses.add(loss);
        }
    };
    lose(params.n.is_some_and(|n| n > 1), Loss::param("n"));
    lose(params.logit_bias.is_some(), Loss::param("logit_bias"));
    lose(params.verbosity.is_some(), Loss::param("verbosity"));
    let only_text = |modalities: &Vec<String>| modalities.iter().all(|m| m == "text");
    let modalities = params.modalities.as_ref();
    lose(!modalities.is_none_or(only_text), Loss::param("modalities"));
    let one_call = params.parallel_tool_calls == Some(false) && !request.tools.is_empty();
    lose(one_call, Loss::param("parallel_tool_calls"));
    lose(
        must_call(params.tool_choice.as_ref()),
        Loss::param("tool_choice"),
    );
    lose(
        params.describes_schema(),
        Loss::hint("response_format.json_schema.description"),
    );
    lose(params.user.is_some(), Loss::hint("user"));
    lose(params.service_tier.is_some(), Loss::hint("service_tier"));
    let budget = params.reasoning.as_ref().and_then(|r| r.budget_tokens);
    lose(
        budget.is_some_and(|budget| budget > 0),
        Loss::hint("thinking.budget_tokens"),
    );
}

/// Whether the model must call a tool. Ollama can withhold tools but not force a call.
fn must_call(choice: Option<&ToolChoice>) -> bool {
    match choice {
        Some(ToolChoice::Required | ToolChoice::Tool(_)) => true,
        Some(ToolChoice::Allowed { required, .. }) => *required,
        Some(ToolChoice::Auto | ToolChoice::None) | None => false,
    }
}
