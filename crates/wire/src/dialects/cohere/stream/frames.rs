//! The events of a streamed answer as a client gets them.
//!
//! Source: API reference, `V2ChatStreamResponse`; the official SDKs' types.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use super::super::logprobs::ItemOut;
use super::super::tools::CallOut;
use super::super::usage::UsageOut;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Frame<'a> {
    MessageStart {
        id: Cow<'a, str>,
        delta: Delta<Start>,
    },
    ContentStart {
        index: u32,
        delta: Delta<Content<'a>>,
    },
    ContentDelta {
        index: u32,
        delta: Delta<Content<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        logprobs: Option<ItemOut<'a>>,
    },
    ContentEnd {
        index: u32,
    },
    ToolCallStart {
        index: u32,
        delta: Delta<Calls<CallOut<'a>>>,
    },
    ToolCallDelta {
        index: u32,
        delta: Delta<Calls<More<'a>>>,
    },
    ToolCallEnd {
        index: u32,
    },
    MessageEnd {
        id: Cow<'a, str>,
        delta: End<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct Delta<T> {
    message: T,
}

/// The message before anything is said.
#[derive(Serialize)]
pub(super) struct Start {
    role: &'static str,
    content: [(); 0],
    tool_plan: &'static str,
    tool_calls: [(); 0],
    citations: [(); 0],
}

#[derive(Serialize)]
pub(super) struct Content<'a> {
    content: Piece<'a>,
}

/// A piece of content; its type is told once, at its start.
#[derive(Default, Serialize)]
struct Piece<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Calls<T> {
    tool_calls: T,
}

/// More arguments of a call.
#[derive(Serialize)]
pub(super) struct More<'a> {
    function: MoreFunction<'a>,
}

#[derive(Serialize)]
struct MoreFunction<'a> {
    arguments: &'a str,
}

#[derive(Serialize)]
pub(super) struct End<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a str>,
    pub(super) finish_reason: &'static str,
    pub(super) usage: UsageOut,
}

// === impl Frame ===

impl<'a> Frame<'a> {
    pub(super) fn start(id: Cow<'a, str>) -> Self {
        let message = Start {
            role: "assistant",
            content: [],
            tool_plan: "",
            tool_calls: [],
            citations: [],
        };
        Self::MessageStart {
            id,
            delta: Delta { message },
        }
    }

    pub(super) fn text_start(index: u32) -> Self {
        let piece = Piece {
            r#type: Some("text"),
            text: Some(""),
            ..Piece::default()
        };
        let delta = Delta::content(piece);
        Self::ContentStart { index, delta }
    }

    pub(super) fn text(index: u32, text: &'a str, logprobs: Option<ItemOut<'a>>) -> Self {
        let piece = Piece {
            text: Some(text),
            ..Piece::default()
        };
        Self::ContentDelta {
            index,
            delta: Delta::content(piece),
            logprobs,
        }
    }

    pub(super) fn thinking_start(index: u32) -> Self {
        let piece = Piece {
            r#type: Some("thinking"),
            thinking: Some(""),
            ..Piece::default()
        };
        let delta = Delta::content(piece);
        Self::ContentStart { index, delta }
    }

    pub(super) fn thinking(index: u32, thinking: &'a str) -> Self {
        let piece = Piece {
            thinking: Some(thinking),
            ..Piece::default()
        };
        Self::ContentDelta {
            index,
            delta: Delta::content(piece),
            logprobs: None,
        }
    }

    pub(super) fn call(index: u32, id: &'a str, name: &'a str) -> Self {
        let tool_calls = CallOut::begun(id, name, "");
        let message = Calls { tool_calls };
        Self::ToolCallStart {
            index,
            delta: Delta { message },
        }
    }

    pub(super) fn arguments(index: u32, arguments: &'a str) -> Self {
        let function = MoreFunction { arguments };
        let tool_calls = More { function };
        let message = Calls { tool_calls };
        Self::ToolCallDelta {
            index,
            delta: Delta { message },
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message-start",
            Self::ContentStart { .. } => "content-start",
            Self::ContentDelta { .. } => "content-delta",
            Self::ContentEnd { .. } => "content-end",
            Self::ToolCallStart { .. } => "tool-call-start",
            Self::ToolCallDelta { .. } => "tool-call-delta",
            Self::ToolCallEnd { .. } => "tool-call-end",
            Self::MessageEnd { .. } => "message-end",
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

// === impl Delta ===

impl<'a> Delta<Content<'a>> {
    fn content(content: Piece<'a>) -> Self {
        Self {
            message: Content { content },
        }
    }
}
