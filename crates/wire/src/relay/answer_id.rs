//! The id of an answer, found without reading the rest of it.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::value::string_value;
use crate::dialect::DialectId;

/// Longer ones are no ids.
const LONGEST: usize = 256;

static ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"id\""));
static RESPONSE_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"responseId\""));

/// The id that a client of `dialect` finds in an answer: in `bytes`, which are the whole answer or,
/// when it is streamed, some of its first frames.
///
/// Sources: `id` of a chat completion and its chunks, of a response and of the `response` in the
/// first event of a stream (OpenAI API reference); of a message and of the `message` in
/// `message_start` (Anthropic API reference); `responseId` (Gemini API reference,
/// `GenerateContentResponse`); `id` of an answer and of `message-start` (Cohere API reference).
/// Answers of Ollama and of Bedrock have none.
pub fn answer_id(dialect: DialectId, streamed: bool, bytes: &[u8]) -> Option<String> {
    let (name, depth) = match (dialect, streamed) {
        (DialectId::OpenAiResponses | DialectId::Anthropic, true) => (&ID, 2),
        (
            DialectId::OpenAiChat
            | DialectId::OpenAiResponses
            | DialectId::Anthropic
            | DialectId::Cohere,
            _,
        ) => (&ID, 1),
        (DialectId::Gemini, _) => (&RESPONSE_ID, 1),
        (DialectId::Ollama | DialectId::Bedrock, _) => return None,
    };
    // Some streams are the elements of an array.
    let object = &bytes[memchr::memchr(b'{', bytes)?..];
    let value = &object[string_value(object, name, Some(depth))?];
    let id: String = serde_json::from_slice(value).ok()?;
    (!id.is_empty() && id.len() <= LONGEST).then_some(id)
}
