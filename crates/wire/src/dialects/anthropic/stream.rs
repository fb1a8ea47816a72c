//! Streamed answers: read from upstreams, written for clients.

mod decode;
mod encode;
mod frames;
mod json_end;
mod wire;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
