//! Writes a request for an upstream.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::super::super::openai::body::with_extra;
use super::super::super::openai::model::Model;
use super::super::tools::{self, ChoiceOut, Offer};
use super::items::Entry;
use super::params::{self, ParamsOut};
use super::turns::{self, Turns};
use crate::canonical::{Block, ChatRequest, Loss, RawJson};
use crate::dialect::{EncodedRequest, Target, TranslateError};

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a RawJson>,
    input: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tools: &'a [tools::ToolOut<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChoiceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

/// Writes the request. Nothing is kept at the upstream unless the client wants it to be; so
/// reasoning has to come back encrypted, for the next request to hold it.
pub(in super::super) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let model = Model::from_name(target.model);
    let mut losses: Vec<Loss> = request.unmapped.iter().cloned().map(Loss::hint).collect();
    let offer = tools::offer(&request.tools, &mut losses);
    let custom = tools::custom_names(&request.tools);
    let (instructions, messages) = turns::split_instructions(&request.messages);
    let marked = |block: &Block| block.cache.is_some();
    let mut head = request
        .messages
        .iter()
        .take(request.messages.len() - messages.len());
    if instructions.is_some() && head.any(|message| message.content.iter().any(marked)) {
        losses.push(Loss::hint("cache_control"));
    }
    let input = Turns::new(model, &custom, &mut losses).write(messages);
    let params = ParamsOut::new(&request.params, model, &mut losses);
    let extra = params::extra(&request.params, &mut losses);
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    let tool_choice = choice(request, &offer, &mut losses);
    let body = Body {
        model: target.model,
        instructions,
        prompt: blocks.find_map(turns::prompt),
        input,
        tool_choice,
        parallel_tool_calls: parallel(request, &offer, model, &mut losses),
        tools: &offer.tools,
        include: include(request, &params),
        store: extra
            .iter()
            .all(|(name, _)| name != "store")
            .then_some(false),
        stream: target.stream,
    };
    let body = join(&write(&body)?, &write(&params)?);
    Ok(EncodedRequest {
        body: with_extra(&body, &extra)?,
        headers: Vec::new(),
        losses,
    })
}

/// Two JSON objects as one.
fn join(object: &[u8], more: &[u8]) -> Bytes {
    let more = more.strip_prefix(b"{").unwrap_or_default();
    let mut out = object.strip_suffix(b"}").unwrap_or_default().to_vec();
    if more != b"}" {
        out.push(b',');
    }
    out.extend_from_slice(more);
    out.into()
}

/// The JSON text of a body.
pub(super) fn write(body: &impl Serialize) -> Result<Bytes, TranslateError> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}

fn choice<'a>(
    request: &'a ChatRequest,
    offer: &Offer<'a>,
    losses: &mut Vec<Loss>,
) -> Option<ChoiceOut<'a>> {
    let choice = request.params.tool_choice.as_ref()?;
    // Without tools it is refused.
    if offer.tools.is_empty() {
        return None;
    }
    let choice = offer.choice(choice);
    if choice.is_none() {
        losses.push(Loss::param("tool_choice"));
    }
    choice
}

fn parallel(
    request: &ChatRequest,
    offer: &Offer<'_>,
    model: Model,
    losses: &mut Vec<Loss>,
) -> Option<bool> {
    let parallel = request.params.parallel_tool_calls?;
    if offer.tools.is_empty() {
        return None;
    }
    if !model.refuses_parallel_tool_calls() {
        return Some(parallel);
    }
    if !parallel {
        losses.push(Loss::param("parallel_tool_calls"));
    }
    None
}

/// What the answer shall hold besides. Models that do not reason refuse to be asked for it.
fn include(request: &ChatRequest, params: &ParamsOut) -> Vec<&'static str> {
    let mut include = Vec::new();
    let reasons = params.reasons;
    if reasons.unwrap_or_else(|| turns::holds_reasoning(&request.messages)) {
        include.push("reasoning.encrypted_content");
    }
    if params.logprobs {
        include.push("message.output_text.logprobs");
    }
    include
}
