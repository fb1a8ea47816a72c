//! Streamed chat answers: read from an upstream, written for a client.

mod decode;
mod encode;
mod frames;

pub(super) use decode::{Decoder, FrameIn};
pub(super) use encode::Encoder;
