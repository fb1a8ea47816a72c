//! The events of a streamed answer, as they are read and written.
//!
//! Source: service model, `ConverseStreamOutput`. What an event is stands in its frame's headers.

use bytes::{BufMut, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::response::{Extra, ExtraOut, Metrics, Tier};
use super::super::usage::{ReplyUsage, WireUsage};
use crate::event_stream::{Frame, write_frame};

/// What a frame is.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Event<'a> {
    /// An event of this name.
    Named(&'a str),
    /// An exception or an error of this name; nothing follows.
    Failed(String),
}

/// Reads the headers of `frame`.
pub(in super::super) fn event<'a>(frame: &Frame<'a>) -> Event<'a> {
    let header = |name| frame.header(name).unwrap_or_default();
    match header(":message-type") {
        "exception" => Event::Failed(header(":exception-type").to_owned()),
        "error" => Event::Failed(header(":error-code").to_owned()),
        _ => Event::Named(header(":event-type")),
    }
}

/// The payload of any event, everything optional.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    pub(super) content_block_index: Option<u64>,
    #[serde(borrow)]
    pub(super) start: Option<&'a RawValue>,
    pub(super) delta: Option<Delta>,
    pub(super) stop_reason: Option<String>,
    pub(super) additional_model_response_fields: Option<Extra>,
    pub(super) usage: Option<WireUsage>,
    pub(super) service_tier: Option<Tier>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockStart {
    pub(super) tool_use: Option<ToolStart>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolStart {
    pub(super) tool_use_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) r#type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delta {
    pub(super) text: Option<String>,
    pub(super) tool_use: Option<ToolDelta>,
    pub(super) tool_result: Option<Vec<Value>>,
    pub(super) image: Option<Value>,
    pub(super) reasoning_content: Option<ReasoningDelta>,
}

#[derive(Default, Deserialize)]
pub(super) struct ToolDelta {
    pub(super) input: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReasoningDelta {
    pub(super) text: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) redacted_content: Option<String>,
}

/// The events as a client gets them, every required member present.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum EventOut<'a> {
    MessageStart {
        role: &'static str,
    },
    #[serde(rename_all = "camelCase")]
    ContentBlockStart {
        content_block_index: u32,
        start: StartOut<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ContentBlockDelta {
        content_block_index: u32,
        delta: DeltaOut<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ContentBlockStop {
        content_block_index: u32,
    },
    #[serde(rename_all = "camelCase")]
    MessageStop {
        stop_reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        additional_model_response_fields: Option<ExtraOut<'a>>,
    },
    Metadata {
        usage: ReplyUsage,
        metrics: Metrics,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum StartOut<'a> {
    #[serde(rename_all = "camelCase")]
    ToolUse { tool_use_id: &'a str, name: &'a str },
    /// A start of this dialect, as it came.
    #[serde(untagged)]
    Raw(&'a Value),
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum DeltaOut<'a> {
    Text(&'a str),
    ToolUse {
        input: &'a str,
    },
    ReasoningContent(ReasoningOut<'a>),
    /// A delta of this dialect, as it came.
    #[serde(untagged)]
    Raw(&'a Value),
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ReasoningOut<'a> {
    Text(&'a str),
    Signature(&'a str),
    RedactedContent(String),
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

// === impl EventOut ===

impl EventOut<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "messageStart",
            Self::ContentBlockStart { .. } => "contentBlockStart",
            Self::ContentBlockDelta { .. } => "contentBlockDelta",
            Self::ContentBlockStop { .. } => "contentBlockStop",
            Self::MessageStop { .. } => "messageStop",
            Self::Metadata { .. } => "metadata",
        }
    }

    pub(super) fn write(&self, out: &mut BytesMut) {
        let headers = [
            (":event-type", self.name()),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ];
        write_frame(&headers, |out| json(self, out), out);
    }
}

/// Writes an exception, which ends a stream.
pub(super) fn write_exception(name: &str, message: &str, out: &mut BytesMut) {
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    write_frame(&headers, |out| json(&Message { message }, out), out);
}

/// Writing to memory cannot fail, and every event is serialisable.
fn json(value: &impl Serialize, out: &mut BytesMut) {
    let _ = serde_json::to_writer(out.writer(), value);
}
