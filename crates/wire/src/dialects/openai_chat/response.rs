//! Whole chat answers: read from upstreams, written for clients.

mod decode;
mod encode;

pub(super) use decode::{CallIn, decode, finish_reason};
pub(super) use encode::{ThinkingBlockOut, encode, finish_name, thinking_blocks};
