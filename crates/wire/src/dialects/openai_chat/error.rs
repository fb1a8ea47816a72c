//! Errors: whatever an upstream sends as one, and OpenAI's error object.

pub(super) use super::super::openai::error::{decode, decode_frame, encode};
