//! Reading the head of an answer, and what it says about the body and the connection.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::body::Decoder;

/// The longest head of an answer, in bytes.
pub const MAX_HEAD: usize = 64 * 1024;
/// The most headers of an answer.
const MAX_HEADERS: usize = 128;
/// The most interim answers (1xx) before the answer.
const MAX_INTERIM: u8 = 16;

/// What of a request decides how its answer is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// It was HEAD: the answer has no body, whatever it says.
    pub head_only: bool,
    /// It asked to switch protocols.
    pub upgrade: bool,
}

/// The head of an answer.
#[derive(Debug)]
pub struct ResponseHead {
    /// From 101 to 999.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// Reads the body.
    pub body: Decoder,
    /// Whether the connection may be used again once the body ended.
    pub keep_alive: bool,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It is not HTTP/1.
    #[error("not an HTTP/1 answer: {0}")]
    Syntax(String),
    /// It is longer than [`MAX_HEAD`].
    #[error("the answer's head is longer than {MAX_HEAD} bytes")]
    TooLong,
    /// Its length is no number, or it has two.
    #[error("the answer's content-length is invalid or conflicts with another")]
    Length,
    /// Its body is encoded in a way that nobody asked for.
    #[error("the answer's transfer-encoding is not `chunked`")]
    Encoding,
    /// It switches to a protocol that nobody asked for.
    #[error("the answer switches protocols unasked")]
    Unasked,
    /// Interim answers without end.
    #[error("more than {MAX_INTERIM} interim answers")]
    Interim,
}

/// Reads the head of one answer, in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct ResponseReader {
    asked: Asked,
    /// A head that is not complete yet.
    partial: Vec<u8>,
    interim: u8,
}

/// What the headers say about body and connection, gathered while they are read.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    encoded: bool,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

// === impl Asked ===

impl Asked {
    /// What a request with this method and these headers asks.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            head_only: *method == Method::HEAD,
            upgrade: headers.contains_key(UPGRADE),
        }
    }
}

// === impl ResponseReader ===

impl ResponseReader {
    /// A reader of the answer to a request that asked so.
    pub fn new(asked: Asked) -> Self {
        Self {
            asked,
            ..Self::default()
        }
    }

    /// Whether something was read that is no answer yet.
    pub fn has_begun(&self) -> bool {
        self.interim > 0 || !self.partial.is_empty()
    }

    /// Takes the next bytes; what is left of `input` is the body's. Interim answers are skipped.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<ResponseHead>, HeadError> {
        while !input.is_empty() {
            let parsed = if self.partial.is_empty() {
                self.read_direct(input)?
            } else {
                self.read_joined(input)?
            };
            match parsed {
                // Switching protocols is final, as far as HTTP goes.
                Some(head) if head.status == 101 && !self.asked.upgrade => {
                    return Err(HeadError::Unasked);
                }
                Some(head) if head.status < 200 && head.status != 101 => {
                    self.interim += 1;
                    if self.interim > MAX_INTERIM {
                        return Err(HeadError::Interim);
                    }
                }
                other => return Ok(other),
            }
        }
        Ok(None)
    }

    /// The usual case: the head begins with `input`.
    fn read_direct(&mut self, input: &mut &[u8]) -> Result<Option<ResponseHead>, HeadError> {
        let parsed = parse(input, self.asked)?;
        match parsed {
            Some((head, length)) => {
                *input = &input[length..];
                Ok(Some(head))
            }
            None => self.keep(input),
        }
    }

    /// The head began before. It is parsed again only when it may be complete, so that one that
    /// comes byte by byte costs no more than any other.
    fn read_joined(&mut self, input: &mut &[u8]) -> Result<Option<ResponseHead>, HeadError> {
        let before = self.partial.len();
        let window = before.saturating_sub(2);
        // A head that ends, ends within its limit.
        let room = (MAX_HEAD + 1).saturating_sub(before).min(input.len());
        self.partial.extend_from_slice(&input[..room]);
        let parsed = if has_blank_line(&self.partial[window..]) {
            parse(&self.partial, self.asked)?
        } else {
            None
        };
        match parsed {
            Some((head, length)) => {
                *input = &input[length.saturating_sub(before)..];
                self.partial = Vec::new();
                Ok(Some(head))
            }
            None if self.partial.len() > MAX_HEAD => Err(HeadError::TooLong),
            None => {
                *input = &input[room..];
                Ok(None)
            }
        }
    }

    fn keep(&mut self, input: &mut &[u8]) -> Result<Option<ResponseHead>, HeadError> {
        if input.len() > MAX_HEAD {
            return Err(HeadError::TooLong);
        }
        self.partial.extend_from_slice(input);
        *input = &[];
        Ok(None)
    }
}

