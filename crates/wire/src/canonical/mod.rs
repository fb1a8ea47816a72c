//! The canonical form: a superset of what the dialects can say, built from content blocks.
//!
//! Conventions every dialect keeps, so that any pair of them composes:
//! - A tool result is a block inside a `User` message, as Anthropic writes it.
//! - `Usage::input_tokens` counts every input token, cached ones included; `output_tokens`
//!   includes reasoning.
//! - Tool arguments stay JSON text; only a dialect that needs an object parses them.
//! - What a target cannot express is reported as a [`Loss`], never dropped in silence.

mod billing;
mod echo;
mod embedding;
mod error;
mod image;
mod logprobs;
mod loss;
mod message;
mod params;
mod raw;
mod reasoning;
mod request;
mod rerank;
mod response;
mod speech;
mod stream;
mod tool;
mod transcription;
mod usage;

pub use billing::{Billing, ServiceTier};
pub use echo::Echo;
pub use embedding::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat};
pub use error::{ApiError, ErrorKind};
pub use image::{ImageDelivery, ImageRequest, ImageResponse, Picture, PictureSource};
pub use logprobs::{Logprobs, TokenLogprob, TopLogprob};
pub use loss::{Loss, LossKind};
pub(crate) use message::no_instruction;
pub use message::{Block, BlockKind, CacheControl, Media, MediaSource, Message, Role};
pub use params::{Params, ResponseFormat};
pub use raw::RawJson;
pub use reasoning::{Effort, Reasoning, signature_origin};
pub use request::ChatRequest;
pub use rerank::{RerankDocument, RerankRequest, RerankResponse, RerankResult};
pub use response::{ChatResponse, Choice, FinishReason};
pub use speech::SpeechRequest;
pub use stream::StreamEvent;
pub use tool::{
    FunctionTool, HostedTool, SearchPlace, Tool, ToolChoice, WebSearch, join_thought_id,
    split_thought_id,
};
pub(crate) use tool::{fitting_tool_id, input_object};
pub use transcription::{MediaFile, Timed, TranscriptFormat, Transcription, TranscriptionRequest};
pub use usage::Usage;
