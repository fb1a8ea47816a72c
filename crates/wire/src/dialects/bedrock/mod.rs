//! Amazon Bedrock Runtime `Converse` and `ConverseStream`, and the embedding models behind
//! `InvokeModel`.
//!
//! Wire facts are from the service's published model (botocore,
//! `bedrock-runtime/2023-09-30/service-2.json`) and the Bedrock user guide. The model and whether
//! to stream stand in the path (`/model/{modelId}/converse-stream`), never in the body.

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

mod block;
mod embedding;
mod error;
mod family;
mod media;
mod piece;
mod redacted;
mod relay;
mod report;
mod request;
mod response;
mod stream;
mod tools;
mod usage;

pub use error::exception;

/// The Bedrock Converse dialect.
#[derive(Debug, Clone, Copy)]
pub struct Bedrock;

impl Dialect for Bedrock {
    fn id(&self) -> DialectId {
        DialectId::Bedrock
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
        "application/vnd.amazon.eventstream"
    }

    fn relay_rules(&self) -> &'static RelayRules {
        &relay::RULES
    }

    fn sniff(&self, frame: &[u8]) -> Sighting {
        relay::sniff(frame)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> ApiError {
        error::decode(status, None, body)
    }

    fn error_header(&self) -> Option<&'static str> {
        Some(error::HEADER)
    }

    fn decode_named_error(&self, status: u16, name: &str, body: &[u8]) -> ApiError {
        error::decode(status, Some(name), body)
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
        request: &EmbeddingRequest,
        response: &EmbeddingResponse,
        reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError> {
        embedding::encode_response(request, response, reply)
    }

    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError> {
        Ok(format!("{{\"inputTokens\":{input_tokens}}}").into())
    }
}
