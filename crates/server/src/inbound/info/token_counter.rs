//! `POST /utils/token_counter`: how many tokens a text or a conversation has.

use http::Response;
use lockgate_core::error::GatewayError;
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Counted, Engine, off_core};
use lockgate_providers::tokens;
use lockgate_wire::canonical::{ChatRequest, Message, Role};
use lockgate_wire::dialect::{RequestHead, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Value, json};

use super::super::reply;
use super::refused;

/// The vocabulary, by LiteLLM's name for it.
const TOKENIZER: &str = "openai_tokenizer";

/// Counts what `body` holds. With an `engine` the provider is asked, if it has a call that counts;
/// else every text is counted with the same vocabulary, and the model need not be one that is
/// served.
pub(super) async fn count(
    engine: Option<&Engine>,
    snapshot: &Snapshot,
    body: &JsonObject,
) -> Result<Response<AnswerBody>, GatewayError> {
    let name = body.get_str("model").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| refused("`model` is missing", "model"))?;
    let request = asked(body)?;
    if let Some(engine) = engine
        && let Some(counted) = engine.count_upstream(snapshot, &name, &request.0).await
    {
        return Ok(reply::value(&told(snapshot, &name, counted)));
    }
    let total = match request {
        (chat, None) => off_core(move || tokens::estimate(&chat)).await?,
        (_, Some(text)) => off_core(move || tokens::count(&text)).await?,
    };
    Ok(reply::value(&json!({
        "total_tokens": total,
        "request_model": name,
        "model_used": model_used(snapshot, &name),
        "tokenizer_type": TOKENIZER,
        "original_response": Value::Null,
        "error": false,
        "error_message": Value::Null,
        "status_code": Value::Null,
    })))
}

/// What is to be counted, as a conversation; and the text, where it is nothing but that.
fn asked(body: &JsonObject) -> Result<(ChatRequest, Option<String>), GatewayError> {
    if body.is_set("messages") || body.is_set("contents") {
        let request = conversation(body).map_err(|error| {
            let param = match &error {
                TranslateError::Invalid { param, .. } => param.clone(),
                TranslateError::Unsupported(_) => None,
            };
            refused(&error.to_string(), param.as_deref().unwrap_or("messages"))
        })?;
        return Ok((request, None));
    }
    let prompt = body.get_str("prompt").map(|prompt| prompt.into_owned());
    let prompt = prompt
        .ok_or_else(|| refused("`prompt`, `messages` or `contents` is needed", "messages"))?;
    let chat = ChatRequest {
        messages: vec![Message::text(Role::User, prompt.clone())],
        ..ChatRequest::default()
    };
    Ok((chat, Some(prompt)))
}

/// What the provider said, or why it said nothing.
fn told(snapshot: &Snapshot, name: &str, counted: Result<Counted, GatewayError>) -> Value {
    match counted {
        Ok(counted) => json!({
            "total_tokens": counted.tokens,
            "request_model": name,
            "model_used": counted.model,
            "tokenizer_type": format!("{}_api", counted.dialect.as_str()),
            "original_response": serde_json::from_slice::<Value>(&counted.answer).unwrap_or_default(),
            "error": false,
            "error_message": Value::Null,
            "status_code": Value::Null,
        }),
        Err(error) => json!({
            "total_tokens": 0,
            "request_model": name,
            "model_used": model_used(snapshot, name),
            "tokenizer_type": "",
            "original_response": Value::Null,
            "error": true,
            "error_message": error.to_string(),
            "status_code": error.api.status,
        }),
    }
}

/// The model that the group's first deployment is called by.
fn model_used(snapshot: &Snapshot, name: &str) -> String {
    let used = snapshot.route(name).and_then(|route| {
        let deployment = route.group.deployments.first()?;
        Some(deployment.model.clone())
    });
    used.unwrap_or_else(|| name.to_owned())
}

/// The conversation in whichever form it came: `contents` are Gemini's, `messages` OpenAI's, or
/// Anthropic's where a member says so.
fn conversation(body: &JsonObject) -> Result<ChatRequest, TranslateError> {
    if body.is_set("contents") {
        let mut body = body.clone();
        if let Some(system) = body.get_str("system").map(|text| text.into_owned()) {
            let instruction = json!({ "parts": [{ "text": system }] });
            body.set("systemInstruction", instruction.to_string());
        }
        return decode(DialectId::Gemini, &body);
    }
    let openai = have(body, "function");
    if openai || !(body.is_set("system") || have(body, "input_schema")) {
        return openai_conversation(body)
            .or_else(|error| decode(DialectId::Anthropic, body).map_err(|_| error));
    }
    decode(DialectId::Anthropic, body).or_else(|error| openai_conversation(body).map_err(|_| error))
}

/// OpenAI's messages and tools, beside them perhaps the `system` of LiteLLM's endpoint.
fn openai_conversation(body: &JsonObject) -> Result<ChatRequest, TranslateError> {
    let mut request = decode(DialectId::OpenAiChat, body)?;
    if let Some(system) = body.get_str("system") {
        let message = Message::text(Role::System, system);
        request.messages.insert(0, message);
    }
    Ok(request)
}

fn decode(dialect: DialectId, body: &JsonObject) -> Result<ChatRequest, TranslateError> {
    let head = RequestHead {
        operation: Operation::Chat,
        model: Some("counted"),
        stream: Some(false),
    };
    dialect.dialect().decode_request(&head, body)
}

/// Whether there is a tool with such a member, which tells whose form the tools have.
fn have(body: &JsonObject, member: &str) -> bool {
    let tools: Option<Vec<serde_json::Map<String, Value>>> = body
        .get("tools")
        .and_then(|raw| serde_json::from_slice(raw).ok());
    tools.is_some_and(|tools| tools.iter().any(|tool| tool.contains_key(member)))
}
