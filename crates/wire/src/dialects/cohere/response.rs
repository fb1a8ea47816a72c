//! Whole chat answers: read from an upstream, written for a client.

mod decode;
mod encode;

pub(super) use decode::{Ended, decode, ended};
pub(super) use encode::{encode, finish_name};
