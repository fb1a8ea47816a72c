//! Frames on their way from one connection to another.
//!
//! Payloads are passed on as they come, however long a frame is; only masks are exchanged. A
//! message that is one short frame waits until it is complete, so that it can be looked at and
//! replaced; of a longer one a copy is kept on the side, up to a limit, for whoever wants to read
//! it.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{Close, FrameError, FrameHeader, MAX_HEADER, Mask, Opcode};

/// The longest payload that waits until it is complete.
pub const HELD: usize = 64 * 1024;
/// The longest message of which a copy is kept for reading; a longer one is not read.
pub const COLLECTED: usize = 1024 * 1024;

/// Looks at what passes.
pub trait Watch {
    /// A message in one short frame, before it travels on. What is returned travels in its place.
    fn message(&mut self, payload: &[u8]) -> Option<Bytes>;

    /// A longer message of a server's, when its last byte has travelled on.
    fn passed(&mut self, payload: &[u8]) {
        let _unread = payload;
    }
}

/// Gives every frame its mask. Keys should not be guessable (RFC 6455, section 10.3).
pub type Masks = fn() -> [u8; 4];

/// What a side did that the protocol does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A bad header.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A client's frame without a mask, or a server's with one.
    #[error("a frame is masked as only the other side's are")]
    Masking,
    /// A message inside another, or the rest of one that never began.
    #[error("a message is continued that did not begin, or begins within another")]
    Order,
    /// A close frame whose payload is none.
    #[error("a close frame has an invalid code")]
    Close,
    /// A message longer than its reader takes.
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
}

/// One direction of a relayed connection.
#[derive(Debug)]
pub struct Passage {
    /// Makes the masks of what goes out: towards a server. From there nothing is masked.
    masks: Option<Masks>,
    state: State,
    /// A message began whose last frame has not come.
    fragmented: bool,
    /// What of the message is kept for reading; `None` when it is too long, or nobody reads.
    copy: Option<BytesMut>,
    closed: Option<Close>,
}

#[derive(Debug)]
enum State {
    /// Between two frames.
    Between,
    /// Within the payload of one that travels as it comes.
    Within {
        left: u64,
        fin: bool,
        /// From the mask it came with to the one it goes with.
        mask: Mask,
    },
}

// === impl Passage ===

impl Passage {
    /// From a client to a server.
    pub fn to_server(masks: Masks) -> Self {
        Self::new(Some(masks))
    }

    /// From a server to a client.
    pub fn to_client() -> Self {
        Self::new(None)
    }

    fn new(masks: Option<Masks>) -> Self {
        Self {
            masks,
            state: State::Between,
            fragmented: false,
            copy: None,
            closed: None,
        }
    }

    /// How much input may have to be there before something of it can move on.
    pub const fn window() -> usize {
        HELD + MAX_HEADER
    }

    /// What the side said when it closed, or what was said in its name.
    pub fn closed(&self) -> Option<&Close> {
        self.closed.as_ref()
    }

