//! Requests for a completion: read from clients, written for upstreams.

use serde::Deserialize;

use super::super::model::Model;
use super::super::params::{Members, own_param_loss, restrict};
use super::super::request::{include_usage, invalid, member, params, with_extra};
use crate::canonical::{
    BlockKind, ChatRequest, Loss, Message, Params, RawJson, ResponseFormat, Role,
};
use crate::dialect::{EncodedRequest, RequestHead, Target, TranslateError};
use crate::json::JsonObject;

/// What a completion has and a chat has not. Kept in [`Params::extra`] until it is known which of
/// the two an upstream is asked for.
const OWN: [&str; 3] = ["best_of", "echo", "suffix"];

/// What a chat has and a completion has not, as far as [`params`] does not read it.
const FOREIGN: [&str; 4] = ["functions", "messages", "tools", "web_search_options"];

/// The shapes of `prompt` that are text.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a string, an array of strings, an array of tokens, or an array of token arrays"
)]
enum PromptIn {
    Text(String),
    Texts(Vec<String>),
}

/// Reads a client's request, for an upstream that cannot be given it as it is.
pub(crate) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let messages = vec![Message::text(Role::User, prompt_text(body)?)];
    let unmapped = FOREIGN.into_iter().filter(|name| body.is_set(name));
    let unmapped = unmapped.map(str::to_owned).collect();
    let stream = match head.stream {
        Some(stream) => stream,
        None => member(body, "stream")?.unwrap_or_default(),
    };
    let include_usage = include_usage(body)?;
    let mut body = body.clone();
    body.remove("prompt");
    chat_logprobs(&mut body)?;
    Ok(ChatRequest {
        model: match head.model {
            Some(model) => model.to_owned(),
            None => member(&body, "model")?.unwrap_or_default(),
        },
        messages,
        tools: Vec::new(),
        params: params(&body)?,
        stream,
        include_usage,
        unmapped,
    })
}

/// A completion says with one number what a chat says with two members.
fn chat_logprobs(body: &mut JsonObject) -> Result<(), TranslateError> {
    let Some(raw) = body.get("logprobs").filter(|raw| *raw != b"null") else {
        return Ok(());
    };
    let alternatives: u32 = serde_json::from_slice(raw).map_err(|e| invalid("logprobs", &e))?;
    body.set("logprobs", &b"true"[..]);
    if alternatives > 0 {
        body.set("top_logprobs", alternatives.to_string());
    }
    Ok(())
}

/// Takes out of a completion's `extra` what a model that chats has no place for; returns what is
/// lost by it.
pub fn take_completion_params(extra: &mut Vec<(String, RawJson)>) -> Vec<Loss> {
    let mut losses = Vec::new();
    extra.retain(|(name, value)| {
        let own = OWN.contains(&name.as_str());
        // What a client library writes for what nobody asked for.
        let says_nothing = matches!(value.get(), "null" | "false" | "\"\"" | "0" | "1");
        if own && !says_nothing {
            losses.push(Loss::param(name));
        }
        !own
    });
    losses
}

/// Writes a conversation as a request for a completion.
pub(crate) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut losses: Vec<Loss> = request.unmapped.iter().map(Loss::hint).collect();
    let mut members = Members::default();
    members.put("model", target.model);
    members.put("prompt", &joined_texts(&request.messages, &mut losses));
    if !request.tools.is_empty() {
        losses.push(Loss::param("tools"));
    }
    let mut params = request.params.clone();
    restrict(&mut params, Model::from_name(target.model), &mut losses);
    lose_chat_params(&params, &mut losses);
    params.extra.retain(|(name, _)| {
        let loss = own_param_loss(name);
        let kept = loss.is_none();
        losses.extend(loss);
        kept
    });
    put_params(&mut members, &params);
    if target.stream {
        members.put("stream", &true);
        let options = [("include_usage", true)];
        members.put("stream_options", &std::collections::BTreeMap::from(options));
    }
    Ok(EncodedRequest {
        body: with_extra(&members.into_object(), &params.extra)?,
        headers: Vec::new(),
        losses,
    })
}

