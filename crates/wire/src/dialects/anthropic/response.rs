//! Whole answers: read from upstreams, written for clients.

mod decode;
mod encode;

pub(super) use decode::{decode, settle_finish, stop_reason};
pub(super) use encode::{Caller, ReplyBlock, encode, stop_name};
