//! Server-sent events as the members of one JSON array: what Gemini's `streamGenerateContent`
//! answers without `alt=sse` (Google API reference, system parameter `alt`).

use bytes::{Bytes, BytesMut};

use super::Outlet;

/// Writes the `data` of each event as a member of an array.
#[derive(Debug, Default)]
pub struct JsonArray {
    open: bool,
}

// === impl JsonArray ===

impl Outlet for JsonArray {
    fn push(&mut self, frames: Bytes) -> Bytes {
        let mut out = BytesMut::with_capacity(frames.len());
        for line in frames.split(|&byte| byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data:") else {
                continue;
            };
            out.extend_from_slice(if self.open { b",\r\n" } else { b"[" });
            out.extend_from_slice(data.trim_ascii());
            self.open = true;
        }
        out.freeze()
    }

    fn close(&mut self) -> Bytes {
        Bytes::from_static(if self.open { b"]" } else { b"[]" })
    }
}