/// Adds every parameter that a completion has but `extra`.
pub(crate) fn put_params(members: &mut Members, params: &Params) {
    members.put_some("max_tokens", &params.max_tokens);
    members.put_some("temperature", &params.temperature);
    members.put_some("top_p", &params.top_p);
    members.put_some("top_k", &params.top_k);
    members.put_some("min_p", &params.min_p);
    let stop = params.stop.as_ref().filter(|stop| !stop.is_empty());
    members.put_some("stop", &stop);
    members.put_some("seed", &params.seed);
    members.put_some("presence_penalty", &params.presence_penalty);
    members.put_some("frequency_penalty", &params.frequency_penalty);
    members.put_some("repetition_penalty", &params.repetition_penalty);
    members.put_some("n", &params.n);
    let logprobs = params.logprobs.filter(|&wanted| wanted);
    let alternatives = logprobs.map(|_| params.top_logprobs.unwrap_or_default());
    members.put_some("logprobs", &alternatives);
    members.put_some("logit_bias", &params.logit_bias);
    members.put_some("user", &params.user);
}

fn lose_chat_params(params: &Params, losses: &mut Vec<Loss>) {
    let free_text = matches!(&params.response_format, None | Some(ResponseFormat::Text));
    if !free_text {
        losses.push(Loss::param("response_format"));
    }
    if params.reasoning.as_ref().and_then(|r| r.wanted()) == Some(true) {
        losses.push(Loss::hint("reasoning_effort"));
    }
    if params.service_tier.is_some() {
        losses.push(Loss::hint("service_tier"));
    }
    if params.verbosity.is_some() {
        losses.push(Loss::param("verbosity"));
    }
    let speaks = |kinds: &Vec<String>| kinds.iter().any(|kind| kind != "text");
    if params.modalities.as_ref().is_some_and(speaks) {
        losses.push(Loss::param("modalities"));
    }
}

/// The texts of a conversation as one, a line apart.
fn joined_texts(messages: &[Message], losses: &mut Vec<Loss>) -> String {
    let mut texts = Vec::new();
    for message in messages {
        collect_texts(&message.content, &mut texts, losses);
    }
    texts.join("\n")
}

fn collect_texts<'a>(
    blocks: &'a [crate::canonical::Block],
    texts: &mut Vec<&'a str>,
    losses: &mut Vec<Loss>,
) {
    for block in blocks {
        let lost = match &block.kind {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                texts.push(text);
                continue;
            }
            BlockKind::ToolResult { content, .. } => {
                collect_texts(content, texts, losses);
                continue;
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                Loss::hint("messages[].thinking_blocks")
            }
            BlockKind::Image(_) => Loss::content("messages[].image_url"),
            BlockKind::Document(_) => Loss::content("messages[].file"),
            BlockKind::Audio(_) => Loss::content("messages[].input_audio"),
            BlockKind::Video(_) => Loss::content("messages[].video_url"),
            BlockKind::ToolUse { .. } => Loss::content("messages[].tool_calls"),
            BlockKind::Opaque { what, .. } => Loss::content(format!("messages[].{what}")),
        };
        if !losses.contains(&lost) {
            losses.push(lost);
        }
    }
}

fn missing() -> TranslateError {
    TranslateError::invalid_param("prompt", "Missing required parameter: 'prompt'.")
}

/// The one text that a model which chats can be asked with.
fn prompt_text(body: &JsonObject) -> Result<String, TranslateError> {
    let refused = |why: &str| Err(TranslateError::invalid_param("prompt", why));
    if body.get("prompt").is_some_and(is_tokens) {
        return refused("This model chats, and a chat is made of text: send a string.");
    }
    match member::<PromptIn>(body, "prompt")? {
        Some(PromptIn::Text(text)) => Ok(text),
        Some(PromptIn::Texts(texts)) => match <[String; 1]>::try_from(texts) {
            Ok([text]) => Ok(text),
            Err(texts) if texts.is_empty() => Err(missing()),
            Err(_) => refused("This model chats, and a chat has one prompt: send each by itself."),
        },
        None => Err(missing()),
    }
}

/// Whether a prompt is made of tokens, one list of them or several.
fn is_tokens(raw: &[u8]) -> bool {
    let one = serde_json::from_slice::<Vec<u64>>(raw);
    let many = || serde_json::from_slice::<Vec<Vec<u64>>>(raw);
    one.is_ok_and(|list| !list.is_empty()) || many().is_ok_and(|lists| !lists.is_empty())
}
