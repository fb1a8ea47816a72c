//! The events of a streamed answer as a client gets them, every required member present.
//!
//! Source: messages API reference, `RawMessageStreamEvent`; the official SDKs' types.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use super::super::response::ReplyBlock;
use super::super::usage::{ReplyDeltaUsage, ReplyUsage};
use crate::canonical::RawJson;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Frame<'a> {
    MessageStart {
        message: Start<'a>,
    },
    ContentBlockStart {
        index: u32,
        content_block: Piece<'a>,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta<'a>,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: End<'a>,
        usage: ReplyDeltaUsage,
    },
    MessageStop,
    Ping,
}

#[derive(Serialize)]
pub(super) struct Start<'a> {
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: [(); 0],
    pub(super) stop_reason: Option<()>,
    pub(super) stop_sequence: Option<()>,
    pub(super) stop_details: Option<()>,
    pub(super) container: Option<()>,
    pub(super) diagnostics: Option<()>,
    pub(super) usage: ReplyUsage,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Piece<'a> {
    Block(ReplyBlock<'a>),
    Raw(&'a RawJson),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: &'a str },
}

#[derive(Serialize)]
pub(super) struct End<'a> {
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) stop_details: Option<()>,
    pub(super) container: Option<()>,
}

// === impl Frame ===

impl Frame<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
        }
    }

    pub(super) fn write(&self, out: &mut BytesMut) {
        out.put_slice(b"event: ");
        out.put_slice(self.name().as_bytes());
        out.put_slice(b"\ndata: ");
        // Writing to memory cannot fail, and every frame is serialisable.
        let _ = serde_json::to_writer((&mut *out).writer(), self);
        out.put_slice(b"\n\n");
    }
}

// === impl Piece ===

impl Piece<'_> {
    /// The shape in which a thinking block begins.
    pub(super) fn empty_thinking() -> Self {
        Self::Block(ReplyBlock::Thinking {
            thinking: "",
            signature: "",
        })
    }
}
