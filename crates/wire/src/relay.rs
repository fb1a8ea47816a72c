//! Passes an answer from an upstream to a client of the same dialect without re-serialising it.
//!
//! Bytes flow through as slices. Only the `model` value is restamped with the client's name for
//! it, a usage chunk that the client did not ask for is taken out, and the few frames that speak
//! of usage, finish or error are read on the side. A frame that is not complete yet is held back:
//! no client could use it.

mod answer_id;
mod needles;
mod splice;
mod value;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use crate::canonical::{ApiError, FinishReason, Usage};
use crate::dialect::{Dialect, Spliced};
use crate::event_stream::{self, Whole};
use crate::json::{self, JsonObject};
use crate::sse::MAX_FRAME;

use self::splice::Splice;
use self::value::string_value;
pub use self::{answer_id::answer_id, needles::Needles};

/// The member of a whole answer that names the model, in every API that names it.
const MODEL: &str = "model";

/// How streams of a dialect are framed, and what to look for in them.
#[derive(Debug)]
pub struct RelayRules {
    /// The framing.
    pub framing: Framing,
    /// The member whose string value is the model's name, as `"model"` with its quotes.
    pub model_key: Option<&'static [u8]>,
    /// Where it stands.
    pub restamp: Restamp,
    /// A frame that holds one of these is given to [`Dialect::sniff`]. JSON escapes quotes inside
    /// strings, so a quoted name in a needle matches only a member name or a whole value.
    pub needles: LazyLock<Needles>,
    /// Whether a frame shows the client something of the answer; before that an attempt can
    /// still fail unnoticed.
    pub is_content: fn(&[u8]) -> bool,
    /// Whether a frame is nothing but the usage that was asked for on the client's behalf.
    pub is_usage_only: fn(&[u8]) -> bool,
}

/// The framing of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events, closed by a blank line.
    Sse,
    /// One JSON document a line.
    Ndjson,
    /// Amazon event stream; a frame is read whole, because its headers say what it is.
    EventStream,
}

/// Which frames carry the model's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restamp {
    /// Every frame, as a top-level member.
    EveryFrame,
    /// Every frame that holds the answer so far, as a member of that.
    Nested,
    /// Only the first frame that has the member.
    First,
}

impl Restamp {
    /// How deeply nested the member is, when that tells it from others of its name.
    fn depth(self) -> Option<usize> {
        match self {
            Self::EveryFrame => Some(1),
            Self::Nested => Some(2),
            Self::First => None,
        }
    }
}

/// What a frame says about the answer as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sighting {
    /// Token counts.
    pub usage: Option<Usage>,
    /// Why the model stopped.
    pub finish: Option<FinishReason>,
    /// The upstream gave up.
    pub error: Option<ApiError>,
}

/// One answer on its way through.
pub struct Relay {
    dialect: &'static dyn Dialect,
    rules: &'static RelayRules,
    /// The JSON string to put in place of the upstream's model name.
    model: Option<Bytes>,
    /// Finds the member that holds it.
    model_name: Option<Finder<'static>>,
    swallow_usage: bool,
    carry: BytesMut,
    /// The frames of an event stream were lost: what follows is nobody's to read.
    lost: bool,
    seen: Sighting,
    content_seen: bool,
    restamped: bool,
    /// The last restamped frame up to the end of the value, and the value's place in it: most
    /// streams begin every frame with the same bytes.
    opening: (Vec<u8>, Range<usize>),
}

// === impl Relay ===

impl Relay {
    /// A relay that shows the client `model` as the model's name (`None`: leave it as it is).
    pub fn new(dialect: &'static dyn Dialect, model: Option<&str>, spliced: Spliced) -> Self {
        let rules = dialect.relay_rules();
        Self {
            dialect,
            rules,
            // Where no frame names the model there is nothing to look for in each.
            model: model.filter(|_| rules.model_key.is_some()).map(json::quote),
            model_name: rules.model_key.map(Finder::new),
            swallow_usage: spliced.usage_injected,
            carry: BytesMut::new(),
            lost: false,
            seen: Sighting::default(),
            content_seen: false,
            restamped: false,
            opening: (Vec::new(), 0..0),
        }
    }

