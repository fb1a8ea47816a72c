//! What a request says about itself: for whom it is made, what it is marked with, how long its
//! answer may get.

use std::cell::OnceCell;

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::config::GovernanceSettings;
use lockgate_core::entity::EntityId;
use lockgate_wire::DialectId;
use lockgate_wire::json::{JsonObject, unquote};
use serde_json::Value;

use super::pricing::Asked;
use crate::call::Call;

/// Headers that name the customer (reference section 5.2).
const CUSTOMER_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("x-litellm-customer-id"),
    HeaderName::from_static("x-litellm-end-user-id"),
];
const TAGS_HEADER: HeaderName = HeaderName::from_static("x-litellm-tags");
/// More are nobody's marks.
const MOST_TAGS: usize = 32;
const LONGEST: usize = 256;

/// The customer that the headers name, or else the body.
pub(crate) fn customer(
    settings: &GovernanceSettings,
    headers: &HeaderMap,
    call: &Call,
) -> Option<String> {
    let text = |value: &HeaderValue| Some(value.to_str().ok()?.to_owned());
    let known = CUSTOMER_HEADERS.into_iter();
    let known = known.filter_map(|name| headers.get(name));
    let own = settings.customer_headers.iter();
    let own = own.filter_map(|name| headers.get(name));
    let header = known.chain(own).find_map(text);
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
    let listed = headers.get(&TAGS_HEADER).and_then(|v| v.to_str().ok());
    let listed = listed.unwrap_or_default().split(',');
    let extra = settings.tag_headers.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
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
    let (answers, most_output) = lengths(call.dialect, &call.body);
    let answers = answers.unwrap_or(1).max(1);
    Asked {
        operation: call.operation,
        body: &call.body,
        bytes: call.body.size() as u64,
        output_tokens: most_output.map(|tokens| tokens.saturating_mul(answers)),
        answers,
        input: OnceCell::new(),
    }
}

/// How many answers are asked for, and the most tokens of one, under the names that the dialect has
/// for them.
fn lengths(dialect: DialectId, body: &JsonObject) -> (Option<u64>, Option<u64>) {
    match dialect {
        DialectId::OpenAiChat => {
            let newer = count(body.get("max_completion_tokens"));
            let most_output = newer.or_else(|| count(body.get("max_tokens")));
            (count(body.get("n")), most_output)
        }
        DialectId::OpenAiResponses => (None, count(body.get("max_output_tokens"))),
        DialectId::Anthropic | DialectId::Cohere => (None, count(body.get("max_tokens"))),
        DialectId::Gemini => {
            let config = nested(body, "generationConfig");
            let number = |name| config.as_ref()?.get(name)?.as_u64();
            (number("candidateCount"), number("maxOutputTokens"))
        }
        DialectId::Bedrock => {
            let config = nested(body, "inferenceConfig");
            (None, config.and_then(|c| c.get("maxTokens")?.as_u64()))
        }
        DialectId::Ollama => {
            let options = nested(body, "options");
            (None, options.and_then(|o| o.get("num_predict")?.as_u64()))
        }
    }
}

fn nested(body: &JsonObject, member: &str) -> Option<Value> {
    serde_json::from_slice(body.get(member)?).ok()
}

fn count(raw: Option<&[u8]>) -> Option<u64> {
    let raw = raw?;
    let text = std::str::from_utf8(raw).ok()?;
    // Some providers take a number in quotes.
    text.parse().ok().or_else(|| unquote(raw)?.parse().ok())
}
