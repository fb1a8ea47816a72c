//! The WebSocket protocol (RFC 6455) without IO: headers, masks, closing, and frames on their way
//! from one connection to another.
//!
//! Extensions are never agreed on, so a payload is what the application wrote. It is not checked
//! to be UTF-8: whoever reads it last does that.

mod close;
mod frame;
mod handshake;
mod inbox;
mod mask;
mod passage;

pub use self::close::{Close, code};
pub use self::frame::{FrameError, FrameHeader, MAX_CONTROL, MAX_HEADER, Opcode};
pub use self::handshake::{accept, is_key, key};
pub use self::inbox::{Inbox, Received};
pub use self::mask::Mask;
pub use self::passage::{COLLECTED, HELD, Masks, Passage, Violation, Watch};
