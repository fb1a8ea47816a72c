//! Writes the events of a streamed answer, every required member present.
//!
//! Source: API reference, `ResponseStreamEvent`; the official SDKs' types.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::logprobs::TokenOut;
use super::super::response::{ItemOut, PartOut};

/// Writes events and counts them.
#[derive(Debug, Default)]
pub(super) struct Frames {
    next: u64,
}

/// An event that holds the answer so far.
#[derive(Debug, Serialize)]
pub(super) struct Whole<'a> {
    pub(super) response: &'a RawValue,
}

/// An item begins or ends.
#[derive(Debug, Serialize)]
pub(super) struct Item<'a> {
    pub(super) output_index: usize,
    pub(super) item: &'a ItemOut<'a>,
}

/// What an event is about: a part of an item, or its arguments.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Place<'a> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary_index: Option<usize>,
}

/// What an event says about its place.
#[derive(Debug, Default, Serialize)]
pub(super) struct Said<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<PartOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<Vec<TokenOut<'a>>>,
}

// === impl Frames ===

impl Frames {
    /// Writes one event with the members of `first`, an object with at least one of them.
    pub(super) fn write(&mut self, kind: &str, first: &impl Serialize, out: &mut BytesMut) {
        self.head(kind, out);
        append(first, out);
        out.extend_from_slice(b"}\n\n");
    }

    /// Writes one event about `place`.
    pub(super) fn say(
        &mut self,
        kind: &str,
        place: Place<'_>,
        said: &Said<'_>,
        out: &mut BytesMut,
    ) {
        self.head(kind, out);
        append(&place, out);
        append(said, out);
        out.extend_from_slice(b"}\n\n");
    }

    fn head(&mut self, kind: &str, out: &mut BytesMut) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: {\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"sequence_number\":");
        out.extend_from_slice(self.next.to_string().as_bytes());
        self.next += 1;
    }
}

/// Appends the members of an object that has some to one that is open.
fn append(members: &impl Serialize, out: &mut BytesMut) {
    let start = out.len();
    // Writing to memory cannot fail, and everything written here is serialisable.
    let _ = serde_json::to_writer((&mut *out).writer(), members);
    if let Some(brace) = out.get_mut(start) {
        *brace = b',';
        out.truncate(out.len() - 1);
    }
}
