//! Text completions: a prompt in, the text that follows it out (API reference, create completion).
//!
//! Models that only chat are asked with the prompt as the one message of a conversation, and those
//! that only complete with a conversation's texts as the prompt.

mod logprobs;
mod request;
mod response;
mod stream;

pub use request::take_completion_params;
pub(super) use request::{decode, encode, put_params};
pub(super) use response::encode as encode_response;
pub(super) use stream::Encoder;

use super::response::finish_name;
use crate::canonical::FinishReason;

/// The word for `finish`; a completion ends in three ways only.
fn completion_finish(finish: FinishReason, refused: bool) -> &'static str {
    match finish_name(finish, refused) {
        "tool_calls" => "stop",
        word => word,
    }
}
