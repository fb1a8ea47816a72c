//! Anthropic messages (`/v1/messages`), API version 2023-06-01.

use bytes::Bytes;

use crate::canonical::{
    ApiError, ChatRequest, ChatResponse, EmbeddingRequest, EmbeddingResponse, Params,
};
use crate::dialect::{
    Dialect, DialectId, EncodedRequest, ReplyContext, RequestHead, Spliced, StreamDecoder,
    StreamEncoder, Target, TranslateError,
};
use crate::json::JsonObject;
use crate::relay::{RelayRules, Sighting};
use crate::{
    claude::{model, schema},
    read,
};

mod block;
mod citations;
mod error;
mod media;
mod relay;
mod request;
mod response;
mod stream;
mod tools;
mod usage;

/// The Anthropic messages dialect.
#[derive(Debug, Clone, Copy)]
pub struct Anthropic;

const NO_EMBEDDINGS: &str =
    "Anthropic has no embeddings API; ask for a model of a provider that has one";

impl Dialect for Anthropic {
    fn id(&self) -> DialectId {
        DialectId::Anthropic
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
        Box::new(stream::Decoder::default())
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
        Err(TranslateError::Unsupported(NO_EMBEDDINGS.into()))
    }

    fn encode_embedding_request(
        &self,
        _request: &EmbeddingRequest,
        _target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        Err(TranslateError::Unsupported(NO_EMBEDDINGS.into()))
    }

    fn decode_embedding_response(&self, _body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
        Err(TranslateError::Unsupported(NO_EMBEDDINGS.into()))
    }

    fn encode_embedding_response(
        &self,
        _request: &EmbeddingRequest,
        _response: &EmbeddingResponse,
        _reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError> {
        Err(TranslateError::Unsupported(NO_EMBEDDINGS.into()))
    }

    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError> {
        Ok(format!("{{\"input_tokens\":{input_tokens}}}").into())
    }
}
