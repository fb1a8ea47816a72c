//! What a request says about itself: for whom it is made, what it is marked with, how long its
//! answer may get.

use http::HeaderMap;
use lockgate_core::config::GovernanceSettings;
use lockgate_core::entity::EntityId;
use lockgate_wire::DialectId;
use lockgate_wire::json::{JsonObject, unquote};
use serde_json::Value;

use super::pricing::Asked;
use crate::call::Call;

/// Headers that name the customer (reference section 5.2).
const CUSTOMER_HEADERS: [&str; 2] = ["x-litellm-customer-id", "x-litellm-end-user-id"];
const TAGS_HEADER: &str = "x-litellm-tags";
/// More are nobody's marks.
const MOST_TAGS: usize = 32;
const LONGEST: usize = 256;

/// The customer that the headers name, or else the body.
pub(crate) fn customer(
    settings: &GovernanceSettings,
    headers: &HeaderMap,
    call: &Call,
) -> Option<String> {
    let own = settings.customer_headers.iter().map(String::as_str);
    let mut named = CUSTOMER_HEADERS.into_iter().chain(own);
    let header = named.find_map(|name| Some(headers.get(name)?.to_str().ok()?.to_owned()));
    let in_body = || {
        let user = call.body.get_str("user").map(|user| user.into_owned());
        user.or_else(|| call.options.customer.clone())
            .or_else(|| user_in(call.body.get("metadata")?))
            .or_else(|| Some(call.body.get_str("safety_identifier")?.into_owned()))
    };
    header.or_else(in_body).filter(|id| usable(id))
}

/// What the headers and the body mark the request with.
pub(crate) fn tags(settings: &GovernanceSettings, headers: &HeaderMap, call: &Call) -> Vec<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let listed = text(TAGS_HEADER).unwrap_or_default().split(',');
    let extra = settings.tag_headers.iter().filter_map(|name| {
        let value = text(name)?;
        Some(format!("{name}: {value}"))
    });
    let tags = listed.map(|tag| tag.trim().to_owned()).chain(extra);
    let tags = tags.chain(call.options.tags.iter().cloned());
    tags.filter(|tag| usable(tag)).take(MOST_TAGS).collect()
}

fn usable(id: &str) -> bool {
    id.len() <= LONGEST && EntityId::is_choosable(id)
}

/// `user_id` of a request's metadata (Anthropic API reference, "Create a message").
fn user_in(metadata: &[u8]) -> Option<String> {
    let metadata: Value = serde_json::from_slice(metadata).ok()?;
    Some(metadata.get("user_id")?.as_str()?.to_owned())
}

/// What is known about `call` before it is sent.
pub(crate) fn asked(call: &Call) -> Asked<'_> {
    let answers = answers(call);
    let output_tokens = most_output(call.dialect, &call.body);
    Asked {
        operation: call.operation,
        body: &call.body,
        bytes: call.body.size() as u64,
        output_tokens: output_tokens.map(|tokens| tokens.saturating_mul(answers)),
        answers,
    }
}

fn answers(call: &Call) -> u64 {
    let asked = match call.dialect {
        DialectId::OpenAiChat => count(call.body.get("n")),
        DialectId::Gemini => nested(&call.body, "generationConfig", "candidateCount"),
        _ => None,
    };
    asked.unwrap_or(1).max(1)
}

/// The most tokens of one answer, under the name that the dialect has for it.
fn most_output(dialect: DialectId, body: &JsonObject) -> Option<u64> {
    match dialect {
        DialectId::OpenAiChat => {
            let newer = count(body.get("max_completion_tokens"));
            newer.or_else(|| count(body.get("max_tokens")))
        }
        DialectId::OpenAiResponses => count(body.get("max_output_tokens")),
        DialectId::Anthropic | DialectId::Cohere => count(body.get("max_tokens")),
        DialectId::Gemini => nested(body, "generationConfig", "maxOutputTokens"),
        DialectId::Bedrock => nested(body, "inferenceConfig", "maxTokens"),
        DialectId::Ollama => nested(body, "options", "num_predict"),
    }
}

fn nested(body: &JsonObject, member: &str, name: &str) -> Option<u64> {
    let object: Value = serde_json::from_slice(body.get(member)?).ok()?;
    object.get(name)?.as_u64()
}

fn count(raw: Option<&[u8]>) -> Option<u64> {
    let raw = raw?;
    let text = std::str::from_utf8(raw).ok()?;
    // Some providers take a number in quotes.
    text.parse().ok().or_else(|| unquote(raw)?.parse().ok())
}
