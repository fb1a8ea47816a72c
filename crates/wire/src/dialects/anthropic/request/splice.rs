//! Splices a request that stays in this dialect.

use super::super::model::Model;
use super::encode::{Body, write};
use super::pieces::Report;
use super::thinking;
use crate::canonical::Params;
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// The members that rule out sampling defaults, and those defaults.
const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];

/// Sets the upstream's model name and the defaults that the client left open.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    if body.get_str("model").as_deref() != Some(target.model) {
        body.set_str("model", target.model);
    }
    // The count endpoint takes none of the defaults.
    if target.operation == Operation::Chat {
        set_defaults(body, target, defaults)?;
    }
    Ok(Spliced::default())
}

fn set_defaults(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<(), TranslateError> {
    let model = Model::of(target.model);
    // What the defaults cannot say here concerns the operator's config, not this request.
    let mut report = Report::default();
    let asked = match body.get("max_tokens") {
        Some(raw) => serde_json::from_slice(raw).ok(),
        None => defaults.max_tokens,
    };
    let reasoning = defaults
        .reasoning
        .as_ref()
        .filter(|_| !body.is_set("thinking") && !body.is_set("output_config"));
    let plan = thinking::plan(
        reasoning,
        asked,
        target.max_output_tokens,
        model,
        &[],
        &mut report.losses,
    );
    let mut wanted = Body::default();
    wanted.set_params(defaults, model, &plan, &mut report);
    wanted.set_thinking(&plan);
    wanted.set_max_tokens(plan.max_tokens);
    let wanted = JsonObject::parse(write(&wanted)?, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    let thinks = body.is_set("thinking");
    let tuned = SAMPLING.iter().any(|key| body.is_set(key));
    for key in wanted.keys() {
        let clashes = (thinks && SAMPLING.contains(&key))
            || (tuned && key == "thinking")
            || (model.one_sampling_knob()
                && ((key == "top_p" && body.is_set("temperature"))
                    || (key == "temperature" && body.is_set("top_p"))));
        if let Some(value) = wanted.get(key)
            && !body.is_set(key)
            && !clashes
        {
            body.set(key, value.to_vec());
        }
    }
    for (name, value) in &defaults.extra {
        if !body.is_set(name) {
            body.set(name, value.get().to_owned());
        }
    }
    Ok(())
}