/// Whether a head may end in `bytes`.
fn has_blank_line(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .any(|(at, _)| matches!(bytes[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

/// The head at the beginning of `input` and its length, if it is complete.
fn parse(input: &[u8], asked: Asked) -> Result<Option<(ResponseHead, usize)>, HeadError> {
    let syntax = |error: httparse::Error| HeadError::Syntax(error.to_string());
    let mut lines = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let length = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut parsed, input, &mut lines)
        .map_err(syntax)?;
    let httparse::Status::Complete(length) = length else {
        return Ok(None);
    };
    if length > MAX_HEAD {
        return Err(HeadError::TooLong);
    }
    let status = parsed.code.unwrap_or_default();
    if !(100..=999).contains(&status) {
        return Err(HeadError::Syntax(format!("status {status}")));
    }
    // One block for all values; the read buffer is free for what comes next.
    let block = Bytes::copy_from_slice(&input[..length]);
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    let mut framing = Framing::default();
    for line in parsed.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes())
            .map_err(|error| HeadError::Syntax(error.to_string()))?;
        framing.note(&name, line.value)?;
        let at = line
            .value
            .as_ptr()
            .addr()
            .wrapping_sub(input.as_ptr().addr());
        let value = block.slice(at..at + line.value.len());
        let value = HeaderValue::from_maybe_shared(value)
            .map_err(|error| HeadError::Syntax(error.to_string()))?;
        headers.append(name, value);
    }
    let modern = parsed.version == Some(1);
    let (body, keep_alive) = framing.settle(status, asked, modern)?;
    let head = ResponseHead {
        status,
        headers,
        body,
        keep_alive,
    };
    Ok(Some((head, length)))
}

// === impl Framing ===

impl Framing {
    fn note(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), HeadError> {
        if *name == CONTENT_LENGTH {
            // The same number twice is one number (RFC 9112, section 6.3).
            for part in elements(value) {
                let length = number(part).ok_or(HeadError::Length)?;
                if self.length.is_some_and(|known| known != length) {
                    return Err(HeadError::Length);
                }
                self.length = Some(length);
            }
        } else if *name == TRANSFER_ENCODING {
            for coding in elements(value) {
                // Nobody asked for another one, and `chunked` must not be applied twice.
                if self.chunked || !coding.eq_ignore_ascii_case(b"chunked") {
                    return Err(HeadError::Encoding);
                }
                self.chunked = true;
            }
            self.encoded = true;
        } else if *name == CONNECTION {
            for option in elements(value) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
        Ok(())
    }

    /// The body's framing and whether another answer may follow it: RFC 9112, sections 6.3 and 9.3.
    fn settle(
        &self,
        status: u16,
        asked: Asked,
        modern: bool,
    ) -> Result<(Decoder, bool), HeadError> {
        if self.encoded && !self.chunked {
            return Err(HeadError::Encoding);
        }
        let keep_alive = !self.close && (modern || self.keep_alive);
        if status == 101 {
            return Ok((Decoder::until_close(), false));
        }
        if asked.head_only || status < 200 || status == 304 {
            return Ok((Decoder::empty(), keep_alive));
        }
        if status == 204 {
            // A body here, or the promise of one, is somebody else's answer.
            let clean = !self.encoded && self.length.is_none_or(|length| length == 0);
            return Ok((Decoder::empty(), keep_alive && clean));
        }
        match (self.chunked, self.length) {
            // Two framings, or one that HTTP/1.0 does not have: readers may disagree about where
            // the answer ends, so nothing is read behind it.
            (true, length) => Ok((Decoder::chunked(), keep_alive && modern && length.is_none())),
            (false, Some(length)) => Ok((Decoder::length(length), keep_alive)),
            (false, None) => Ok((Decoder::until_close(), false)),
        }
    }
}

/// The elements of a list, without the space around them.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
