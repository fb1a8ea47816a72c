//! Streamed answers: `streamGenerateContent?alt=sse`.

mod decode;
mod encode;
mod sniff;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;
pub(super) use sniff::{RULES, failure, sniff};
