//! A streamed answer between two dialects, or through one.

use bytes::{Bytes, BytesMut};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::{ApiError, ErrorKind, StreamEvent};
use lockgate_wire::dialect::{ReplyContext, Spliced, StreamDecoder, StreamEncoder};
use lockgate_wire::relay::{Relay, Sighting};
use memchr::memmem;

use super::envelope::Envelope;
use super::merge_reasoning::ThinkTags;

/// Takes an upstream's bytes, gives the client's.
pub enum Channel {
    /// Both speak the same dialect.
    Relay(Box<Passing>),
    /// They do not.
    Translate(Box<Translation>),
    /// Bytes that are nobody's dialect: pictures, sound.
    Opaque(Box<Sighting>),
    /// One of the others, in the frames of an event stream.
    Enveloped(Box<Envelope>),
    /// A whole answer on its way through.
    Peek(Box<Peek>),
}

/// A document that is passed on and read when it is complete, if it is not too large.
pub struct Peek {
    dialect: DialectId,
    pieces: Vec<Bytes>,
    size: usize,
    seen: Sighting,
}

/// Where the last event of a stream stands, if that says nothing but that it is the last.
const TAIL: usize = 64;
/// How much of a document is held for that.
const PEEK: usize = 4 * 1024 * 1024;

/// A stream that is passed on.
pub struct Passing {
    relay: Relay,
    /// Whose error event ends it when it breaks.
    dialect: DialectId,
    /// For that event.
    reply: ReplyContext,
}

/// A stream that is decoded and encoded again.
pub struct Translation {
    decoder: Box<dyn StreamDecoder>,
    encoder: Box<dyn StreamEncoder>,
    events: Vec<StreamEvent>,
    think_tags: Option<ThinkTags>,
    seen: Sighting,
    content_seen: bool,
    ended: bool,
}

// === impl Channel ===

impl Channel {
    /// A channel through `dialect`.
    pub fn relay(dialect: DialectId, reply: ReplyContext, spliced: Spliced) -> Self {
        let relay = Relay::new(dialect.dialect(), Some(&reply.model), spliced);
        Self::Relay(Box::new(Passing {
            relay,
            dialect,
            reply,
        }))
    }

    /// A channel from one dialect to another.
    pub fn translate(
        from: DialectId,
        to: DialectId,
        reply: &ReplyContext,
        merge_reasoning: bool,
    ) -> Self {
        Self::Translate(Box::new(Translation {
            decoder: from.dialect().stream_decoder(),
            encoder: to.dialect().stream_encoder(reply),
            events: Vec::new(),
            think_tags: merge_reasoning.then(ThinkTags::default),
            seen: Sighting::default(),
            content_seen: false,
            ended: false,
        }))
    }

    /// A channel that changes nothing and only reads what the answer says of itself.
    pub fn watch(dialect: DialectId, reply: ReplyContext) -> Self {
        let relay = Relay::new(dialect.dialect(), None, Spliced::default());
        Self::Relay(Box::new(Passing {
            relay,
            dialect,
            reply,
        }))
    }

    /// A channel for bytes that nobody looks into.
    pub fn opaque() -> Self {
        Self::Opaque(Box::default())
    }

    /// The same for an answer that comes in the frames of an event stream.
    pub fn enveloped(self) -> Self {
        Self::Enveloped(Box::new(Envelope::new(self)))
    }

    /// A channel that changes nothing, for one document in `dialect`.
    pub fn peek(dialect: DialectId) -> Self {
        Self::Peek(Box::new(Peek {
            dialect,
            pieces: Vec::new(),
            size: 0,
            seen: Sighting::default(),
        }))
    }

    /// Whether a break can only be told by breaking off.
    pub fn is_opaque(&self) -> bool {
        matches!(self, Self::Opaque(_) | Self::Peek(_))
    }

