//! Streamed answers: read from upstreams, written for clients.

mod decode;
mod encode;
mod events;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
pub(super) use events::{Event, event};
