//! Chat requests: read from clients, written for upstreams, or spliced.

mod decode;
mod encode;
mod media;
mod messages;
mod outgoing;
mod parts;
mod splice;
mod turns;

pub(super) use super::super::openai::body::{
    arguments_text, invalid, member, raw_member, with_extra,
};
pub(super) use decode::{decode, include_usage, params};
pub(super) use encode::encode;
pub(super) use messages::{ThinkingBlockIn, thinking};
pub(super) use parts::Content;
pub(super) use splice::splice;
