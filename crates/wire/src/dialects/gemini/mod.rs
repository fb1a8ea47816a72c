//! Google Gemini: `generateContent`, `streamGenerateContent`, `countTokens`, `embedContent` and
//! `batchEmbedContents` (Gemini API reference, v1beta).

mod blocks;
mod config;
mod content;
mod embedding;
mod error;
mod logprobs;
mod losses;
mod media;
mod model;
mod proto;
mod request;
mod response;
mod schema;
mod signature;
mod stream;
mod tools;
mod usage;

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

/// The dialect of the Gemini API, and of Gemini models on Vertex AI.
#[derive(Debug, Clone, Copy)]
pub struct Gemini;

impl Dialect for Gemini {
    fn id(&self) -> DialectId {
        DialectId::Gemini
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
        "text/event-stream"
    }

    fn relay_rules(&self) -> &'static RelayRules {
        &stream::RULES
    }

    fn sniff(&self, frame: &[u8]) -> Sighting {
        stream::sniff(frame)
    }

    fn failure(&self, answer: &[u8]) -> Option<ApiError> {
        stream::failure(answer)
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

    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError> {
        usage::encode_count(input_tokens)
    }
}
