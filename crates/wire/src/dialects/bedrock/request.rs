//! Requests: read from clients, written for upstreams, spliced between the two.

mod decode;
mod encode;
mod fields;
mod form;
mod layout;
mod params;
mod splice;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use splice::splice;
