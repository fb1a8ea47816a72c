//! Chat requests: read from clients, written for upstreams, or spliced.

mod body;
mod decode;
mod encode;
mod messages;
mod outgoing;
mod splice;
mod turns;

pub(super) use decode::decode;
pub(super) use encode::{encode, with_extra};
pub(super) use messages::blocks;
pub(super) use splice::splice;
