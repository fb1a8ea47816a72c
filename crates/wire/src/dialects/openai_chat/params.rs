//! Sampling and output parameters, and what of them a model takes.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) use super::super::openai::TIERS;
use super::super::openai::shorten_user;
use super::model::Model;
use crate::canonical::{Effort, Loss, Params, RawJson, ResponseFormat};

/// OpenAI takes at most so many stop sequences (API reference, `stop`).
const MAX_STOPS: usize = 4;

/// What is lost when member `name` of an OpenAI request, kept in [`Params::extra`], does not
/// reach an OpenAI server; `None` when the member is not OpenAI's own.
///
/// Those members mean nothing to other APIs, or something else (`metadata`), and must not be
/// forwarded to them the way a provider's own parameter is.
pub fn own_param_loss(name: &str) -> Option<Loss> {
    match name {
        "metadata"
        | "moderation"
        | "prediction"
        | "prompt_cache_key"
        | "prompt_cache_options"
        | "prompt_cache_retention"
        | "safety_identifier"
        | "store" => Some(Loss::hint(name)),
        "audio" => Some(Loss::param(name)),
        _ => None,
    }
}

/// `response_format` in all spellings seen.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct FormatIn<'a> {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default, borrow)]
    json_schema: Option<SchemaIn<'a>>,
    /// Together and llama.cpp put the schema beside the type.
    #[serde(default, borrow)]
    schema: Option<&'a RawValue>,
    /// LiteLLM, for Gemini.
    #[serde(default, borrow)]
    response_schema: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "an object")]
struct SchemaIn<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, borrow)]
    schema: Option<&'a RawValue>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Debug, Serialize)]
struct FormatOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<SchemaOut<'a>>,
}