    /// What the answer said about itself so far.
    pub fn seen(&self) -> &Sighting {
        &self.seen
    }

    /// Whether something of the answer came by.
    pub fn content_seen(&self) -> bool {
        self.content_seen
    }

    /// Takes the next bytes of a stream; returns those for the client, whole frames only.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.lost {
            return chunk;
        }
        let Some(end) = self.complete_until(&chunk) else {
            self.carry.extend_from_slice(&chunk);
            // Held back is a convenience; a frame without end must not fill the memory.
            return if self.carry.len() > MAX_FRAME {
                self.carry.split().freeze()
            } else {
                Bytes::new()
            };
        };
        if self.carry.is_empty() {
            let mut frames = chunk;
            let rest = frames.split_off(end);
            self.carry.extend_from_slice(&rest);
            return self.pass(frames);
        }
        self.carry.extend_from_slice(&chunk[..end]);
        let frames = self.carry.split().freeze();
        self.carry.extend_from_slice(&chunk[end..]);
        self.pass(frames)
    }

    /// The upstream closed the stream: returns what was held back.
    pub fn finish(&mut self) -> Bytes {
        let rest = self.carry.split().freeze();
        if rest.is_empty() {
            rest
        } else {
            self.pass(rest)
        }
    }

    /// Passes on a whole answer, which is an object.
    pub fn whole(&mut self, mut answer: JsonObject) -> Bytes {
        self.seen.merge(self.dialect.sniff_whole(&answer));
        self.content_seen = true;
        if let Some(model) = &self.model {
            let named = answer.get(MODEL);
            if named.is_some_and(|name| name.starts_with(b"\"") && name != model) {
                answer.set(MODEL, model.clone());
            }
        }
        answer.to_bytes()
    }

    /// Passes on a whole answer body, whatever it holds.
    pub fn body(&mut self, body: Bytes) -> Bytes {
        self.seen.merge(self.dialect.sniff(&body));
        self.content_seen = true;
        match (&self.model, &self.model_name) {
            (Some(model), Some(name)) => {
                let mut out = Splice::new(&body);
                if let Some(value) = string_value(&body, name, Some(1)) {
                    out.restamp(value, model);
                }
                out.finish(body)
            }
            _ => body,
        }
    }

    /// Where in `chunk` the last whole frame ends, `carry` before it included.
    fn complete_until(&mut self, chunk: &[u8]) -> Option<usize> {
        if self.rules.framing == Framing::EventStream {
            return match event_stream::complete_until(&self.carry, chunk) {
                Whole::Until(end) => Some(end),
                Whole::None => None,
                Whole::Lost => {
                    self.lost = true;
                    Some(chunk.len())
                }
            };
        }
        let newline = memchr::memrchr(b'\n', chunk)?;
        if self.rules.framing == Framing::Ndjson {
            return Some(newline + 1);
        }
        // The blank line may straddle the two pieces: look back into what is carried.
        let before = |at: usize, back: usize| -> Option<u8> {
            match at.checked_sub(back) {
                Some(i) => chunk.get(i).copied(),
                None => self
                    .carry
                    .len()
                    .checked_sub(back - at)
                    .map(|i| self.carry[i]),
            }
        };
        memchr::memrchr_iter(b'\n', &chunk[..=newline])
            .find(|&at| match before(at, 1) {
                Some(b'\n') => true,
                Some(b'\r') => before(at, 2) == Some(b'\n'),
                _ => false,
            })
            .map(|at| at + 1)
    }

    fn pass(&mut self, frames: Bytes) -> Bytes {
        let mut out = Splice::new(&frames);
        // Looked for once in all that arrived together; mostly there is none.
        let needle = self.rules.needles.occur_in(&frames);
        if needle || !self.content_seen || self.restamp_pending() {
            let mut at = 0;
            while at < frames.len() {
                let Some(length) = frame_len(&frames[at..], self.rules.framing) else {
                    break;
                };
                let end = at + length;
                if needle || !self.content_seen {
                    self.read_frame(&frames, at..end, &mut out);
                } else {
                    self.restamp_frame(&frames, at..end, &mut out);
                }
                at = end;
            }
        }
        out.finish(frames)
    }

    fn restamp_pending(&self) -> bool {
        self.model.is_some() && !(self.restamped && self.rules.restamp == Restamp::First)
    }

    fn read_frame(&mut self, frames: &Bytes, range: Range<usize>, out: &mut Splice) {
        let frame = &frames[range.clone()];
        let (_, data) = frame_data(frame, self.rules.framing);
        if self.rules.needles.occur_in(frame) {
            self.seen.merge(self.dialect.sniff(&data));
            if self.swallow_usage && (self.rules.is_usage_only)(&data) {
                // Blank lines before it close the frame before it.
                let blank = frame.len() - frame.trim_ascii_start().len();
                out.replace(range.start + blank..range.end, &Bytes::new());
                return;
            }
        }
        if !self.content_seen {
            self.content_seen = (self.rules.is_content)(&data);
        }
        self.restamp_frame(frames, range, out);
    }

    fn restamp_frame(&mut self, frames: &Bytes, range: Range<usize>, out: &mut Splice) {
        if !self.restamp_pending() {
            return;
        }
        let (Some(model), Some(name)) = (&self.model, &self.model_name) else {
            return;
        };
        let frame = &frames[range.clone()];
        let (opening, value) = &self.opening;
        if !opening.is_empty() && frame.starts_with(opening) {
            out.restamp(range.start + value.start..range.start + value.end, model);
            return;
        }
        let start = if self.rules.framing == Framing::Sse && !frame.starts_with(b"data:") {
            frame_data(frame, self.rules.framing).0
        } else {
            0
        };
        let depth = self.rules.restamp.depth();
        if let Some(value) = string_value(&frame[start..], name, depth) {
            let value = start + value.start..start + value.end;
            out.restamp(range.start + value.start..range.start + value.end, model);
            self.opening.0.clear();
            self.opening.0.extend_from_slice(&frame[..value.end]);
            self.opening.1 = value;
            self.restamped = true;
        }
    }
}

