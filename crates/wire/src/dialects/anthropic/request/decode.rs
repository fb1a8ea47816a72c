//! Reads a client's request.
//!
//! Source: messages API reference, `MessageCreateParams`.

use serde::Deserialize;

use super::super::block::{Unmapped, decode_content};
use super::super::{read, tools};
use super::thinking;
use crate::canonical::{
    Block, BlockKind, ChatRequest, Message, Params, RawJson, ResponseFormat, Role,
};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;
use serde_json::value::RawValue;

/// The members with a canonical form.
const MAPPED: [&str; 16] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "service_tier",
];

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    user_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct OutputConfig {
    effort: Option<String>,
    format: Option<RawJson>,
    task_budget: Option<RawJson>,
}

#[derive(Default, Deserialize)]
struct OutputFormat {
    r#type: Option<String>,
    schema: Option<RawJson>,
}

/// How Claude Code begins a line of its instructions that is meant for Anthropic's accounting.
const BILLING_LINE: &str = "x-anthropic-billing-header:";

/// Reads a client's request.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let mut unmapped = Unmapped::default();
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => read::member(body, "model")?.ok_or_else(|| read::required("model"))?,
    };
    let mut messages = Vec::new();
    messages.extend(system(body, &mut unmapped)?);
    conversation(body, &mut messages, &mut unmapped)?;
    let tools = tools::decode(body, &mut unmapped)?;
    let params = params(body, &mut unmapped)?;
    let stream = match head.stream {
        Some(stream) => stream,
        None => read::member(body, "stream")?.unwrap_or(false),
    };
    for key in body.keys().filter(|key| !MAPPED.contains(key)) {
        if body.is_set(key) {
            unmapped.add(key);
        }
    }
    Ok(ChatRequest {
        model,
        messages,
        tools,
        params,
        stream,
        include_usage: true,
        unmapped: unmapped.0,
    })
}

fn system(body: &JsonObject, unmapped: &mut Unmapped) -> Result<Option<Message>, TranslateError> {
    let Some(raw) = body.get("system").filter(|raw| *raw != b"null") else {
        return Ok(None);
    };
    let mut content = decode_content(raw, &"system", unmapped)?;
    if let Some(at) = content.iter().position(|block| block.as_text().is_none()) {
        return Err(read::invalid(format!("system.{at}.type"), "must be `text`"));
    }
    strip_billing_line(&mut content, unmapped);
    content.retain(|block| block.as_text() != Some(""));
    Ok((!content.is_empty()).then_some(Message {
        role: Role::System,
        name: None,
        content,
    }))
}

/// Takes the accounting line out of the instructions. It changes with every request, so at the
/// head of a prompt it would keep every other provider from finding the prompt in its cache.
fn strip_billing_line(content: &mut [Block], unmapped: &mut Unmapped) {
    for block in content {
        if let BlockKind::Text { text, .. } = &mut block.kind
            && text.starts_with(BILLING_LINE)
        {
            let end = text.find('\n').map_or(text.len(), |newline| newline + 1);
            text.drain(..end);
            unmapped.add("system.x-anthropic-billing-header");
        }
    }
}

fn conversation(
    body: &JsonObject,
    out: &mut Vec<Message>,
    unmapped: &mut Unmapped,
) -> Result<(), TranslateError> {
    let raw = body
        .get("messages")
        .filter(|raw| *raw != b"null")
        .ok_or_else(|| read::required("messages"))?;
    let items = read::items(raw, &"messages")?;
    if items.is_empty() {
        return Err(read::invalid(
            "messages",
            "at least one message is required",
        ));
    }
    for (at, item) in items.into_iter().enumerate() {
        let message: WireMessage<'_> = serde_json::from_str(item.get())
            .map_err(|_| read::invalid(format!("messages.{at}"), "must be an object"))?;
        let role = message
            .role
            .ok_or_else(|| read::required(format!("messages.{at}.role")))?;
        let role: String = read::part(role.get().as_bytes(), &format_args!("messages.{at}.role"))?;
        let role = match role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            // Mid-conversation instructions.
            "system" => Role::System,
            other => {
                return Err(read::invalid(
                    format!("messages.{at}.role"),
                    format_args!("must be `user`, `assistant` or `system`, not `{other}`"),
                ));
            }
        };
        let content = match message.content {
            Some(raw) => decode_content(
                raw.get().as_bytes(),
                &format_args!("messages.{at}.content"),
                unmapped,
            )?,
            None => return Err(read::required(format!("messages.{at}.content"))),
        };
        out.push(Message {
            role,
            name: None,
            content: without_empty_text(content),
        });
    }
    Ok(())
}

/// An empty text among other blocks says nothing, and other providers refuse it.
fn without_empty_text(mut content: Vec<Block>) -> Vec<Block> {
    if content.len() > 1 {
        content.retain(|block| block.as_text() != Some(""));
    }
    content
}

fn params(body: &JsonObject, unmapped: &mut Unmapped) -> Result<Params, TranslateError> {
    let (tool_choice, parallel_tool_calls) = tools::decode_choice(body)?;
    let output: OutputConfig = read::member(body, "output_config")?.unwrap_or_default();
    if output.task_budget.is_some() {
        unmapped.add("output_config.task_budget");
    }
    let legacy: Option<RawJson> = read::member(body, "output_format")?;
    let metadata: Metadata = read::member(body, "metadata")?.unwrap_or_default();
    Ok(Params {
        max_tokens: read::member(body, "max_tokens")?,
        temperature: read::member(body, "temperature")?,
        top_p: read::member(body, "top_p")?,
        top_k: read::member(body, "top_k")?,
        stop: read::member::<Vec<String>>(body, "stop_sequences")?.filter(|s| !s.is_empty()),
        user: metadata.user_id,
        parallel_tool_calls,
        tool_choice,
        response_format: match (&output.format, &legacy) {
            (Some(format), _) => format_of(format, "output_config.format")?,
            (None, Some(format)) => format_of(format, "output_format")?,
            (None, None) => None,
        },
        reasoning: thinking::decode(read::member(body, "thinking")?, output.effort.as_deref())?,
        service_tier: read::member::<String>(body, "service_tier")?.map(|tier| {
            // In OpenAI's terms: standard capacity only.
            if tier == "standard_only" {
                "default".to_owned()
            } else {
                tier
            }
        }),
        ..Params::default()
    })
}

fn format_of(format: &RawJson, path: &str) -> Result<Option<ResponseFormat>, TranslateError> {
    let format: OutputFormat = read::part(format.get().as_bytes(), &path)?;
    match format.r#type.as_deref() {
        Some("json_schema") => Ok(Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema: Some(
                format
                    .schema
                    .ok_or_else(|| read::required(format!("{path}.schema")))?,
            ),
            strict: None,
        })),
        Some(other) => Err(read::invalid(
            format!("{path}.type"),
            format_args!("must be `json_schema`, not `{other}`"),
        )),
        None => Err(read::required(format!("{path}.type"))),
    }
}
