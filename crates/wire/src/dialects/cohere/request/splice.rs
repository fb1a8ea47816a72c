//! Splices a request that stays in this dialect.

use super::super::losses::Losses;
use super::super::params::FormatOut;
use super::super::tools;
use super::body::Body;
use crate::canonical::Params;
use crate::dialect::{Spliced, Target, TranslateError};
use crate::json::JsonObject;

/// Sets the upstream's model name and the defaults that the client left open.
pub(in super::super) fn splice(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<Spliced, TranslateError> {
    if body.get_str("model").as_deref() != Some(target.model) {
        body.set_str("model", target.model);
    }
    if target.operation.is_chat() {
        set_defaults(body, target, defaults)?;
    }
    for (name, value) in &defaults.extra {
        if !body.is_set(name) {
            body.set(name, value.get().to_owned());
        }
    }
    Ok(Spliced::default())
}

fn set_defaults(
    body: &mut JsonObject,
    target: &Target<'_>,
    defaults: &Params,
) -> Result<(), TranslateError> {
    // What the defaults cannot say here concerns the operator's config, not this request.
    let mut losses = Losses::default();
    let mut wanted = Body::default();
    wanted.set_params(defaults, target.model, &mut losses);
    // Tools and documents rule out a form of the answer; without tools there is no choice.
    if body.is_set("tools") {
        wanted.tool_choice = defaults.tool_choice.as_ref().and_then(tools::choice_name);
    } else if !body.is_set("documents") {
        wanted.response_format = defaults.response_format.as_ref().map(FormatOut::new);
    }
    let wanted = JsonObject::parse(wanted.write()?, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    for key in wanted.keys() {
        if let Some(value) = wanted.get(key)
            && !body.is_set(key)
        {
            body.set(key, value.to_vec());
        }
    }
    Ok(())
}
