//! The shapes of messages and answers, as they are read and as they are written.

use std::borrow::Cow;
use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;

use super::tools::{OutToolCall, WireToolCall};
use crate::canonical::{Logprobs, TokenLogprob, TopLogprob};
use crate::dialect::{ReplyContext, TranslateError};
use crate::json::JsonObject;

/// A message of a request or an answer.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WireMessage {
    pub(super) role: Option<String>,
    pub(super) content: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) images: Option<Vec<String>>,
    pub(super) tool_calls: Option<Vec<WireToolCall>>,
    pub(super) tool_name: Option<String>,
    pub(super) tool_call_id: Option<String>,
    /// What `tool_name` was called before it was in the API.
    pub(super) name: Option<String>,
}

/// A whole answer or one line of a streamed one, to `/api/chat` (`message`) or to
/// `/api/generate` (`response`, and the rest of a message beside it).
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WireAnswer {
    pub(super) model: Option<String>,
    pub(super) created_at: Option<Box<RawValue>>,
    pub(super) message: Option<WireMessage>,
    pub(super) response: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) tool_calls: Option<Vec<WireToolCall>>,
    pub(super) done: Option<bool>,
    pub(super) done_reason: Option<String>,
    pub(super) logprobs: Option<Vec<WireLogprob>>,
    pub(super) prompt_eval_count: Option<Count>,
    pub(super) eval_count: Option<Count>,
    pub(super) error: Option<Box<RawValue>>,
}

/// One token's log probability.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WireLogprob {
    token: Option<String>,
    logprob: Option<f64>,
    bytes: Option<Vec<u8>>,
    top_logprobs: Option<Vec<Self>>,
}

/// A count that some servers write as a float.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count(pub(super) u64);

/// An answer or one line of it, in the order of Ollama's own fields.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct OutAnswer<'a> {
    pub(super) model: &'a str,
    pub(super) created_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<OutMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Cow<'a, str>>,
    pub(super) done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) done_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<OutToolCall<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) logprobs: Vec<OutLogprob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) load_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_eval_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_eval_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) eval_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) eval_duration: Option<u64>,
}

/// A message as it is written.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct OutMessage<'a> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<OutToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
}

/// One token's log probability as it is written; alternatives have none of their own.
#[derive(Debug, serde::Serialize)]
pub(super) struct OutLogprob<'a> {
    token: &'a str,
    logprob: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<&'a [u8]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top_logprobs: Vec<Self>,
}

// === impl WireAnswer ===

impl WireAnswer {
    /// The message, whichever of the two endpoints answered.
    pub(super) fn take_message(&mut self) -> WireMessage {
        let mut message = self.message.take().unwrap_or_default();
        message.content = message.content.or_else(|| self.response.take());
        message.thinking = message.thinking.or_else(|| self.thinking.take());
        message.tool_calls = message.tool_calls.or_else(|| self.tool_calls.take());
        message
    }

    /// The log probabilities, when there are any.
    pub(super) fn take_logprobs(&mut self) -> Option<Logprobs> {
        let content: Vec<TokenLogprob> = self
            .logprobs
            .take()?
            .into_iter()
            .map(WireLogprob::into_canonical)
            .collect();
        (!content.is_empty()).then_some(Logprobs { content })
    }

    /// The time stamp as it was written; it makes ids made from it unique.
    pub(super) fn stamp(&self) -> &str {
        self.created_at.as_ref().map_or("", |raw| raw.get())
    }
}

// === impl WireLogprob ===

impl WireLogprob {
    fn into_canonical(mut self) -> TokenLogprob {
        let top = self.top_logprobs.take().unwrap_or_default();
        TokenLogprob {
            token: self.into_top(),
            top: top.into_iter().map(Self::into_top).collect(),
        }
    }

    fn into_top(self) -> TopLogprob {
        TopLogprob {
            token: self.token.unwrap_or_default(),
            logprob: self.logprob.unwrap_or_default(),
            bytes: self.bytes,
        }
    }
}

// === impl OutLogprob ===

impl<'a> OutLogprob<'a> {
    /// All of `logprobs`.
    pub(super) fn list(logprobs: &'a Logprobs) -> Vec<Self> {
        logprobs
            .content
            .iter()
            .map(|entry| Self {
                top_logprobs: entry.top.iter().map(Self::one).collect(),
                ..Self::one(&entry.token)
            })
            .collect()
    }

    fn one(token: &'a TopLogprob) -> Self {
        Self {
            token: &token.token,
            logprob: token.logprob,
            bytes: token.bytes.as_deref(),
            top_logprobs: Vec::new(),
        }
    }
}

// === impl Count ===

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;

        impl Visitor<'_> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
                Ok(Count(count))
            }

            fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
                Ok(Count(u64::try_from(count).unwrap_or_default()))
            }

            fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
                // A saturating cast: negative and not-a-number become 0.
                Ok(Count(count as u64))
            }
        }

        deserializer.deserialize_any(CountVisitor)
    }
}

/// Member `key` of a request; `null` counts as absent, as in Go.
pub(super) fn field<'b, T: Deserialize<'b>>(
    body: &'b JsonObject,
    key: &str,
) -> Result<Option<T>, TranslateError> {
    let Some(raw) = body.get(key) else {
        return Ok(None);
    };
    serde_json::from_slice(raw)
        .map_err(|e| TranslateError::invalid_param(key, format!("`{key}`: {e}")))
}

/// `value` as JSON.
pub(super) fn to_json(value: &impl Serialize) -> Bytes {
    // Writing plain structs to memory cannot fail; the default keeps the signature honest.
    serde_json::to_vec(value)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// Appends `value` as one line of JSON.
pub(super) fn write_line(value: &impl Serialize, out: &mut BytesMut) {
    // Writing plain structs to memory cannot fail.
    if serde_json::to_writer((&mut *out).writer(), value).is_ok() {
        out.put_u8(b'\n');
    }
}

/// The `created_at` of an answer: RFC 3339 with nanoseconds, as Go writes a time.
pub(super) fn created_at(reply: &ReplyContext) -> String {
    rfc3339(reply.created)
}

/// Seconds since 1970 as RFC 3339 with nanoseconds.
pub(super) fn rfc3339(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .unwrap_or_default();
    format!("{time:.9}")
}
