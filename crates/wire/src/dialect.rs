//! What a dialect can do, and which dialects there are.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::canonical::{
    ApiError, ChatRequest, ChatResponse, Echo, EmbeddingRequest, EmbeddingResponse, Loss, Params,
    StreamEvent, Usage,
};
use crate::dialects;
use crate::json::JsonObject;
use crate::operation::Operation;
use crate::relay::{RelayRules, Sighting};
use crate::sse::FrameTooLarge;

/// The wire formats that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialectId {
    /// OpenAI chat completions and embeddings.
    OpenAiChat,
    /// OpenAI responses.
    OpenAiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Google Gemini `generateContent`.
    Gemini,
    /// Ollama's own API.
    Ollama,
    /// Cohere's API v2.
    Cohere,
    /// Amazon Bedrock Runtime `Converse`.
    Bedrock,
}

/// A wire format, as a client and as an upstream speaks it. No IO: bytes in, bytes out.
pub trait Dialect: Send + Sync {
    /// Which one this is.
    fn id(&self) -> DialectId;

    // --- requests ---

    /// Reads a client's chat request (`Chat`, `Completions` or `Generate`).
    fn decode_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<ChatRequest, TranslateError>;

    /// Writes a chat request for an upstream, for [`Operation::Chat`], or for
    /// [`Operation::Completions`] where the dialect has that.
    fn encode_request(
        &self,
        request: &ChatRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError>;

    /// What an answer to this request repeats of it; none in most dialects.
    fn echo(&self, _body: &JsonObject) -> Option<Arc<Echo>> {
        None
    }

    /// Splices a request that stays in this dialect: the upstream's model name, and every default
    /// that the client left open. Nothing else may change.
    fn splice_request(
        &self,
        body: &mut JsonObject,
        target: &Target<'_>,
        defaults: &Params,
    ) -> Result<Spliced, TranslateError>;

    // --- whole answers ---

    /// Reads an upstream's answer to [`Operation::Chat`] or [`Operation::Completions`].
    fn decode_response(&self, body: &[u8]) -> Result<ChatResponse, TranslateError>;

    /// Writes an answer for a client, complete against the API's published schema.
    fn encode_response(&self, response: &ChatResponse, reply: &ReplyContext) -> Bytes;

    // --- streamed answers ---

    /// A reader of an upstream's streamed answer to [`Operation::Chat`] or
    /// [`Operation::Completions`].
    fn stream_decoder(&self) -> Box<dyn StreamDecoder>;

    /// A writer of a streamed answer for a client.
    fn stream_encoder(&self, reply: &ReplyContext) -> Box<dyn StreamEncoder>;

    /// The `content-type` of a streamed answer.
    fn stream_content_type(&self) -> &'static str;

    /// How to pass on answers that stay in this dialect.
    fn relay_rules(&self) -> &'static RelayRules;

    /// What one frame of a stream (its `data`, or its line), or a whole answer body, says about
    /// the answer as a whole. Called for few frames only: see [`RelayRules::needles`].
    fn sniff(&self, frame: &[u8]) -> Sighting;

    /// As [`Dialect::sniff`], of a whole answer whose members are known.
    fn sniff_whole(&self, answer: &JsonObject) -> Sighting {
        self.sniff(&answer.to_bytes())
    }

    /// The failure that [`Dialect::sniff`] sees in a whole answer, if there is one.
    fn failure(&self, answer: &[u8]) -> Option<ApiError> {
        self.sniff(answer).error
    }

    // --- errors ---

    /// Reads an upstream's error answer; `body` may be anything, HTML and nothing included.
    fn decode_error(&self, status: u16, body: &[u8]) -> ApiError;

    /// The header of an error answer that names the error, where the API has one. Lower case.
    fn error_header(&self) -> Option<&'static str> {
        None
    }

    /// As [`Dialect::decode_error`], with the value of [`Dialect::error_header`].
    fn decode_named_error(&self, status: u16, _name: &str, body: &[u8]) -> ApiError {
        self.decode_error(status, body)
    }

