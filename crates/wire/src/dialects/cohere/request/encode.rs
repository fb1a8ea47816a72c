//! Writes a chat request for an upstream.

use bytes::Bytes;

use super::super::losses::Losses;
use super::super::params::{self, FormatOut};
use super::super::tools;
use super::body::Body;
use super::outgoing::{ContentOut, MessageOut, PartOut};
use super::turns::{Turns, may_stand_apart};
use crate::canonical::{ChatRequest, Loss, RawJson};
use crate::dialect::{EncodedRequest, Target, TranslateError};
use crate::json::JsonObject;

/// Writes the request.
pub(in super::super) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut losses = Losses::default();
    for what in &request.unmapped {
        losses.add(Loss::hint(what.as_str()));
    }
    let offer = tools::offer(request, &mut losses);
    let format = request.params.response_format.as_ref().map(FormatOut::new);
    let in_json = format.as_ref().is_some_and(|format| !format.is_text());
    // The API takes JSON as the form of the answer only without tools and documents.
    let apart = !in_json && offer.tools.is_empty() && request.messages.iter().all(may_stand_apart);
    let mut turns = Turns::new(!apart, &mut losses);
    for message in &request.messages {
        turns.add(message);
    }
    let Turns {
        mut messages,
        documents,
        ..
    } = turns;

    let mut body = Body {
        model: Some(target.model),
        stream: Some(target.stream),
        strict_tools: offer.strict,
        tool_choice: offer.choice,
        documents,
        ..Body::default()
    };
    match format {
        Some(format) if in_json && !offer.tools.is_empty() => {
            losses.add(Loss::hint("response_format"));
            tell(&mut messages, params::instruction(&format));
        }
        format => body.response_format = format,
    }
    body.tools = offer.tools;
    body.messages = Some(messages);
    body.set_params(&request.params, target.model, &mut losses);
    params::lose_unknown(&request.params, &mut losses);
    Ok(EncodedRequest {
        body: with_extra(body.write()?, &request.params.extra)?,
        headers: Vec::new(),
        losses: losses.into_vec(),
    })
}

/// Adds to the instructions.
fn tell(messages: &mut Vec<MessageOut<'_>>, instruction: String) {
    let part = PartOut::text(instruction);
    match messages.first_mut() {
        Some(MessageOut {
            role: "system",
            content: Some(ContentOut(parts)),
            ..
        }) => parts.push(part),
        _ => messages.insert(
            0,
            MessageOut {
                role: "system",
                content: Some(ContentOut(vec![part])),
                ..MessageOut::default()
            },
        ),
    }
}

/// Appends provider parameters to `body`; what is there already stays.
pub(in super::super) fn with_extra(
    body: Bytes,
    extra: &[(String, RawJson)],
) -> Result<Bytes, TranslateError> {
    if extra.is_empty() {
        return Ok(body);
    }
    let mut object = JsonObject::parse(body, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    for (name, value) in extra {
        if !object.contains(name) {
            object.set(name, value.get().to_owned());
        }
    }
    Ok(object.to_bytes())
}