    /// Whether a control frame can go out here.
    pub fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Between)
    }

    /// Whether a message can go out here.
    pub fn is_between_messages(&self) -> bool {
        self.is_between_frames() && !self.fragmented
    }

    /// Moves as much of `input` to `out` as can travel. Behind a close frame nothing does.
    pub fn push(
        &mut self,
        input: &mut BytesMut,
        out: &mut BytesMut,
        watch: &mut impl Watch,
    ) -> Result<(), Violation> {
        loop {
            if self.closed.is_some() {
                input.clear();
                return Ok(());
            }
            let moved = match self.state {
                State::Between => self.begin(input, out, watch)?,
                State::Within { .. } => self.go_on(input, out, watch),
            };
            if !moved {
                return Ok(());
            }
        }
    }

    /// Writes a message of the gateway's own; to be asked between messages only.
    pub fn say(&mut self, opcode: Opcode, payload: &[u8], out: &mut BytesMut) {
        let header = FrameHeader {
            fin: true,
            opcode,
            mask: self.next_mask(),
            length: payload.len() as u64,
        };
        header.write_with(payload, out);
    }

    /// Closes in the side's name; to be asked between frames only. A second close is not written.
    pub fn close(&mut self, close: Close, out: &mut BytesMut) {
        if self.closed.is_none() {
            self.say(Opcode::Close, &close.payload(), out);
            self.closed = Some(close);
        }
    }

    /// The next frame's header, with its payload if that is short.
    fn begin(
        &mut self,
        input: &mut BytesMut,
        out: &mut BytesMut,
        watch: &mut impl Watch,
    ) -> Result<bool, Violation> {
        let Some((header, header_length)) = FrameHeader::parse(input)? else {
            return Ok(false);
        };
        let mask = self.check(&header)?;
        let waits = header.opcode.is_control() || (header.fin && !self.fragmented);
        let length = usize::try_from(header.length).ok();
        if waits && let Some(length) = length.filter(|length| *length <= HELD) {
            if input.len() < header_length + length {
                return Ok(false);
            }
            input.advance(header_length);
            let mut payload = input.split_to(length);
            if let Some(mut mask) = mask {
                mask.apply(&mut payload);
            }
            self.whole(header.opcode, &payload, out, watch)?;
            return Ok(true);
        }
        input.advance(header_length);
        let begins = header.opcode != Opcode::Continuation;
        if begins {
            // What clients send is only looked at where it is short.
            self.copy = self.masks.is_none().then(BytesMut::new);
        }
        self.fragmented = true;
        let outgoing = FrameHeader {
            mask: self.next_mask(),
            ..header
        };
        outgoing.write(out);
        let none = Mask::new([0; 4]);
        self.state = State::Within {
            left: header.length,
            fin: header.fin,
            mask: mask
                .unwrap_or(none)
                .exchanged(outgoing.mask.unwrap_or(none)),
        };
        Ok(true)
    }

    /// What the protocol says about a frame's header in its place.
    fn check(&self, header: &FrameHeader) -> Result<Option<Mask>, Violation> {
        // What is masked on its way out comes from a client, which masks as well.
        if header.mask.is_some() != self.masks.is_some() {
            return Err(Violation::Masking);
        }
        let continues = header.opcode == Opcode::Continuation;
        if !header.opcode.is_control() && continues != self.fragmented {
            return Err(Violation::Order);
        }
        Ok(header.mask)
    }

    fn whole(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        out: &mut BytesMut,
        watch: &mut impl Watch,
    ) -> Result<(), Violation> {
        match opcode {
            Opcode::Close => {
                let close = Close::parse(payload).ok_or(Violation::Close)?;
                self.say(opcode, payload, out);
                self.closed = Some(close);
            }
            Opcode::Ping | Opcode::Pong => self.say(opcode, payload, out),
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                let replaced = watch.message(payload);
                self.say(opcode, replaced.as_deref().unwrap_or(payload), out);
            }
        }
        Ok(())
    }

    /// More of a payload that travels as it comes.
    fn go_on(&mut self, input: &mut BytesMut, out: &mut BytesMut, watch: &mut impl Watch) -> bool {
        let State::Within { left, fin, mask } = &mut self.state else {
            return false;
        };
        let length = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
        if length == 0 && *left > 0 {
            return false;
        }
        let mut piece = input.split_to(length);
        *left -= length as u64;
        let (ended, last) = (*left == 0, *fin);
        if let Some(copy) = &mut self.copy {
            if copy.len() + length <= COLLECTED {
                copy.extend_from_slice(&piece);
            } else {
                self.copy = None;
            }
        }
        mask.apply(&mut piece);
        out.extend_from_slice(&piece);
        if ended {
            self.state = State::Between;
            self.fragmented = !last;
        }
        if ended
            && last
            && let Some(copy) = self.copy.take()
        {
            watch.passed(&copy);
        }
        true
    }

    fn next_mask(&self) -> Option<Mask> {
        self.masks.map(|masks| Mask::new(masks()))
    }
}
