//! Requests: read from clients, written for upstreams, or spliced.

mod decode;
mod encode;
mod input;
mod items;
mod params;
mod splice;
mod turns;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use splice::splice;
