//! Sampling and the other parameters that stand at the top of the body.

use serde::Serialize;

use super::super::model::Model;
use super::pieces::Report;
use super::thinking;
use crate::canonical::Params;

/// The parameters as they are written, apart from thinking, tools and form.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
}

/// `metadata`, as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Metadata<'a> {
    user_id: &'a str,
}

/// Temperature and its like, within what the model takes while it thinks or not.
pub(super) fn sampling(
    params: &Params,
    model: Model,
    plan: &thinking::Plan,
    report: &mut Report,
) -> Sampling {
    // A value that asks for the default is no loss when it is left out.
    let temperature = params.temperature.filter(|t| *t != 1.0);
    let top_p = params.top_p.filter(|p| *p != 1.0);
    if !model.sampling() {
        for (set, what) in [
            (temperature.is_some(), "temperature"),
            (top_p.is_some(), "top_p"),
            (params.top_k.is_some(), "top_k"),
        ] {
            if set {
                report.param(what);
            }
        }
        return Sampling::default();
    }
    if plan.is_on() {
        for (set, what) in [
            (temperature.is_some(), "temperature"),
            (top_p.is_some(), "top_p"),
            (params.top_k.is_some(), "top_k"),
        ] {
            if set {
                report.hint(what);
            }
        }
        return Sampling::default();
    }
    let temperature = params.temperature.map(|t| {
        if !(0.0..=1.0).contains(&t) {
            report.param("temperature");
        }
        t.clamp(0.0, 1.0)
    });
    let mut top_p = params.top_p;
    if temperature.is_some() && top_p.is_some() && model.one_sampling_knob() {
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

/// `stop_sequences`: those that are more than white space, which the API refuses.
pub(super) fn stop<'a>(params: &'a Params, report: &mut Report) -> Vec<&'a str> {
    let Some(stop) = &params.stop else {
        return Vec::new();
    };
    let kept: Vec<&str> = stop
        .iter()
        .map(String::as_str)
        .filter(|s| !s.trim().is_empty())
        .collect();
    if kept.len() < stop.len() {
        report.param("stop");
    }
    kept
}

/// `metadata.user_id`, unless it looks like personal data, which Anthropic asks not to be sent.
pub(super) fn metadata<'a>(params: &'a Params, report: &mut Report) -> Option<Metadata<'a>> {
    let user_id = params.user.as_deref().filter(|user| !user.is_empty())?;
    if is_personal(user_id) {
        report.hint("user");
        return None;
    }
    Some(Metadata { user_id })
}

/// The tier in this API's terms; it knows `auto` and `standard_only` only.
pub(super) fn service_tier(params: &Params, report: &mut Report) -> Option<&'static str> {
    match params.service_tier.as_deref()? {
        "auto" | "priority" => Some("auto"),
        "default" | "standard" | "standard_only" => Some("standard_only"),
        _ => {
            report.hint("service_tier");
            None
        }
    }
}

/// Names the parameters that the API does not have.
pub(super) fn report_unknown(params: &Params, report: &mut Report) {
    let set = |value: Option<f64>, neutral: f64| value.is_some_and(|v| v != neutral);
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
        (wants_more_than_text(params), "modalities"),
    ] {
        if lost {
            report.param(what);
        }
    }
    if params.describes_schema() {
        report.hint("response_format.json_schema.description");
    }
    if params.keep_alive.is_some() {
        report.hint("keep_alive");
    }
}

fn wants_more_than_text(params: &Params) -> bool {
    params
        .modalities
        .as_ref()
        .is_some_and(|m| m.iter().any(|m| !m.eq_ignore_ascii_case("text")))
}

/// Whether an id looks like a mail address or a phone number.
fn is_personal(id: &str) -> bool {
    if let Some((name, host)) = id.split_once('@') {
        return !name.is_empty() && host.contains('.') && !id.contains(char::is_whitespace);
    }
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let written_so = id
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ' ' | '(' | ')'));
    let marked = id.starts_with('+') || id.contains(['-', '.', ' ', '(']);
    written_so && (7..=15).contains(&digits) && (marked || digits == 10 || digits == 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_and_phone_numbers_are_personal() {
        for id in [
            "jo@example.com",
            "+49 30 1234567",
            "(555) 123-4567",
            "5551234567",
        ] {
            assert!(is_personal(id), "{id}");
        }
        for id in [
            "user-1",
            "12345",
            "123456789012345678",
            "a@b",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(!is_personal(id), "{id}");
        }
    }
}
