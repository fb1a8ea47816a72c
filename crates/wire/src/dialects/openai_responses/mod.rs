//! OpenAI responses: a conversation as a list of items, and an answer as another.
//!
//! What makes this API stateful (`store`, `previous_response_id`, `conversation`, `background`)
//! is not part of the canonical form: whoever keeps answers puts the conversation into `input`
//! before the request is read here.

mod content;
mod echo;
mod envelope;
mod error;
mod item;
mod logprobs;
mod media;
mod relay;
mod request;
mod response;
mod stream;
mod tools;
mod usage;

use std::sync::Arc;

use bytes::Bytes;

use crate::canonical::{
    ApiError, ChatRequest, ChatResponse, Echo, EmbeddingRequest, EmbeddingResponse, Params,
};
use crate::dialect::{
    Dialect, DialectId, EncodedRequest, ReplyContext, RequestHead, Spliced, StreamDecoder,
    StreamEncoder, Target, TranslateError,
};
use crate::json::JsonObject;
use crate::relay::{RelayRules, Sighting};

/// Between texts that become one.
const PARAGRAPH: &str = "\n\n";

/// OpenAI responses.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiResponses;

// === impl OpenAiResponses ===

impl Dialect for OpenAiResponses {
    fn id(&self) -> DialectId {
        DialectId::OpenAiResponses
    }

    fn decode_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<ChatRequest, TranslateError> {
        request::decode(head, body)
    }

    fn encode_request(
        &self,
        request: &ChatRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        request::encode(request, target)
    }

    fn echo(&self, body: &JsonObject) -> Option<Arc<Echo>> {
        Some(echo::of(body))
    }

    fn splice_request(
        &self,
        body: &mut JsonObject,
        target: &Target<'_>,
        defaults: &Params,
    ) -> Result<Spliced, TranslateError> {
        request::splice(body, target, defaults)
    }

    fn decode_response(&self, body: &[u8]) -> Result<ChatResponse, TranslateError> {
        response::decode(body)
    }

    fn encode_response(&self, response: &ChatResponse, reply: &ReplyContext) -> Bytes {
        response::encode(response, reply)
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::<stream::Decoder>::default()
    }

    fn stream_encoder(&self, reply: &ReplyContext) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(reply))
    }

    fn stream_content_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    fn relay_rules(&self) -> &'static RelayRules {
        &relay::RULES
    }

    fn sniff(&self, frame: &[u8]) -> Sighting {
        relay::sniff(frame)
    }

    fn sniff_whole(&self, answer: &JsonObject) -> Sighting {
        relay::sniff_whole(answer)
    }

    fn failure(&self, answer: &[u8]) -> Option<ApiError> {
        relay::failure(answer)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> ApiError {
        error::decode(status, body)
    }

    fn encode_error(&self, error: &ApiError) -> Bytes {
        error::encode(error)
    }

    fn decode_embedding_request(
        &self,
        _head: &RequestHead<'_>,
        _body: &JsonObject,
    ) -> Result<EmbeddingRequest, TranslateError> {
        Err(no_embeddings())
    }

    fn encode_embedding_request(
        &self,
        _request: &EmbeddingRequest,
        _target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        Err(no_embeddings())
    }

    fn decode_embedding_response(&self, _body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
        Err(no_embeddings())
    }

    fn encode_embedding_response(
        &self,
        _request: &EmbeddingRequest,
        _response: &EmbeddingResponse,
        _reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError> {
        Err(no_embeddings())
    }

    /// `POST /v1/responses/input_tokens`.
    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError> {
        let count =
            format!(r#"{{"object":"response.input_tokens","input_tokens":{input_tokens}}}"#);
        Ok(count.into())
    }
}

fn no_embeddings() -> TranslateError {
    TranslateError::Unsupported("the responses API has no embeddings".to_owned())
}
