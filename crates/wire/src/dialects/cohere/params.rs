//! Sampling and output parameters, within what the API takes.
//!
//! Source: API reference, chat, with the limits given there.

use serde::{Deserialize, Serialize};

use super::losses::Losses;
use super::{model, read};
use crate::canonical::{Effort, Loss, Params, RawJson, Reasoning, ResponseFormat};
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// The API takes at most so many stop sequences.
const MAX_STOPS: usize = 5;

/// The largest `k`.
pub(super) const MAX_K: u64 = 500;

/// The limits of `p`.
const P: (f64, f64) = (0.01, 0.99);

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct FormatIn {
    r#type: Option<String>,
    #[serde(default)]
    json_schema: Option<RawJson>,
    /// The name in v1 of the API.
    #[serde(default)]
    schema: Option<RawJson>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct ThinkingIn {
    r#type: Option<String>,
    #[serde(default)]
    token_budget: Option<u64>,
}

/// `response_format` for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct FormatOut<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<&'a RawJson>,
}

/// `thinking` for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct ThinkingOut {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_budget: Option<u64>,
}

/// Reads the parameters, all but `tool_choice`.
pub(super) fn decode(body: &JsonObject) -> Result<Params, TranslateError> {
    let stop: Option<Vec<String>> = read::member(body, "stop_sequences")?;
    let seed: Option<u64> = read::member(body, "seed")?;
    Ok(Params {
        max_tokens: read::member(body, "max_tokens")?,
        temperature: read::member(body, "temperature")?,
        top_p: read::member(body, "p")?,
        top_k: read::member(body, "k")?,
        stop: stop.filter(|stop| !stop.is_empty()),
        // One seed is as good as another, so the upper half may stand for the lower.
        seed: seed.map(|seed| (seed & (u64::MAX >> 1)).cast_signed()),
        presence_penalty: read::member(body, "presence_penalty")?,
        frequency_penalty: read::member(body, "frequency_penalty")?,
        logprobs: read::member(body, "logprobs")?,
        response_format: response_format(body)?,
        reasoning: reasoning(body)?,
        ..Params::default()
    })
}

fn response_format(body: &JsonObject) -> Result<Option<ResponseFormat>, TranslateError> {
    let Some(format) = read::member::<FormatIn>(body, "response_format")? else {
        return Ok(None);
    };
    let schema = format.json_schema.or(format.schema);
    match (format.r#type.as_deref(), schema) {
        (Some("text"), _) => Ok(Some(ResponseFormat::Text)),
        (Some("json_object"), None) => Ok(Some(ResponseFormat::JsonObject)),
        (Some("json_object"), schema) => Ok(Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema,
            strict: None,
        })),
        (Some(other), _) => Err(read::invalid(
            "response_format.type",
            format_args!("must be `text` or `json_object`, not `{other}`"),
        )),
        (None, _) => Err(read::required("response_format.type")),
    }
}

fn reasoning(body: &JsonObject) -> Result<Option<Reasoning>, TranslateError> {
    let Some(thinking) = read::member::<ThinkingIn>(body, "thinking")? else {
        return Ok(None);
    };
    let enabled = match thinking.r#type.as_deref() {
        Some("enabled") => true,
        Some("disabled") => false,
        Some(other) => {
            return Err(read::invalid(
                "thinking.type",
                format_args!("must be `enabled` or `disabled`, not `{other}`"),
            ));
        }
        None => return Err(read::required("thinking.type")),
    };
    Ok(Some(Reasoning {
        enabled: Some(enabled),
        budget_tokens: thinking.token_budget.filter(|_| enabled),
        ..Reasoning::default()
    }))
}

/// `thinking`, for a model that takes it.
pub(super) fn thinking(params: &Params, model: &str, losses: &mut Losses) -> Option<ThinkingOut> {
    let reasoning = params.reasoning.as_ref()?;
    let wanted = reasoning.wanted()?;
    if !model::reasons(model) {
        // To not reason is what such a model does anyway.
        losses.hint_if(wanted, "reasoning_effort");
        return None;
    }
    if !wanted {
        return Some(ThinkingOut {
            r#type: "disabled",
            token_budget: None,
        });
    }
    // Without a budget the model may think as long as it likes.
    let effort = reasoning.effort.filter(|effort| *effort != Effort::Max);
    let budget = reasoning
        .budget_tokens
        .or_else(|| effort.map(Effort::to_budget));
    // Thoughts are part of the answer, and something must be left for the rest of it.
    let room = params.max_tokens.map(|most| (most / 2).max(1));
    let is_too_much = |budget: &u64| params.max_tokens.is_some_and(|most| *budget >= most);
    Some(ThinkingOut {
        r#type: "enabled",
        token_budget: match budget.filter(|budget| *budget > 0) {
            Some(budget) if is_too_much(&budget) => room,
            budget => budget,
        },
    })
}

