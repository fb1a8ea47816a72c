//! Sampling and output parameters.

use serde::Serialize;

use super::super::super::openai::model::Model;
use super::super::super::openai::{TIERS, shorten_user};
use crate::canonical::{Effort, Loss, Params, RawJson, ResponseFormat};

/// The API refuses to write fewer tokens (API reference, `max_output_tokens`).
const MIN_OUTPUT: u64 = 16;

/// Members of the chat API that this one does not have.
const CHAT_ONLY: [&str; 2] = ["audio", "prediction"];

/// The parameters as they are written, apart from tools.
#[derive(Debug, Default, Serialize)]
pub(super) struct ParamsOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<ReasoningOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    /// Not a member of its own, but one of what is to be included.
    #[serde(skip)]
    pub(super) logprobs: bool,
    /// Whether the answer may hold reasoning that is to come back; `None` when nobody knows.
    #[serde(skip)]
    pub(super) reasons: Option<bool>,
}

#[derive(Debug, Serialize)]
struct ReasoningOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct TextOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FormatOut {
    Text,
    JsonObject,
    JsonSchema {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        schema: RawJson,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

// === impl ParamsOut ===

impl ParamsOut {
    /// What of `params` the model takes; the rest is named in `losses`.
    pub(super) fn new(params: &Params, model: Model, losses: &mut Vec<Loss>) -> Self {
        report_unknown(params, losses);
        let effort = effort(params, model, losses);
        let mut out = Self {
            max_output_tokens: limit(params, model, losses),
            temperature: params.temperature,
            top_p: params.top_p,
            top_logprobs: params.top_logprobs,
            reasoning: reasoning(params, model, effort),
            text: text(params),
            user: user(params, model),
            service_tier: params.service_tier.clone(),
            logprobs: params.logprobs == Some(true),
            reasons: model
                .reasons()
                .or_else(|| effort.map(|effort| effort != Effort::None)),
        };
        let known = |tier: &mut String| TIERS.contains(&tier.as_str());
        if out.service_tier.take_if(|tier| !known(tier)).is_some() {
            losses.push(Loss::hint("service_tier"));
        }
        if model.refuses_sampling(effort) {
            let mut param = |lost: bool, what: &str| {
                if lost {
                    losses.push(Loss::param(what));
                }
            };
            // 1 is the only temperature such a model knows, so nothing is lost with it.
            let temperature = out.temperature.take();
            param(temperature.is_some_and(|t| t != 1.0), "temperature");
            param(out.top_p.take().is_some_and(|p| p != 1.0), "top_p");
            param(std::mem::take(&mut out.logprobs), "logprobs");
            param(out.top_logprobs.take().is_some(), "top_logprobs");
        }
        out
    }
}

/// The members of `extra` that go into the body as they are.
pub(super) fn extra(params: &Params, losses: &mut Vec<Loss>) -> Vec<(String, RawJson)> {
    let mut kept = params.extra.clone();
    kept.retain(|(name, _)| {
        let foreign = CHAT_ONLY.contains(&&**name);
        if foreign {
            losses.push(match &**name {
                "audio" => Loss::param(name),
                _ => Loss::hint(name),
            });
        }
        !foreign
    });
    kept
}

/// Names the parameters that the API does not have.
fn report_unknown(params: &Params, losses: &mut Vec<Loss>) {
    let set = |value: Option<f64>, neutral: f64| value.is_some_and(|v| v != neutral);
    let more_than_text = |kinds: &Vec<String>| kinds.iter().any(|kind| kind != "text");
    let lost = [
        (
            params.stop.as_ref().is_some_and(|stop| !stop.is_empty()),
            Loss::param("stop"),
        ),
        (params.seed.is_some(), Loss::param("seed")),
        (
            set(params.presence_penalty, 0.0),
            Loss::param("presence_penalty"),
        ),
        (
            set(params.frequency_penalty, 0.0),
            Loss::param("frequency_penalty"),
        ),
        (params.n.is_some_and(|n| n > 1), Loss::param("n")),
        (params.logit_bias.is_some(), Loss::param("logit_bias")),
        (
            params.modalities.as_ref().is_some_and(more_than_text),
            Loss::param("modalities"),
        ),
        (params.top_k.is_some(), Loss::hint("top_k")),
        (set(params.min_p, 0.0), Loss::hint("min_p")),
        (
            set(params.repetition_penalty, 1.0),
            Loss::hint("repetition_penalty"),
        ),
        (params.keep_alive.is_some(), Loss::hint("keep_alive")),
    ];
    losses.extend(lost.into_iter().filter(|(lost, _)| *lost).map(|(_, l)| l));
}

fn limit(params: &Params, model: Model, losses: &mut Vec<Loss>) -> Option<u64> {
    let limit = params.max_tokens?;
    if limit >= MIN_OUTPUT || !model.is_own() {
        return Some(limit);
    }
    losses.push(Loss::hint("max_tokens"));
    Some(MIN_OUTPUT)
}

/// The effort the model knows that comes closest to what was asked for.
fn effort(params: &Params, model: Model, losses: &mut Vec<Loss>) -> Option<Effort> {
    let effort = params.reasoning.as_ref()?.to_effort()?;
    let nearest = model.nearest_effort(effort);
    // To not reason is what such a model does anyway.
    if nearest.is_none() && effort != Effort::None {
        losses.push(Loss::hint("reasoning_effort"));
    }
    nearest
}

/// A summary is written for those only who asked to read the reasoning: OpenAI gives it to
/// verified organizations, and refuses the request of others.
fn reasoning(params: &Params, model: Model, effort: Option<Effort>) -> Option<ReasoningOut> {
    if model.reasons() == Some(false) {
        return None;
    }
    let include = params.reasoning.as_ref()?.include == Some(true);
    let wanted = include && effort != Some(Effort::None);
    (wanted || effort.is_some()).then(|| ReasoningOut {
        effort: effort.map(Effort::as_str),
        summary: wanted.then_some("auto"),
    })
}

fn text(params: &Params) -> Option<TextOut> {
    let format = params.response_format.as_ref().map(FormatOut::from);
    let verbosity = params.verbosity.clone();
    (format.is_some() || verbosity.is_some()).then_some(TextOut { format, verbosity })
}

/// The customer's id, unless `safety_identifier` says the same under its own name.
fn user(params: &Params, model: Model) -> Option<String> {
    let mut user = params.user.clone()?;
    let same = params.extra.iter().any(|(name, value)| {
        let value = crate::json::unquote(value.get().as_bytes());
        name == "safety_identifier" && value.as_deref() == Some(&*user)
    });
    if model.is_own() {
        shorten_user(&mut user);
    }
    (!same).then_some(user)
}

// === impl FormatOut ===

impl From<&ResponseFormat> for FormatOut {
    fn from(format: &ResponseFormat) -> Self {
        match format {
            ResponseFormat::JsonSchema {
                name,
                description,
                schema: Some(schema),
                strict,
            } => Self::JsonSchema {
                // Required here, unknown to most other APIs.
                name: name.clone().unwrap_or_else(|| "response".to_owned()),
                description: description.clone(),
                schema: schema.clone(),
                strict: *strict,
            },
            ResponseFormat::Text => Self::Text,
            ResponseFormat::JsonObject | ResponseFormat::JsonSchema { .. } => Self::JsonObject,
        }
    }
}
