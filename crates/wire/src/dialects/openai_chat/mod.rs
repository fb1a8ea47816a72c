//! OpenAI chat completions, text completions and embeddings, as OpenAI, LiteLLM and the many compatible servers
//! speak them.
//!
//! Read liberally: what LiteLLM clients add (`thinking`, `cache_control`, `thinking_blocks`) and
//! what vLLM, llama.cpp, Mistral, `DeepSeek`, OpenRouter and Groq do differently is understood.
//! Written strictly: every body is complete against OpenAI's published schema.

mod completion;
mod embedding;
mod error;
mod logprobs;
mod params;
mod relay;
mod request;
mod response;
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
use crate::operation::Operation;
use crate::relay::{RelayRules, Sighting};

use super::openai::{lenient, model};

pub use completion::take_completion_params;
pub use params::own_param_loss;

/// OpenAI chat completions and embeddings.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiChat;

// === impl OpenAiChat ===

impl Dialect for OpenAiChat {
    fn id(&self) -> DialectId {
        DialectId::OpenAiChat
    }

    fn decode_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<ChatRequest, TranslateError> {
        match head.operation {
            Operation::Completions => completion::decode(head, body),
            _ => request::decode(head, body),
        }
    }

    fn encode_request(
        &self,
        request: &ChatRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        match target.operation {
            Operation::Completions => completion::encode(request, target),
            _ => request::encode(request, target),
        }
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
        match reply.operation {
            Operation::Completions => completion::encode_response(response, reply),
            _ => response::encode(response, reply),
        }
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::<stream::Decoder>::default()
    }

    fn stream_encoder(&self, reply: &ReplyContext) -> Box<dyn StreamEncoder> {
        match reply.operation {
            Operation::Completions => Box::new(completion::Encoder::new(reply)),
            _ => Box::new(stream::Encoder::new(reply)),
        }
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

    fn encode_token_count(&self, _input_tokens: u64) -> Result<Bytes, TranslateError> {
        Err(TranslateError::Unsupported(
            "the OpenAI chat API has no call that counts tokens".to_owned(),
        ))
    }
}