#[derive(Debug, Serialize)]
struct SchemaOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// The members of a request body, in the order they are written.
#[derive(Debug, Default)]
pub(super) struct Members(pub(super) Vec<(&'static str, Bytes)>);

// === impl FormatIn ===

impl FormatIn<'_> {
    /// The canonical form; `Err` is the type nobody knows.
    pub(super) fn into_format(self) -> Result<ResponseFormat, String> {
        let beside = self.schema.or(self.response_schema);
        match self.kind.as_str() {
            "text" => Ok(ResponseFormat::Text),
            "json_object" if beside.is_none() => Ok(ResponseFormat::JsonObject),
            "json_object" | "json_schema" => {
                let schema = self.json_schema.unwrap_or_default();
                Ok(ResponseFormat::JsonSchema {
                    name: schema.name,
                    description: schema.description,
                    schema: schema.schema.or(beside).map(|raw| raw.to_owned().into()),
                    strict: schema.strict,
                })
            }
            _ => Err(self.kind),
        }
    }
}

// === impl Members ===

impl Members {
    /// Adds `name` with what `value` serialises to.
    pub(super) fn put(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        // Only a map with keys that are no strings fails to serialise; there is none here.
        if let Ok(text) = serde_json::to_vec(value) {
            self.0.push((name, text.into()));
        }
    }

    /// The members as one JSON object.
    pub(super) fn into_object(self) -> Bytes {
        let length: usize = self.0.iter().map(|(k, v)| k.len() + v.len() + 4).sum();
        let mut out = BytesMut::with_capacity(length + 2);
        for (index, (name, value)) in self.0.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b"," });
            out.extend_from_slice(&crate::json::quote(name));
            out.extend_from_slice(b":");
            out.extend_from_slice(value);
        }
        out.extend_from_slice(if self.0.is_empty() { b"{}" } else { b"}" });
        out.freeze()
    }

    pub(super) fn put_some(&mut self, name: &'static str, value: &Option<impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds every parameter but `tool_choice`, `parallel_tool_calls` and `extra`.
    pub(super) fn put_params(&mut self, params: &Params, model: Model) {
        let limit = if model.wants_max_completion_tokens() {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        self.put_some(limit, &params.max_tokens);
        self.put_some("temperature", &params.temperature);
        self.put_some("top_p", &params.top_p);
        self.put_some("top_k", &params.top_k);
        self.put_some("min_p", &params.min_p);
        self.put_some(
            "stop",
            &params.stop.as_ref().filter(|stop| !stop.is_empty()),
        );
        self.put_some("seed", &params.seed);
        self.put_some("presence_penalty", &params.presence_penalty);
        self.put_some("frequency_penalty", &params.frequency_penalty);
        self.put_some("repetition_penalty", &params.repetition_penalty);
        self.put_some("n", &params.n);
        self.put_some("logprobs", &params.logprobs);
        self.put_some("top_logprobs", &params.top_logprobs);
        self.put_some("logit_bias", &params.logit_bias);
        self.put_some("user", &params.user);
        let format = params.response_format.as_ref().map(FormatOut::from);
        self.put_some("response_format", &format);
        let effort = params.reasoning.as_ref().and_then(|r| r.to_effort());
        self.put_some("reasoning_effort", &effort.map(Effort::as_str));
        self.put_some("service_tier", &params.service_tier);
        self.put_some("verbosity", &params.verbosity);
        self.put_some("modalities", &params.modalities);
    }
}

/// Takes out of `params` what `model` does not accept, and says so in `losses`.
pub(super) fn restrict(params: &mut Params, model: Model, losses: &mut Vec<Loss>) {
    if params.keep_alive.take().is_some() {
        losses.push(Loss::hint("keep_alive"));
    }
    let known = |tier: &mut String| TIERS.contains(&tier.as_str());
    if params.service_tier.take_if(|tier| !known(tier)).is_some() {
        losses.push(Loss::hint("service_tier"));
    }
    restrict_reasoning(params, model, losses);
    if model.is_own() {
        restrict_own(params, model, losses);
    }
}

fn restrict_reasoning(params: &mut Params, model: Model, losses: &mut Vec<Loss>) {
    let Some(reasoning) = &mut params.reasoning else {
        return;
    };
    let Some(effort) = reasoning.to_effort() else {
        return;
    };
    // OpenAI's chat shows nothing of it; others do so unasked.
    let hidden = model.is_own() && reasoning.include == Some(true);
    match model.nearest_effort(effort) {
        Some(nearest) => {
            reasoning.effort = Some(nearest);
            // Cleared, lest the switch or the budget win over the level just chosen.
            reasoning.enabled = None;
            reasoning.budget_tokens = None;
            if hidden && effort != Effort::None {
                losses.push(Loss::hint("reasoning.summary"));
            }
        }
        None => {
            params.reasoning = None;
            // To not reason is what such a model does anyway.
            if effort != Effort::None {
                losses.push(Loss::hint("reasoning_effort"));
            }
        }
    }
}

/// OpenAI's own API refuses what it does not know.
fn restrict_own(params: &mut Params, model: Model, losses: &mut Vec<Loss>) {
    let mut hint = |lost: bool, what: &str| {
        if lost {
            losses.push(Loss::hint(what));
        }
    };
    hint(params.top_k.take().is_some(), "top_k");
    hint(params.min_p.take().is_some(), "min_p");
    hint(
        params.repetition_penalty.take().is_some(),
        "repetition_penalty",
    );

    let mut param = |lost: bool, what: &str| {
        if lost {
            losses.push(Loss::param(what));
        }
    };
    let effort = params.reasoning.as_ref().and_then(|r| r.effort);
    if model.refuses_sampling(effort) {
        // 1 is the only temperature such a model knows, so nothing is lost with it.
        let temperature = params.temperature.take();
        param(temperature.is_some_and(|t| t != 1.0), "temperature");
        param(params.top_p.take().is_some_and(|p| p != 1.0), "top_p");
        let zero = |penalty: Option<f64>| penalty.is_none_or(|p| p == 0.0);
        param(!zero(params.presence_penalty.take()), "presence_penalty");
        param(!zero(params.frequency_penalty.take()), "frequency_penalty");
        param(params.logprobs.take() == Some(true), "logprobs");
        param(params.top_logprobs.take().is_some(), "top_logprobs");
        param(params.logit_bias.take().is_some(), "logit_bias");
    }
    let refuses_stop = model.refuses_stop();
    let stop = params.stop.take_if(|stop| refuses_stop && !stop.is_empty());
    param(stop.is_some(), "stop");
    if let Some(stop) = &mut params.stop {
        param(stop.len() > MAX_STOPS, "stop");
        stop.truncate(MAX_STOPS);
    }
    let terse = !model.takes_verbosity();
    param(params.verbosity.take_if(|_| terse).is_some(), "verbosity");
    let foreign = |kinds: &mut Vec<String>| kinds.iter().any(|k| k != "text" && k != "audio");
    param(params.modalities.take_if(foreign).is_some(), "modalities");
    if let Some(user) = &mut params.user {
        shorten_user(user);
    }
}

// === impl FormatOut ===

impl<'a> From<&'a ResponseFormat> for FormatOut<'a> {
    fn from(format: &'a ResponseFormat) -> Self {
        let plain = |kind| Self {
            kind,
            json_schema: None,
        };
        match format {
            ResponseFormat::Text => plain("text"),
            ResponseFormat::JsonObject => plain("json_object"),
            ResponseFormat::JsonSchema {
                name,
                description,
                schema,
                strict,
            } => Self {
                kind: "json_schema",
                json_schema: Some(SchemaOut {
                    // Required here, unknown to most other APIs.
                    name: name.as_deref().unwrap_or("response"),
                    description: description.as_deref(),
                    schema: schema.as_ref(),
                    strict: *strict,
                }),
            },
        }
    }
}
