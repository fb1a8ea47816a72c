//! Reads a client's request.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::super::openai::body::{invalid, member, raw_member};
use super::super::tools;
use super::input;
use crate::canonical::{ChatRequest, Effort, Params, Reasoning, ResponseFormat, Tool};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;

/// Members that are read here.
const KNOWN: &[&str] = &[
    "model",
    "input",
    "instructions",
    "prompt",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "include",
    "user",
    "service_tier",
    "stream",
    // Obfuscation is for whoever keeps the connection to the client.
    "stream_options",
    // Kept with the answer, which repeats it; the chat API takes it for stored answers only.
    "metadata",
    // What the gateway keeps, and finds again, it does so before the request is read.
    "store",
    "background",
    "previous_response_id",
    "conversation",
];

/// Members that say to OpenAI what they say in its chat API.
const SHARED: &[&str] = &[
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct ReasoningIn {
    effort: Option<String>,
    summary: Option<String>,
    /// The older name.
    generate_summary: Option<String>,
    context: Option<IgnoredAny>,
    mode: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct TextIn<'a> {
    #[serde(borrow)]
    format: Option<FormatIn<'a>>,
    verbosity: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct FormatIn<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    description: Option<String>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

/// Reads the request.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let mut unmapped = Vec::new();
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => member(body, "model")?.unwrap_or_default(),
    };
    Ok(ChatRequest {
        model,
        messages: input::decode(body)?,
        tools: tools(body)?,
        params: params(body, &mut unmapped)?,
        stream: match head.stream {
            Some(stream) => stream,
            None => member(body, "stream")?.unwrap_or_default(),
        },
        include_usage: true,
        unmapped,
    })
}

fn tools(body: &JsonObject) -> Result<Vec<Tool>, TranslateError> {
    let tools: Option<Vec<&RawValue>> = member(body, "tools")?;
    let tools = tools.into_iter().flatten().enumerate();
    tools
        .map(|(index, raw)| tools::decode_tool(raw, &format!("tools[{index}]")))
        .collect()
}

fn params(body: &JsonObject, unmapped: &mut Vec<String>) -> Result<Params, TranslateError> {
    let text: TextIn<'_> = member(body, "text")?.unwrap_or_default();
    let include: Option<Vec<String>> = member(body, "include")?;
    let asks_for = |what: &str| include.iter().flatten().any(|asked| asked == what);
    let top_logprobs: Option<u32> = member(body, "top_logprobs")?;
    let logprobs = asks_for("message.output_text.logprobs") || top_logprobs.is_some_and(|n| n > 0);
    let mut params = Params {
        max_tokens: member(body, "max_output_tokens")?,
        temperature: member(body, "temperature")?,
        top_p: member(body, "top_p")?,
        logprobs: logprobs.then_some(true),
        top_logprobs: top_logprobs.filter(|_| logprobs),
        user: member(body, "user")?,
        parallel_tool_calls: member(body, "parallel_tool_calls")?,
        response_format: text.format.map(FormatIn::into_format).transpose()?,
        reasoning: reasoning(body, unmapped)?,
        service_tier: member(body, "service_tier")?,
        verbosity: text.verbosity,
        ..Params::default()
    };
    if body.is_set("tool_choice")
        && let Some(raw) = body.get("tool_choice")
    {
        params.tool_choice =
            tools::decode_choice(raw, unmapped).map_err(|e| invalid("tool_choice", &e))?;
    }
    for name in body.keys().map(str::to_owned) {
        match raw_member(body, &name).filter(|raw| raw.get() != "null") {
            Some(raw) if SHARED.contains(&&*name) => params.extra.push((name, raw)),
            Some(raw) if !KNOWN.contains(&&*name) && !is_default(&name, raw.get()) => {
                unmapped.push(name);
            }
            _ => {}
        }
    }
    if params.user.is_none() {
        // OpenAI's newer name for the same thing; it stays in `extra` for OpenAI itself.
        params.user = body.get_str("safety_identifier").map(Into::into);
    }
    Ok(params)
}

/// Whether a member says nothing but what goes without saying.
fn is_default(name: &str, value: &str) -> bool {
    name == "truncation" && value == "\"disabled\""
}

fn reasoning(
    body: &JsonObject,
    unmapped: &mut Vec<String>,
) -> Result<Option<Reasoning>, TranslateError> {
    let Some(asked) = member::<ReasoningIn>(body, "reasoning")? else {
        return Ok(None);
    };
    let effort = asked.effort.as_deref().and_then(Effort::parse);
    for (lost, what) in [
        (asked.effort.is_some() && effort.is_none(), "effort"),
        (asked.context.is_some(), "context"),
        (asked.mode.is_some(), "mode"),
    ] {
        if lost {
            unmapped.push(format!("reasoning.{what}"));
        }
    }
    let summary = asked.summary.or(asked.generate_summary);
    let reasoning = Reasoning {
        effort,
        include: summary.map(|_| true),
        ..Reasoning::default()
    };
    Ok((reasoning != Reasoning::default()).then_some(reasoning))
}

// === impl FormatIn ===

impl FormatIn<'_> {
    fn into_format(self) -> Result<ResponseFormat, TranslateError> {
        match self.kind.as_deref() {
            Some("text") => Ok(ResponseFormat::Text),
            Some("json_object") => Ok(ResponseFormat::JsonObject),
            Some("json_schema") => Ok(ResponseFormat::JsonSchema {
                name: self.name,
                description: self.description,
                schema: self.schema.map(|raw| raw.to_owned().into()),
                strict: self.strict,
            }),
            other => Err(TranslateError::invalid_param(
                "text.format.type",
                format!(
                    "Invalid value: '{}'. Supported values are: 'json_object', 'json_schema', \
                     and 'text'.",
                    other.unwrap_or_default()
                ),
            )),
        }
    }
}
