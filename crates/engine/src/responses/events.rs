//! The events of a streamed response, one by one.

use bytes::{Bytes, BytesMut};
use lockgate_wire::json::JsonObject;
use memchr::memmem;

/// Deeper than any event.
const DEPTH: usize = 512;

/// What an event that holds a response object has, and no text can: there quotes are escaped.
const HOLDS_ONE: &[u8] = b"\"response\"";

/// Events that hold the response as it will stay.
const LAST: [&str; 3] = [
    "response.completed",
    "response.incomplete",
    "response.failed",
];

/// The events in `frames`, in their order. They hold one line of data each.
pub(super) fn events(frames: &[u8]) -> impl Iterator<Item = JsonObject> {
    frames
        .split(|&byte| byte == b'\n')
        .filter_map(|line| parse(line.strip_prefix(b"data:")?))
}

/// Whether `event` is the last that tells of the response.
pub(super) fn is_last(event: &JsonObject) -> bool {
    kind(event).is_some_and(|kind| LAST.contains(&&*kind))
}

/// The type of an event.
pub(super) fn kind(event: &JsonObject) -> Option<std::borrow::Cow<'_, str>> {
    event.get_str("type")
}

/// The response object that an event holds.
pub(super) fn response_of(event: &JsonObject) -> Option<JsonObject> {
    parse(event.get("response")?)
}

/// An event as a frame.
pub(super) fn frame(event: &JsonObject) -> Bytes {
    let kind = kind(event).unwrap_or_default();
    let data = event.to_bytes();
    [b"event: ", kind.as_bytes(), b"\ndata: ", &data, b"\n\n"]
        .concat()
        .into()
}

/// The same frames with `edit` done to every response object in them; it is told whether that is
/// the response as it will stay.
pub(super) fn edited(frames: Bytes, mut edit: impl FnMut(&mut JsonObject, bool)) -> Bytes {
    if memmem::find(&frames, HOLDS_ONE).is_none() {
        return frames;
    }
    let mut out = BytesMut::with_capacity(frames.len() + 256);
    for line in frames.split_inclusive(|&byte| byte == b'\n') {
        match edited_line(line, &mut edit) {
            Some(event) => {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(&event);
                out.extend_from_slice(b"\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out.freeze()
}

fn edited_line(line: &[u8], edit: &mut impl FnMut(&mut JsonObject, bool)) -> Option<Bytes> {
    let mut event = parse(line.strip_prefix(b"data:")?)?;
    let mut response = response_of(&event)?;
    edit(&mut response, is_last(&event));
    event.set("response", response.to_bytes());
    Some(event.to_bytes())
}

/// A JSON object that nobody has looked at yet.
pub(super) fn parse(text: &[u8]) -> Option<JsonObject> {
    JsonObject::parse(Bytes::copy_from_slice(text.trim_ascii()), DEPTH).ok()
}