    /// Writes an error body for a client; the status is [`ApiError::status`].
    fn encode_error(&self, error: &ApiError) -> Bytes;

    // --- embeddings and token counts ---

    /// Reads a client's embedding request.
    fn decode_embedding_request(
        &self,
        head: &RequestHead<'_>,
        body: &JsonObject,
    ) -> Result<EmbeddingRequest, TranslateError>;

    /// Writes an embedding request for an upstream.
    fn encode_embedding_request(
        &self,
        request: &EmbeddingRequest,
        target: &Target<'_>,
    ) -> Result<EncodedRequest, TranslateError>;

    /// Reads an upstream's vectors.
    fn decode_embedding_response(&self, body: &[u8]) -> Result<EmbeddingResponse, TranslateError>;

    /// Writes vectors for a client.
    fn encode_embedding_response(
        &self,
        request: &EmbeddingRequest,
        response: &EmbeddingResponse,
        reply: &ReplyContext,
    ) -> Result<Bytes, TranslateError>;

    /// Writes the answer to [`Operation::CountTokens`].
    fn encode_token_count(&self, input_tokens: u64) -> Result<Bytes, TranslateError>;
}

/// Reads a streamed answer, in whatever pieces it arrives.
pub trait StreamDecoder: Send {
    /// Takes the next bytes and appends the events they complete.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError>;

    /// The upstream closed the stream: appends what was held back and `End`, or fails when the
    /// answer was cut off.
    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError>;
}

/// Writes a streamed answer.
pub trait StreamEncoder: Send {
    /// Appends the bytes for `event`. `Error` writes the dialect's error event and ends the
    /// stream the way the dialect ends one; `End` writes what closes a complete stream.
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut);
}

/// What the URL says about a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The operation, from the route.
    pub operation: Operation,
    /// The model, where the path names it (Gemini); wins over the body.
    pub model: Option<&'a str>,
    /// Whether to stream, where the path says it (Gemini).
    pub stream: Option<bool>,
}

/// The deployment that a request is written for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The upstream's name of the model.
    pub model: &'a str,
    /// The operation to ask for.
    pub operation: Operation,
    /// Whether the upstream shall stream.
    pub stream: bool,
    /// The most output tokens the model can give, when known; for dialects that must say one.
    pub max_output_tokens: Option<u64>,
}

/// What the client's answer must say that the upstream cannot know.
#[derive(Debug, Clone)]
pub struct ReplyContext {
    /// The operation the client asked for.
    pub operation: Operation,
    /// The model as the client named it.
    pub model: String,
    /// A fresh id, lower-case hex; each dialect puts its own prefix before it.
    pub id: String,
    /// When the answer was made, seconds since 1970.
    pub created: u64,
    /// The client asked for usage in the stream.
    pub include_usage: bool,
    /// When the request was accepted, for dialects that tell how long an answer took; without it
    /// they say 0.
    pub started: Option<Instant>,
    /// What the answer repeats of the request: [`Dialect::echo`] of the client's dialect.
    pub echo: Option<Arc<Echo>>,
}

/// A request body for an upstream.
#[derive(Debug, Clone)]
pub struct EncodedRequest {
    /// The body, JSON.
    pub body: Bytes,
    /// Headers that go with it (`anthropic-beta`), lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// What could not be expressed.
    pub losses: Vec<Loss>,
}

/// What splicing a request changed that its answer must be cleaned of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spliced {
    /// Usage was asked for on the client's behalf; its own chunk must not reach the client.
    pub usage_injected: bool,
}

/// A body that cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// The body is not what the dialect prescribes. For a request that is the client's fault.
    #[error("{message}")]
    Invalid {
        /// What is wrong, in the dialect's own field names.
        message: String,
        /// The field at fault, when one is.
        param: Option<String>,
    },
    /// The dialect does not have the operation.
    #[error("{0}")]
    Unsupported(String),
}

