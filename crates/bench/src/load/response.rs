//! Reads an HTTP/1.1 response from pieces of bytes, counting events; no IO of its own.

use super::LoadError;

/// What in a body counts as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing.
    Whole,
    /// A server-sent event: lines closed by an empty one.
    Sse,
}

/// One response after the other on a keep-alive connection.
#[derive(Debug)]
pub(super) struct ResponseReader {
    framing: Framing,
    head: Vec<u8>,
    state: State,
    events: u64,
    status: u16,
    line: Line,
    event_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Length(usize),
    ChunkSize {
        size: usize,
        extension: bool,
    },
    ChunkData(usize),
    ChunkEnd,
    /// After the last chunk; `true` at the start of a line.
    Trailer(bool),
    Done,
}

/// What the current line of a stream is so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Empty,
    Field,
    /// Keep-alives are no events.
    Comment,
}

// === impl ResponseReader ===

impl ResponseReader {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            framing,
            head: Vec::with_capacity(512),
            state: State::Head,
            events: 0,
            status: 0,
            line: Line::Empty,
            event_open: false,
        }
    }

    /// Forgets the last response.
    pub(super) fn reset(&mut self) {
        self.head.clear();
        self.state = State::Head;
        self.events = 0;
        self.line = Line::Empty;
        self.event_open = false;
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the finished response is one that counts.
    pub(super) fn check(&self, expected: Option<u64>) -> Result<(), LoadError> {
        match expected {
            _ if self.status != 200 => Err(LoadError::Status(self.status)),
            Some(expected) if expected != self.events => {
                Err(LoadError::Events(self.events, expected))
            }
            _ => Ok(()),
        }
    }

    /// Takes the next bytes; `true` when the response is complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, LoadError> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Head => self.feed_head(bytes)?,
                State::Length(left) => {
                    let (body, rest) = bytes.split_at(left.min(bytes.len()));
                    self.body(body);
                    self.state = State::Length(left - body.len());
                    rest
                }
                State::ChunkSize { size, extension } => self.feed_size(bytes, size, extension)?,
                State::ChunkData(left) => {
                    let (body, rest) = bytes.split_at(left.min(bytes.len()));
                    self.body(body);
                    self.state = match left - body.len() {
                        0 => State::ChunkEnd,
                        left => State::ChunkData(left),
                    };
                    rest
                }
                State::ChunkEnd => {
                    if bytes[0] == b'\n' {
                        self.state = State::ChunkSize {
                            size: 0,
                            extension: false,
                        };
                    }
                    &bytes[1..]
                }
                State::Trailer(line_start) => {
                    self.state = match bytes[0] {
                        b'\n' if line_start => State::Done,
                        b'\n' => State::Trailer(true),
                        b'\r' => State::Trailer(line_start),
                        _ => State::Trailer(false),
                    };
                    &bytes[1..]
                }
                State::Done => return Err(LoadError::Malformed("more bytes than the answer has")),
            };
            if self.state == State::Length(0) {
                self.state = State::Done;
            }
        }
        Ok(self.is_done())
    }

    fn feed_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], LoadError> {
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response
            .parse(&self.head)
            .map_err(|_| LoadError::Malformed("head"))?;
        let httparse::Status::Complete(length) = parsed else {
            return Ok(&[]);
        };
        self.status = response.code.unwrap_or_default();
        self.state = framing(response.headers)?;
        Ok(&bytes[length - before..])
    }

    fn feed_size<'a>(
        &mut self,
        bytes: &'a [u8],
        size: usize,
        extension: bool,
    ) -> Result<&'a [u8], LoadError> {
        let byte = bytes[0];
        self.state = match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if size == 0 => State::Trailer(true),
            (b'\n', _) => State::ChunkData(size),
            (_, Some(digit)) if !extension => {
                let size = size
                    .checked_mul(16)
                    .ok_or(LoadError::Malformed("chunk size"))?;
                State::ChunkSize {
                    size: size + digit as usize,
                    extension,
                }
            }
            (b'\r', _) => State::ChunkSize { size, extension },
            (b';', _) => State::ChunkSize {
                size,
                extension: true,
            },
            _ if extension => State::ChunkSize { size, extension },
            _ => return Err(LoadError::Malformed("chunk size")),
        };
        Ok(&bytes[1..])
    }

    fn body(&mut self, body: &[u8]) {
        if self.framing == Framing::Whole {
            return;
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', body) {
            self.line(&body[start..end]);
            match self.line {
                Line::Empty => {
                    self.events += u64::from(self.event_open);
                    self.event_open = false;
                }
                Line::Field => self.event_open = true,
                Line::Comment => {}
            }
            self.line = Line::Empty;
            start = end + 1;
        }
        self.line(&body[start..]);
    }

    fn line(&mut self, part: &[u8]) {
        if self.line == Line::Empty {
            self.line = match part.iter().find(|byte| **byte != b'\r') {
                None => Line::Empty,
                Some(b':') => Line::Comment,
                Some(_) => Line::Field,
            };
        }
    }
}

fn framing(headers: &[httparse::Header<'_>]) -> Result<State, LoadError> {
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(header.value)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            return length
                .map(State::Length)
                .ok_or(LoadError::Malformed("content-length"));
        }
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(State::ChunkSize {
                size: 0,
                extension: false,
            });
        }
    }
    Err(LoadError::Malformed("no length and no chunks"))
}

#[cfg(test)]
mod tests;
