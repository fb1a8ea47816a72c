//! Answers that no upstream gives: `mock_response` and the built-in `demo` provider.

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::{
    Block, BlockKind, ChatRequest, ChatResponse, Choice, ErrorKind, FinishReason, Role, Usage,
};
use serde_json::Value;

use crate::call::Call;
use crate::deployment::Deployment;

/// The answer to `call`, if its deployment does not ask an upstream.
pub(crate) fn answer(
    call: &Call,
    deployment: &Deployment,
) -> Option<Result<ChatResponse, GatewayError>> {
    let mock = deployment.entry.litellm_params.mock_response.as_ref();
    if mock.is_none() && !deployment.provider.built_in {
        return None;
    }
    if !call.operation.is_chat() {
        let refused = GatewayError::client(
            ErrorKind::InvalidRequest,
            format!("model `{}` only chats", call.model),
        );
        return Some(Err(refused));
    }
    Some(call.chat().map(|chat| {
        let text = match mock {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => demo_text(chat),
        };
        response(chat, text)
    }))
}

fn response(chat: &ChatRequest, text: String) -> ChatResponse {
    let asked: usize = chat
        .messages
        .iter()
        .flat_map(|m| &m.content)
        .map(text_len)
        .sum();
    let usage = Usage {
        input_tokens: rough_tokens(asked),
        output_tokens: rough_tokens(text.len()),
        ..Usage::default()
    };
    ChatResponse {
        choices: vec![Choice {
            index: 0,
            content: vec![Block::text(text)],
            finish: FinishReason::Stop,
            stop_sequence: None,
            logprobs: None,
        }],
        usage: Some(usage),
        ..ChatResponse::default()
    }
}

fn text_len(block: &Block) -> usize {
    block.as_text().map_or(0, str::len)
}

/// Four bytes a token: nobody is billed by a canned answer, and the real vocabulary takes 50 MB.
fn rough_tokens(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

fn demo_text(chat: &ChatRequest) -> String {
    let asked = chat
        .messages
        .iter()
        .rev()
        .find(|message| message.role == Role::User)
        .and_then(|message| {
            message.content.iter().find_map(|block| match &block.kind {
                BlockKind::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
        })
        .unwrap_or_default();
    let excerpt: String = asked.chars().take(200).collect();
    format!(
        "Lockgate is up. This is its built-in demo model, which knows no more than your message: \
         \"{excerpt}\". Add models to a config.yaml to talk to real ones."
    )
}
