//! Server-sent events: bytes in any pieces in, whole events out.
//!
//! Follows the event stream interpretation of the WHATWG HTML standard, section 9.2, with one
//! leniency: an event that the stream's end cuts off before its blank line is still delivered,
//! since several model servers forget that line.

/// One event: its `event:` name when it had one, and its `data:` lines joined by line feeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SseEvent {
    /// The `event:` field; empty when the event had none.
    pub name: String,
    /// The `data:` fields.
    pub data: String,
}

/// A frame grew past the limit; the stream cannot be trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stream frame larger than {limit} bytes")]
pub struct FrameTooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

/// The largest frame accepted from an upstream; images in base64 arrive as one frame.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// Splits a byte stream into events.
#[derive(Debug)]
pub struct SseDecoder {
    /// The unfinished line.
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    /// The last byte was a carriage return: a line feed right after it belongs to it.
    after_cr: bool,
    first_line: bool,
    limit: usize,
}

// === impl SseDecoder ===

impl Default for SseDecoder {
    fn default() -> Self {
        Self {
            line: Vec::new(),
            event: SseEvent::default(),
            has_data: false,
            after_cr: false,
            first_line: true,
            limit: MAX_FRAME,
        }
    }
}

impl SseDecoder {
    /// Takes the next bytes and appends the events they complete to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<SseEvent>) -> Result<(), FrameTooLarge> {
        if !bytes.is_empty() && std::mem::take(&mut self.after_cr) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (line, mut rest) = (&bytes[..end], &bytes[end + 1..]);
            if bytes[end] == b'\r' {
                match rest.first() {
                    Some(b'\n') => rest = &rest[1..],
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if self.line.is_empty() {
                self.take_line(line, out);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.take_line(&whole, out);
                whole.clear();
                self.line = whole;
            }
            bytes = rest;
            self.check_size()?;
        }
        self.line.extend_from_slice(bytes);
        self.check_size()
    }

    /// Ends the stream: delivers an event that lacked only its closing blank line.
    pub fn finish(&mut self, out: &mut Vec<SseEvent>) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.take_line(&line, out);
        }
        self.dispatch(out);
    }

    fn check_size(&self) -> Result<(), FrameTooLarge> {
        if self.line.len() + self.event.data.len() > self.limit {
            return Err(FrameTooLarge { limit: self.limit });
        }
        Ok(())
    }

    fn take_line(&mut self, mut line: &[u8], out: &mut Vec<SseEvent>) {
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(out);
            return;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(&String::from_utf8_lossy(value));
            }
            b"event" => self.event.name = String::from_utf8_lossy(value).into_owned(),
            // Comments (an empty field name), ids and retry times carry nothing for us.
            _ => {}
        }
    }

    fn dispatch(&mut self, out: &mut Vec<SseEvent>) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            out.push(event);
        }
    }
}