    /// Takes the next bytes of the upstream; returns what the client gets for them.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        match self {
            Self::Relay(passing) => passing.relay.push(chunk),
            Self::Translate(translation) => translation.push(&chunk),
            Self::Opaque(_) => chunk,
            Self::Enveloped(envelope) => envelope.push(&chunk),
            Self::Peek(peek) => {
                peek.add(&chunk);
                chunk
            }
        }
    }

    /// The upstream closed its stream; returns what the client gets last.
    pub fn finish(&mut self) -> Bytes {
        match self {
            Self::Relay(passing) => passing.relay.finish(),
            Self::Translate(translation) => translation.finish(),
            Self::Peek(peek) => {
                peek.read();
                Bytes::new()
            }
            Self::Opaque(_) => Bytes::new(),
            Self::Enveloped(envelope) => envelope.finish(),
        }
    }

    /// Something broke: returns the client's error event and what ends its stream.
    pub fn fail(&mut self, error: ApiError) -> Bytes {
        match self {
            Self::Relay(passing) => {
                let mut out = BytesMut::new();
                let mut encoder = passing.dialect.dialect().stream_encoder(&passing.reply);
                encoder.push(&StreamEvent::Error(error), &mut out);
                out.freeze()
            }
            Self::Translate(translation) => {
                let mut out = BytesMut::new();
                translation.fail(error, &mut out);
                out.freeze()
            }
            Self::Opaque(_) | Self::Peek(_) => Bytes::new(),
            Self::Enveloped(envelope) => envelope.inner.fail(error),
        }
    }

    /// Whether a client that is given `out` has the whole answer, although the stream is not
    /// closed: in streams that say so.
    pub fn is_complete_with(&self, out: &[u8]) -> bool {
        let Self::Relay(passing) = self else {
            return self.ended();
        };
        let (_, tail) = out.split_at(out.len().saturating_sub(TAIL));
        match passing.dialect {
            DialectId::OpenAiChat => tail.trim_ascii_end().ends_with(b"[DONE]"),
            DialectId::Anthropic => memmem::find(tail, b"\"message_stop\"").is_some(),
            // It is read out of the last event alone.
            DialectId::OpenAiResponses => passing.relay.seen().finish.is_some(),
            DialectId::Gemini | DialectId::Ollama | DialectId::Cohere | DialectId::Bedrock => false,
        }
    }

    /// What the answer said about itself so far.
    pub fn seen(&self) -> &Sighting {
        match self {
            Self::Relay(passing) => passing.relay.seen(),
            Self::Translate(translation) => &translation.seen,
            Self::Opaque(seen) => seen,
            Self::Enveloped(envelope) => envelope.seen(),
            Self::Peek(peek) => &peek.seen,
        }
    }

    /// Whether the client has been given something of the answer.
    pub fn content_seen(&self) -> bool {
        match self {
            Self::Relay(passing) => passing.relay.content_seen(),
            Self::Translate(translation) => translation.content_seen,
            Self::Opaque(_) | Self::Peek(_) => true,
            Self::Enveloped(envelope) => envelope.inner.content_seen(),
        }
    }

    /// Whether nothing can follow.
    pub fn ended(&self) -> bool {
        match self {
            Self::Relay(_) | Self::Opaque(_) | Self::Peek(_) => false,
            Self::Translate(translation) => translation.ended,
            Self::Enveloped(envelope) => envelope.ended(),
        }
    }
}

// === impl Peek ===

impl Peek {
    fn add(&mut self, chunk: &Bytes) {
        self.size += chunk.len();
        if self.size <= PEEK {
            self.pieces.push(chunk.clone());
        } else {
            self.pieces = Vec::new();
        }
    }

    fn read(&mut self) {
        if self.size <= PEEK {
            let document = std::mem::take(&mut self.pieces).concat();
            self.seen = self.dialect.dialect().sniff(&document);
        }
    }
}

// === impl Translation ===

impl Translation {
    fn push(&mut self, chunk: &[u8]) -> Bytes {
        let mut out = BytesMut::new();
        let pushed = self.decoder.push(chunk, &mut self.events);
        self.encode(&mut out);
        if let Err(error) = pushed {
            self.fail(
                ApiError::new(ErrorKind::BadGateway, error.to_string()),
                &mut out,
            );
        }
        out.freeze()
    }

    fn finish(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        let finished = self.decoder.finish(&mut self.events);
        self.encode(&mut out);
        if let Err(error) = finished {
            self.fail(
                ApiError::new(ErrorKind::BadGateway, error.to_string()),
                &mut out,
            );
        }
        out.freeze()
    }

    fn fail(&mut self, error: ApiError, out: &mut BytesMut) {
        if !self.ended {
            self.events.push(StreamEvent::Error(error));
            self.encode(out);
        }
    }

    fn encode(&mut self, out: &mut BytesMut) {
        if let Some(tags) = &mut self.think_tags {
            self.events = tags.merge(std::mem::take(&mut self.events));
        }
        for event in self.events.drain(..) {
            if self.ended {
                return;
            }
            match &event {
                StreamEvent::Usage(usage) => self.seen.usage = Some(*usage),
                StreamEvent::Finish { reason, .. } => self.seen.finish = Some(*reason),
                StreamEvent::Error(error) => {
                    self.seen.error = Some(error.clone());
                    self.ended = true;
                }
                StreamEvent::End => self.ended = true,
                _ => {}
            }
            self.content_seen |= event.is_content();
            self.encoder.push(&event, out);
        }
    }
}
