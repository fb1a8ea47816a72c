//! Cuts complete SSE and NDJSON texts into events, for assertions.

use serde_json::Value;

/// One server-sent event, as the HTML standard's event stream grammar reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field; empty when absent.
    pub event: String,
    /// The `data:` lines, joined by newlines.
    pub data: String,
}

/// The events of a complete SSE body; comments are skipped, an unterminated last event is dropped as a browser drops it.
#[must_use]
pub fn sse_events(body: &[u8]) -> Vec<SseEvent> {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let mut events = Vec::new();
    let mut rest = text.as_str();
    while let Some((block, tail)) = rest.split_once("\n\n") {
        events.extend(SseEvent::from_block(block));
        rest = tail;
    }
    events
}

/// The lines of a complete NDJSON body, parsed; a line that is not JSON becomes [`Value::Null`].
#[must_use]
pub fn lines(body: &[u8]) -> Vec<Value> {
    body.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap_or(Value::Null))
        .collect()
}

// === impl SseEvent ===

impl SseEvent {
    /// The data as JSON; [`Value::Null`] when it is none (`[DONE]`).
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }

    pub(crate) fn from_block(block: &str) -> Option<Self> {
        let mut event = Self::default();
        let mut data = Vec::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut event.event),
                "data" => data.push(value),
                _ => {}
            }
        }
        if data.is_empty() && event.event.is_empty() {
            return None;
        }
        event.data = data.join("\n");
        Some(event)
    }
}