/// Whether something in an answer may be called `error`: JSON escapes quotes inside strings, so that
/// this is a name or a whole value. Answers without it need not be read to know that.
pub(crate) fn may_be_error(answer: &[u8]) -> bool {
    static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));
    ERROR.find(answer).is_some()
}

/// The length of the first frame of `bytes`, its closing line included; `None` when they do not
/// begin with one.
fn frame_len(bytes: &[u8], framing: Framing) -> Option<usize> {
    if framing == Framing::EventStream {
        return event_stream::frame_len(bytes);
    }
    for newline in memchr::memchr_iter(b'\n', bytes) {
        let rest = &bytes[newline + 1..];
        let closing = match framing {
            Framing::Ndjson | Framing::EventStream => 0,
            Framing::Sse if rest.first() == Some(&b'\n') => 1,
            Framing::Sse if rest.starts_with(b"\r\n") => 2,
            Framing::Sse => continue,
        };
        return Some(newline + 1 + closing);
    }
    Some(bytes.len())
}

/// The JSON of a frame and where it begins: the line itself, or the `data` fields of an event.
fn frame_data(frame: &[u8], framing: Framing) -> (usize, Cow<'_, [u8]>) {
    match framing {
        Framing::Ndjson => return (0, Cow::Borrowed(frame.trim_ascii())),
        Framing::EventStream => return (0, Cow::Borrowed(frame)),
        Framing::Sse => {}
    }
    let (mut start, mut at) = (frame.len(), 0);
    let mut data: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    while at < frame.len() {
        let end = memchr::memchr(b'\n', &frame[at..]).map_or(frame.len(), |end| at + end + 1);
        if let Some(field) = data_field(&frame[at..end]) {
            if start == frame.len() {
                start = end - field.len();
                data = Cow::Borrowed(field.trim_ascii());
            } else {
                data.to_mut().push(b'\n');
                data.to_mut().extend_from_slice(field.trim_ascii());
            }
        }
        at = end;
    }
    (start, data)
}

/// The value of a line that is a `data` field; a byte order mark may open the stream.
fn data_field(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(line)
        .strip_prefix(b"data:")
}
