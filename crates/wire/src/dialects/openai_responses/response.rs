//! Whole answers: read from upstreams, written for clients.

mod decode;
mod encode;
mod items;
mod reply;

pub(super) use decode::{Outcome, blocks, decode};
pub(super) use encode::encode;
pub(super) use items::{ItemOut, PartOut};
pub(super) use reply::{Ending, Reply};
