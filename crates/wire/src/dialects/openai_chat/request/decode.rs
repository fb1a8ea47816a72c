//! Reads a client's chat request.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::params::FormatIn;
use super::super::tools;
use super::{invalid, member, messages, raw_member};
use crate::canonical::{ChatRequest, Effort, Params, Reasoning, Tool, ToolChoice};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;

/// Members that are read here; any other is a provider parameter.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "web_search_options",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "user",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "thinking",
    "service_tier",
    "verbosity",
    "modalities",
    "keep_alive",
];

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a string or an array of strings")]
enum StopIn {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct StreamOptionsIn {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// LiteLLM's `thinking`, as Anthropic defines it.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ThinkingIn {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    budget_tokens: Option<u64>,
}

/// Reads the request; the model may also come with the path.
pub(crate) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => member(body, "model")?.unwrap_or_default(),
    };
    let conversation = messages::decode(body)?;
    Ok(ChatRequest {
        model,
        messages: conversation.messages,
        tools: tools(body)?,
        params: params(body)?,
        stream: match head.stream {
            Some(stream) => stream,
            None => member(body, "stream")?.unwrap_or_default(),
        },
        include_usage: include_usage(body)?,
        unmapped: conversation.unmapped,
    })
}

/// Whether the client wants usage in the stream.
pub(crate) fn include_usage(body: &JsonObject) -> Result<bool, TranslateError> {
    let options: Option<StreamOptionsIn> = member(body, "stream_options")?;
    Ok(options.and_then(|o| o.include_usage).unwrap_or_default())
}

fn tools(body: &JsonObject) -> Result<Vec<Tool>, TranslateError> {
    let mut all = Vec::new();
    let tools: Option<Vec<&RawValue>> = member(body, "tools")?;
    for (index, raw) in tools.iter().flatten().enumerate() {
        all.push(tools::decode_tool(raw, &format!("tools[{index}]"))?);
    }
    let functions: Option<Vec<tools::FunctionIn<'_>>> = member(body, "functions")?;
    let functions = functions.into_iter().flatten();
    all.extend(functions.map(|function| Tool::Function(tools::decode_function(function))));
    if body.is_set("web_search_options")
        && let Some(raw) = body.get("web_search_options")
    {
        let search = tools::decode_web_search(raw);
        all.push(search.map_err(|e| invalid("web_search_options", &e))?);
    }
    Ok(all)
}

/// Reads everything that is neither conversation nor tool.
pub(crate) fn params(body: &JsonObject) -> Result<Params, TranslateError> {
    let max_completion_tokens = member(body, "max_completion_tokens")?;
    let mut params = Params {
        max_tokens: max_completion_tokens.or(member(body, "max_tokens")?),
        temperature: member(body, "temperature")?,
        top_p: member(body, "top_p")?,
        top_k: member(body, "top_k")?,
        min_p: member(body, "min_p")?,
        stop: member::<StopIn>(body, "stop")?.map(StopIn::into_vec),
        seed: member(body, "seed")?,
        presence_penalty: member(body, "presence_penalty")?,
        frequency_penalty: member(body, "frequency_penalty")?,
        repetition_penalty: member(body, "repetition_penalty")?,
        n: member(body, "n")?,
        logprobs: member(body, "logprobs")?,
        top_logprobs: member(body, "top_logprobs")?,
        logit_bias: set_member(body, "logit_bias"),
        user: member(body, "user")?,
        parallel_tool_calls: member(body, "parallel_tool_calls")?,
        tool_choice: tool_choice(body)?,
        response_format: response_format(body)?,
        service_tier: member(body, "service_tier")?,
        verbosity: member(body, "verbosity")?,
        modalities: member(body, "modalities")?,
        keep_alive: set_member(body, "keep_alive"),
        ..Params::default()
    };
    reasoning(body, &mut params)?;
    let unknown = body.keys().filter(|key| !KNOWN.contains(key));
    for name in unknown.map(str::to_owned) {
        if let Some(value) = raw_member(body, &name) {
            params.extra.push((name, value));
        }
    }
    if params.user.is_none() {
        // OpenAI's newer name for the same thing; it stays in `extra` for OpenAI itself.
        params.user = body.get_str("safety_identifier").map(Into::into);
    }
    Ok(params)
}

fn set_member(body: &JsonObject, name: &str) -> Option<crate::canonical::RawJson> {
    raw_member(body, name).filter(|raw| raw.get() != "null")
}

fn tool_choice(body: &JsonObject) -> Result<Option<ToolChoice>, TranslateError> {
    for name in ["tool_choice", "function_call"] {
        if body.is_set(name)
            && let Some(raw) = body.get(name)
        {
            return tools::decode_choice(raw).map_err(|e| invalid(name, &e));
        }
    }
    Ok(None)
}

fn response_format(
    body: &JsonObject,
) -> Result<Option<crate::canonical::ResponseFormat>, TranslateError> {
    let format: Option<FormatIn<'_>> = member(body, "response_format")?;
    let format = format.map(FormatIn::into_format).transpose();
    format.map_err(|kind| {
        TranslateError::invalid_param(
            "response_format.type",
            format!(
                "Invalid value: '{kind}'. Supported values are: 'json_object', 'json_schema', and 'text'."
            ),
        )
    })
}

/// `reasoning_effort` and LiteLLM's `thinking`; a level nobody knows stays a provider parameter.
fn reasoning(body: &JsonObject, params: &mut Params) -> Result<(), TranslateError> {
    let mut reasoning = Reasoning::default();
    if let Some(name) = member::<String>(body, "reasoning_effort")? {
        reasoning.effort = Effort::parse(&name);
        if reasoning.effort.is_none()
            && let Some(raw) = raw_member(body, "reasoning_effort")
        {
            params.extra.push(("reasoning_effort".to_owned(), raw));
        }
    }
    if let Some(thinking) = member::<ThinkingIn>(body, "thinking")? {
        reasoning.budget_tokens = thinking.budget_tokens;
        reasoning.enabled = match thinking.kind.as_deref() {
            Some("enabled" | "adaptive") => Some(true),
            Some("disabled") => Some(false),
            _ => None,
        };
    }
    if reasoning != Reasoning::default() {
        params.reasoning = Some(reasoning);
    }
    Ok(())
}

// === impl StopIn ===

impl StopIn {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(stop) => vec![stop],
            Self::Many(stops) => stops,
        }
    }
}
