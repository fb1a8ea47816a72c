//! Streamed answers: read from upstreams, written for clients.

mod decode;
mod encode;
mod frames;
mod wire;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
