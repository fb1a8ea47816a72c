//! Whole answers: what can be read can be told to every client, and is JSON.

use bytes::Bytes;
use lockgate_wire::canonical::{
    ChatResponse, EmbeddingInput, EmbeddingRequest, EncodingFormat, FinishReason,
};
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::{DialectId, Operation};
use serde::de::IgnoredAny;

use crate::arrival::dialect;

/// The first byte is the dialect, the second one stands for a status, the rest is the body.
pub(crate) fn check(input: &[u8]) {
    let [first, status, body @ ..] = input else {
        return;
    };
    let upstream = dialect(*first).dialect();
    let status = 400 + u16::from(*status) % 200;
    let error = upstream.decode_error(status, body);
    assert!((400..600).contains(&error.status), "{}", error.status);
    for client in DialectId::ALL {
        json(&client.dialect().encode_error(&error));
    }
    upstream.sniff(body);
    answer(dialect(*first), body);
    vectors(dialect(*first), body);
}

fn answer(upstream: DialectId, body: &[u8]) {
    let Ok(response) = upstream.dialect().decode_response(body) else {
        return;
    };
    for client in DialectId::ALL {
        let written = client
            .dialect()
            .encode_response(&response, &reply(Operation::Chat));
        json(&written);
        let again = client.dialect().decode_response(&written);
        // Cohere has no word for an answer that a filter cut off, only one for a failure.
        let fails = client == DialectId::Cohere && is_filtered(&response);
        assert_eq!(again.is_err(), fails, "{client:?} reads its own: {again:?}");
    }
}

fn is_filtered(response: &ChatResponse) -> bool {
    let mut choices = response.choices.iter();
    choices.any(|choice| choice.finish == FinishReason::ContentFilter)
}

fn vectors(upstream: DialectId, body: &[u8]) {
    let Ok(response) = upstream.dialect().decode_embedding_response(body) else {
        return;
    };
    for encoding in [EncodingFormat::Float, EncodingFormat::Base64] {
        let request = EmbeddingRequest {
            model: "group".to_owned(),
            input: vec![EmbeddingInput::Text("text".to_owned()); response.vectors.len()],
            encoding,
            ..EmbeddingRequest::default()
        };
        for client in DialectId::ALL {
            let reply = reply(Operation::Embeddings);
            let written = client
                .dialect()
                .encode_embedding_response(&request, &response, &reply);
            if let Ok(written) = written {
                json(&written);
            }
        }
    }
}

fn reply(operation: Operation) -> ReplyContext {
    ReplyContext {
        operation,
        model: "group".to_owned(),
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        created: 1_767_225_600,
        include_usage: true,
        started: None,
        echo: None,
    }
}

/// `body` is one JSON document.
pub(crate) fn json(body: &Bytes) {
    let read = serde_json::from_slice::<IgnoredAny>(body);
    assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(body));
}
