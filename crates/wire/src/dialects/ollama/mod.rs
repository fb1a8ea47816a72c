//! Ollama's own API: `/api/chat`, `/api/generate`, `/api/embed` and `/api/embeddings`.
//!
//! Wire facts are from Ollama's API documentation (`docs/api.md`) and its Go types
//! (`api/types.go`).

mod embedding;
mod error;
pub mod listing;
mod load;
mod request;
mod response;
mod sniff;
mod stream;
mod think;
mod tools;
mod usage;
mod wire;

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

pub use load::{is_load_request, load_reply};

/// Ollama's own API.
#[derive(Debug, Clone, Copy)]
pub struct Ollama;

impl Dialect for Ollama {
    fn id(&self) -> DialectId {
        DialectId::Ollama
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
        Ok(request::encode(request, target))
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
        "application/x-ndjson"
    }

    fn relay_rules(&self) -> &'static RelayRules {
        &sniff::RULES
    }

    fn sniff(&self, frame: &[u8]) -> Sighting {
        sniff::sniff(frame)
    }

    fn failure(&self, answer: &[u8]) -> Option<ApiError> {
        sniff::failure(answer)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> ApiError {
        error::decode(status, body)
    }

    fn encode_error(&self, error: &ApiError) -> Bytes {
        error::encode(error)
    }

    fn decode_embedding_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<EmbeddingRequest, TranslateError> {
        embedding::decode_request(head, body)
    }

    fn encode_embedding_request(
        &self,
        request: &EmbeddingRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        embedding::encode_request(request, target)
    }

    fn decode_embedding_response(&self, body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
        embedding::decode_response(body)
    }

    fn encode_embedding_response(
        &self,
        _request: &EmbeddingRequest,
        response: &EmbeddingResponse,
        reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError> {
        embedding::encode_response(response, reply)
    }

    fn encode_token_count(&self, _input_tokens: u64) -> Result<Bytes, TranslateError> {
        Err(TranslateError::Unsupported(
            "Ollama's API does not count tokens".to_owned(),
        ))
    }
}