/// A stream that cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A frame is not what the dialect prescribes.
    #[error("malformed stream frame: {0}")]
    Malformed(String),
    /// A frame is too large.
    #[error(transparent)]
    FrameTooLarge(#[from] FrameTooLarge),
    /// The stream ended before the answer did.
    #[error("the stream ended before the answer was complete")]
    Truncated,
}

// === impl DialectId ===

impl DialectId {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
        Self::Cohere,
        Self::Bedrock,
    ];

    /// The dialect itself.
    pub fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::OpenAiChat => &dialects::openai_chat::OpenAiChat,
            Self::OpenAiResponses => &dialects::openai_responses::OpenAiResponses,
            Self::Anthropic => &dialects::anthropic::Anthropic,
            Self::Gemini => &dialects::gemini::Gemini,
            Self::Ollama => &dialects::ollama::Ollama,
            Self::Cohere => &dialects::cohere::Cohere,
            Self::Bedrock => &dialects::bedrock::Bedrock,
        }
    }

    /// The stable name used in config files, logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Cohere => "cohere",
            Self::Bedrock => "bedrock",
        }
    }

    /// The dialect that `name` names.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.as_str() == name)
    }
}

// === impl TranslateError ===

impl TranslateError {
    /// A body that is not what the dialect prescribes.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            param: None,
        }
    }

    /// A field that is not what the dialect prescribes.
    pub fn invalid_param(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            param: Some(param.into()),
        }
    }
}

// === impl ReplyContext ===

impl ReplyContext {
    /// The id written as a UUID, for APIs whose ids are that.
    pub fn uuid(&self) -> Cow<'_, str> {
        let id = self.id.as_str();
        if id.len() != 32 || !id.is_ascii() {
            return Cow::Borrowed(id);
        }
        let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
        Cow::Owned(parts.join("-"))
    }

    /// How long the answer took so far.
    pub fn elapsed(&self) -> Duration {
        self.started
            .map_or(Duration::ZERO, |started| started.elapsed())
    }
}

// === impl Sighting ===

impl Sighting {
    /// Adds what a later frame said; counts that are absent from it stay.
    pub fn merge(&mut self, later: Self) {
        if let Some(usage) = later.usage {
            self.usage = Some(match self.usage {
                Some(earlier) => merge_usage(earlier, usage),
                None => usage,
            });
        }
        if later.finish.is_some() {
            self.finish = later.finish;
        }
        if later.error.is_some() {
            self.error = later.error;
        }
    }
}

/// Later totals win unless they are zero: Anthropic sends input counts first, output counts last.
fn merge_usage(earlier: Usage, later: Usage) -> Usage {
    let pick = |a: u64, b: u64| if b == 0 { a } else { b };
    let cache_read = pick(earlier.cache_read, later.cache_read);
    let cache_write = pick(earlier.cache_write, later.cache_write);
    let input_tokens = pick(earlier.input_tokens, later.input_tokens);
    Usage {
        // Some servers repeat the uncached input last without saying again what was cached.
        input_tokens: if input_tokens < cache_read + cache_write {
            earlier.input_tokens.max(input_tokens)
        } else {
            input_tokens
        },
        output_tokens: pick(earlier.output_tokens, later.output_tokens),
        cache_read,
        cache_write,
        cache_write_1h: pick(earlier.cache_write_1h, later.cache_write_1h),
        reasoning: pick(earlier.reasoning, later.reasoning),
        audio_input: pick(earlier.audio_input, later.audio_input),
        audio_output: pick(earlier.audio_output, later.audio_output),
        cache_read_audio: pick(earlier.cache_read_audio, later.cache_read_audio),
        image_input: pick(earlier.image_input, later.image_input),
        video_input: pick(earlier.video_input, later.video_input),
        image_output: pick(earlier.image_output, later.image_output),
        billing: later.billing.or(earlier.billing),
    }
}
