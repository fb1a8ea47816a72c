//! (being written)
#![expect(clippy::todo, unused_variables, reason = "stub")]
use crate::canonical::*;
use crate::dialect::*;
use crate::json::JsonObject;
use crate::relay::*;
use bytes::Bytes;
/// (being written)
#[derive(Debug, Clone, Copy)]
pub struct Anthropic;
impl Dialect for Anthropic {
    fn id(&self) -> DialectId {
        todo!()
    }
    fn decode_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<ChatRequest, TranslateError> {
        todo!()
    }
    fn encode_request(
        &self,
        request: &ChatRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        todo!()
    }
    fn splice_request(
        &self,
        body: &mut JsonObject,
        target: &Target<'_>,
        defaults: &Params,
    ) -> Result<Spliced, TranslateError> {
        todo!()
    }
    fn decode_response(&self, body: &[u8]) -> Result<ChatResponse, TranslateError> {
        todo!()
    }
    fn encode_response(&self, response: &ChatResponse, reply: &ReplyContext) -> Bytes {
        todo!()
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        todo!()
    }
    fn stream_encoder(&self, reply: &ReplyContext) -> Box<dyn StreamEncoder> {
        todo!()
    }
    fn stream_content_type(&self) -> &'static str {
        todo!()
    }
    fn relay_rules(&self) -> &'static RelayRules {
        todo!()
    }
    fn sniff(&self, frame: &[u8]) -> Sighting {
        todo!()
    }
    fn decode_error(&self, status: u16, body: &[u8]) -> ApiError {
        todo!()
    }
    fn encode_error(&self, error: &ApiError) -> Bytes {
        todo!()
    }
    fn decode_embedding_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<EmbeddingRequest, TranslateError> {
        todo!()
    }
    fn encode_embedding_request(
        &self,
        request: &EmbeddingRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError> {
        todo!()
    }
    fn decode_embedding_response(&self, body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
        todo!()
    }
    fn encode_embedding_response(
        &self,
        request: &EmbeddingRequest,
        response: &EmbeddingResponse,
        reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError> {
        todo!()
    }
    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError> {
        todo!()
    }
}
