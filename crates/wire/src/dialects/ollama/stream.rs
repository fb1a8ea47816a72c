//! Streamed answers: one JSON object a line, the last one with `done: true` and the counts.

mod decode;
mod encode;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
