//! Reads a client's request.
//!
//! Source: service model, `ConverseRequest` and `CountTokensRequest`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::block::decode_content;
use super::super::report::Unmapped;
use super::super::tools;
use super::fields;
use crate::canonical::{
    Block, BlockKind, ChatRequest, Message, Params, RawJson, ResponseFormat, Role,
};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;
use crate::read;

/// The members with a canonical form; SDKs put the model into the path, some clients into the
/// body as well.
const MAPPED: [&str; 8] = [
    "modelId",
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "outputConfig",
    "serviceTier",
];

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inference {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig {
    text_format: Option<TextFormat>,
    effort: Option<String>,
}

#[derive(Deserialize)]
struct TextFormat {
    structure: Option<Structure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    json_schema: Option<JsonSchema>,
}

#[derive(Deserialize)]
struct JsonSchema {
    schema: Option<String>,
    name: Option<String>,
    description: Option<String>,
}

#[derive(Default, Deserialize)]
struct Tier {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct CountInput {
    converse: Option<RawJson>,
}

/// Reads a client's request.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let body = if head.operation == Operation::CountTokens {
        counted(body)?
    } else {
        Cow::Borrowed(body)
    };
    let mut unmapped = Unmapped::default();
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => read::member(&body, "modelId")?.ok_or_else(|| read::required("modelId"))?,
    };
    let mut messages = Vec::new();
    messages.extend(system(&body, &mut unmapped)?);
    conversation(&body, &mut messages, &mut unmapped)?;
    let (tools, tool_choice) = tools::decode(&body, &mut unmapped)?;
    let params = Params {
        tool_choice,
        ..params(&body, &mut unmapped)?
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
        stream: head.stream.unwrap_or(false),
        include_usage: true,
        unmapped: unmapped.0,
    })
}

/// The request whose tokens shall be counted.
fn counted(body: &JsonObject) -> Result<Cow<'_, JsonObject>, TranslateError> {
    let input: CountInput = read::member(body, "input")?.ok_or_else(|| read::required("input"))?;
    let Some(converse) = input.converse else {
        return Err(TranslateError::Unsupported(
            "Only the tokens of a Converse request can be counted here.".to_owned(),
        ));
    };
    JsonObject::parse(converse.get().to_owned().into(), usize::MAX)
        .map(Cow::Owned)
        .map_err(|error| read::invalid("input.converse", error))
}

fn system(body: &JsonObject, unmapped: &mut Unmapped) -> Result<Option<Message>, TranslateError> {
    let Some(raw) = body.get("system").filter(|raw| *raw != b"null") else {
        return Ok(None);
    };
    let items = read::items(raw, &"system")?;
    let mut content = decode_content(&items, &"system", unmapped, None)?;
    if let Some(at) = content.iter().position(|block| block.as_text().is_none()) {
        return Err(read::invalid(
            format!("system.{at}"),
            "must hold one of text, guardContent and cachePoint",
        ));
    }
    content.retain(|block| block.as_text() != Some(""));
    Ok((!content.is_empty()).then_some(Message {
        role: Role::System,
        name: None,
        content,
    }))
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
        let path = format!("messages.{at}.role");
        let role: String = read::part(role.get().as_bytes(), &path)?;
        let role = match role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            // Instructions in the midst of a conversation.
            "system" => Role::System,
            other => {
                return Err(read::invalid(
                    path,
                    format_args!("must be user, assistant or system, not `{other}`"),
                ));
            }
        };
        let path = format!("messages.{at}.content");
        let raw = message.content.ok_or_else(|| read::required(&path))?;
        let items = read::items(raw.get().as_bytes(), &path)?;
        let before = out
            .last_mut()
            .and_then(|message| message.content.last_mut());
        let mut content = decode_content(&items, &path, unmapped, before)?;
        without_empty_text(&mut content);
        out.push(Message {
            role,
            name: None,
            content,
        });
    }
    Ok(())
}

/// An empty text among other blocks says nothing, and other providers refuse it.
fn without_empty_text(content: &mut Vec<Block>) {
    if content.len() > 1 {
        content.retain(
            |block| !matches!(&block.kind, BlockKind::Text { text, .. } if text.is_empty()),
        );
    }
}

fn params(body: &JsonObject, unmapped: &mut Unmapped) -> Result<Params, TranslateError> {
    let inference: Inference = read::member(body, "inferenceConfig")?.unwrap_or_default();
    let output: OutputConfig = read::member(body, "outputConfig")?.unwrap_or_default();
    let fields: Map<String, Value> =
        read::member(body, "additionalModelRequestFields")?.unwrap_or_default();
    let said = fields::decode(&fields, output.effort.as_deref(), unmapped)?;
    let tier: Tier = read::member(body, "serviceTier")?.unwrap_or_default();
    Ok(Params {
        max_tokens: inference.max_tokens,
        temperature: inference.temperature,
        top_p: inference.top_p,
        top_k: said.top_k,
        stop: inference.stop_sequences.filter(|stop| !stop.is_empty()),
        parallel_tool_calls: said.parallel_tool_calls,
        response_format: output.text_format.map(format).transpose()?,
        reasoning: said.reasoning,
        service_tier: tier.r#type,
        ..Params::default()
    })
}

fn format(format: TextFormat) -> Result<ResponseFormat, TranslateError> {
    let at = "outputConfig.textFormat.structure.jsonSchema";
    let schema = format.structure.and_then(|structure| structure.json_schema);
    let schema = schema.ok_or_else(|| read::required(at))?;
    let text = schema
        .schema
        .ok_or_else(|| read::required(format!("{at}.schema")))?;
    let parsed = RawJson::parse(text)
        .map_err(|error| read::invalid(format!("{at}.schema"), format_args!("no JSON: {error}")))?;
    Ok(ResponseFormat::JsonSchema {
        name: schema.name,
        description: schema.description,
        schema: Some(parsed),
        strict: None,
    })
}