/// `stop_sequences`: those that there is room for.
pub(super) fn stop<'a>(params: &'a Params, losses: &mut Losses) -> Option<&'a [String]> {
    let stop = params.stop.as_deref().filter(|stop| !stop.is_empty())?;
    losses.param_if(stop.len() > MAX_STOPS, "stop");
    Some(&stop[..stop.len().min(MAX_STOPS)])
}

/// `p`. The whole mass, which is other APIs' default, comes to all but a hundredth of it.
pub(super) fn mass(top_p: Option<f64>, losses: &mut Losses) -> Option<f64> {
    let top_p = top_p?;
    let clamped = top_p.clamp(P.0, P.1);
    losses.hint_if(clamped != top_p, "top_p");
    Some(clamped)
}

/// `seed`, which is never negative.
pub(super) fn seed(seed: Option<i64>, losses: &mut Losses) -> Option<u64> {
    let seed = seed?;
    losses.hint_if(seed < 0, "seed");
    Some(seed.unsigned_abs())
}

/// A penalty, from 0 to 1.
pub(super) fn penalty(penalty: Option<f64>, what: &str, losses: &mut Losses) -> Option<f64> {
    let penalty = penalty?;
    let clamped = penalty.clamp(0.0, 1.0);
    losses.param_if(clamped != penalty, what);
    Some(clamped)
}

/// `value`, at most `limit`.
pub(super) fn within(
    value: Option<u64>,
    limit: u64,
    what: &str,
    losses: &mut Losses,
) -> Option<u64> {
    losses.param_if(value.is_some_and(|value| value > limit), what);
    value.map(|value| value.min(limit))
}

/// Names the parameters that the API does not have.
pub(super) fn lose_unknown(params: &Params, losses: &mut Losses) {
    let set = |value: Option<f64>, neutral: f64| value.is_some_and(|v| v != neutral);
    let only_text = |kinds: &Vec<String>| kinds.iter().all(|k| k.eq_ignore_ascii_case("text"));
    let modalities = params.modalities.as_ref();
    for (lost, what) in [
        (params.n.is_some_and(|n| n > 1), "n"),
        (params.top_logprobs.is_some_and(|n| n > 0), "top_logprobs"),
        (params.logit_bias.is_some(), "logit_bias"),
        (set(params.repetition_penalty, 1.0), "repetition_penalty"),
        (set(params.min_p, 0.0), "min_p"),
        (params.verbosity.is_some(), "verbosity"),
        (!modalities.is_none_or(only_text), "modalities"),
    ] {
        losses.param_if(lost, what);
    }
    for (lost, what) in [
        (params.user.is_some(), "user"),
        (params.service_tier.is_some(), "service_tier"),
        (params.keep_alive.is_some(), "keep_alive"),
    ] {
        losses.hint_if(lost, what);
    }
    if params.describes_schema() {
        losses.add(Loss::hint("response_format.json_schema.description"));
    }
}

// === impl FormatOut ===

impl<'a> FormatOut<'a> {
    /// The form as the API says it.
    pub(super) fn new(format: &'a ResponseFormat) -> Self {
        match format {
            ResponseFormat::Text => Self {
                r#type: "text",
                json_schema: None,
            },
            ResponseFormat::JsonObject => Self {
                r#type: "json_object",
                json_schema: None,
            },
            ResponseFormat::JsonSchema { schema, .. } => Self {
                r#type: "json_object",
                json_schema: schema.as_ref(),
            },
        }
    }

    /// Whether it is free text, which the API takes along with anything.
    pub(super) fn is_text(&self) -> bool {
        self.r#type == "text"
    }
}

/// What the model is told where it cannot be held to the form.
pub(super) fn instruction(format: &FormatOut<'_>) -> String {
    let mut text =
        "Your final answer must be one JSON value with no text or code fence around it.".to_owned();
    match format.json_schema {
        Some(schema) => {
            text.push_str(" It must match this JSON Schema:\n");
            text.push_str(schema.get());
        }
        None => text.push_str(" The value must be an object."),
    }
    text
}
