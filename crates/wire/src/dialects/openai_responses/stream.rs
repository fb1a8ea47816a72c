//! Streamed answers: read from upstreams, written for clients.

mod call;
mod calls;
mod decode;
mod encode;
mod frames;
mod message;
mod read;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
