//! Streamed chat answers: read from upstreams, written for clients.

mod calls;
mod chunk;
mod decode;
mod encode;

pub(super) use chunk::{Chunk, Facts, Glance};
pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
