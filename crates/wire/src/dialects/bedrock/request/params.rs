//! `inferenceConfig` and the parameters that the API does not have.

use serde::Serialize;

use super::super::family::Family;
use super::super::report::Report;
use crate::canonical::Params;
use crate::claude::thinking;

/// `inferenceConfig`, as it is written.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inference<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stop_sequences: Vec<&'a str>,
}

/// `serviceTier`, as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Tier<'a> {
    r#type: &'a str,
}

/// What is set of the parameters that a model may refuse while it thinks.
pub(super) struct Sampling {
    temperature: Option<f64>,
    top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
}

// === impl Inference ===

impl<'a> Inference<'a> {
    pub(super) fn new(
        params: &'a Params,
        sampling: &Sampling,
        family: Family,
        report: &mut Report,
    ) -> Self {
        let stop = params.stop.as_deref().unwrap_or_default();
        // Claude refuses stop sequences of nothing but white space, and no model takes empty ones.
        let fits = |stop: &&str| !(stop.is_empty() || family.is_claude() && stop.trim().is_empty());
        let kept: Vec<&str> = stop.iter().map(String::as_str).filter(fits).collect();
        if kept.len() < stop.len() {
            report.param("stop");
        }
        Self {
            // The model's own limit holds without one.
            max_tokens: params.max_tokens,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            stop_sequences: kept,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Temperature and its like, within what the model takes while it thinks or not.
pub(super) fn sampling(
    params: &Params,
    family: Family,
    plan: &thinking::Plan,
    report: &mut Report,
) -> Sampling {
    // A value that asks for the default is no loss when it is left out.
    let temperature = params.temperature.filter(|t| *t != 1.0);
    let top_p = params.top_p.filter(|p| *p != 1.0);
    if !family.claude.sampling() || plan.is_on() {
        for (set, what) in [
            (temperature.is_some(), "temperature"),
            (top_p.is_some(), "top_p"),
            (params.top_k.is_some(), "top_k"),
        ] {
            match set {
                false => {}
                true if family.claude.sampling() => report.hint(what),
                true => report.param(what),
            }
        }
        return Sampling {
            temperature: None,
            top_p: None,
            top_k: None,
        };
    }
    let temperature = within(params.temperature, "temperature", report);
    let mut top_p = within(params.top_p, "top_p", report);
    if temperature.is_some() && top_p.is_some() && family.claude.one_sampling_knob() {
        if top_p != Some(1.0) {
            report.param("top_p");
        }
        top_p = None;
    }
    Sampling {
        temperature,
        top_p,
        top_k: params.top_k,
    }
}

fn within(value: Option<f64>, what: &str, report: &mut Report) -> Option<f64> {
    let value = value?;
    if !(0.0..=1.0).contains(&value) {
        report.param(what);
    }
    Some(value.clamp(0.0, 1.0))
}

/// The tier in this API's terms; `auto` is to say none.
pub(super) fn tier<'a>(params: &'a Params, report: &mut Report) -> Option<Tier<'a>> {
    let r#type = match params.service_tier.as_deref()? {
        "auto" => return None,
        "standard" | "standard_only" => "default",
        tier @ ("default" | "flex" | "priority" | "reserved") => tier,
        _ => {
            report.hint("service_tier");
            return None;
        }
    };
    Some(Tier { r#type })
}

/// Names the parameters that the API does not have.
pub(super) fn report_unknown(params: &Params, report: &mut Report) {
    let set = |value: Option<f64>, neutral: f64| value.is_some_and(|v| v != neutral);
    let modalities = params.modalities.as_deref().unwrap_or_default();
    let more_than_text = modalities.iter().any(|m| !m.eq_ignore_ascii_case("text"));
    for (lost, what) in [
        (params.n.is_some_and(|n| n > 1), "n"),
        (params.logprobs == Some(true), "logprobs"),
        (params.top_logprobs.is_some_and(|n| n > 0), "top_logprobs"),
        (params.logit_bias.is_some(), "logit_bias"),
        (params.seed.is_some(), "seed"),
        (set(params.presence_penalty, 0.0), "presence_penalty"),
        (set(params.frequency_penalty, 0.0), "frequency_penalty"),
        (set(params.repetition_penalty, 1.0), "repetition_penalty"),
        (set(params.min_p, 0.0), "min_p"),
        (params.verbosity.is_some(), "verbosity"),
        (more_than_text, "modalities"),
    ] {
        if lost {
            report.param(what);
        }
    }
    if params.user.as_deref().is_some_and(|user| !user.is_empty()) {
        report.hint("user");
    }
    if params.keep_alive.is_some() {
        report.hint("keep_alive");
    }
}
