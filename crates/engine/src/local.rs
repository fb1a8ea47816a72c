//! Answers that the gateway gives itself: canned ones, and token counts that no upstream offers.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ChatResponse;
use lockgate_wire::dialects::ollama::{is_load_request, load_reply};
use lockgate_wire::{DialectId, Operation};

use crate::answer::events_of;
use crate::attempt::{Content, Failure, Reply};
use crate::call::{Call, bad_request};
use crate::canned;
use crate::deployment::Deployment;
use crate::off_core::off_core;

/// The answer to `call`, if no upstream is to be asked.
pub(crate) async fn answer(
    call: &Call,
    deployment: &Arc<Deployment>,
) -> Option<Result<Reply, Failure>> {
    // Only an upstream of the same dialect can be asked: a count has no canonical form.
    if call.operation == Operation::CountTokens
        && !deployment.relays(call.dialect, Operation::CountTokens)
    {
        let counted = Box::pin(count_tokens(call)).await;
        return Some(counted.map(whole).map_err(Failure::from));
    }
    if call.dialect == DialectId::Ollama
        && deployment.dialect() != DialectId::Ollama
        && is_load_request(call.operation, &call.body)
    {
        // There is nothing to load; the client only wants to hear that it is.
        let bytes = load_reply(&call.body, &call.reply());
        return Some(Ok(whole(Content::Whole {
            bytes,
            usage: None,
            finish: None,
        })));
    }
    let canned = canned::answer(call, deployment)?;
    Some(
        canned
            .map(|response| reply(call, response))
            .map_err(Failure::from),
    )
}

async fn count_tokens(call: &Call) -> Result<Content, GatewayError> {
    let chat = call.chat()?.clone();
    let tokens = off_core(move || lockgate_providers::tokens::estimate(&chat)).await?;
    let bytes = call
        .dialect
        .dialect()
        .encode_token_count(tokens)
        .map_err(|e| bad_request(&e))?;
    Ok(Content::Whole {
        bytes,
        usage: None,
        finish: None,
    })
}

fn reply(call: &Call, response: ChatResponse) -> Reply {
    let usage = response.usage;
    let finish = response.choices.first().map(|choice| choice.finish);
    whole(Content::Whole {
        bytes: encode(call, response),
        usage,
        finish,
    })
}

/// Writes a whole answer for the client, as a stream when it asked for one.
pub(crate) fn encode(call: &Call, response: ChatResponse) -> Bytes {
    let dialect = call.dialect.dialect();
    let mut context = call.reply();
    if !call.streams() {
        return dialect.encode_response(&response, &context);
    }
    // A spliced request was not decoded before.
    context.include_usage = call.chat().is_ok_and(|chat| chat.include_usage);
    let mut encoder = dialect.stream_encoder(&context);
    let mut out = BytesMut::new();
    for event in events_of(response) {
        encoder.push(&event, &mut out);
    }
    out.freeze()
}

fn whole(content: Content) -> Reply {
    Reply {
        headers: HeaderMap::new(),
        content,
    }
}
