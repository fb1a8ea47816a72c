//! Requests: read from clients, written for upstreams, spliced between the two.

mod decode;
mod encode;
mod form;
mod messages;
mod params;
mod pieces;
mod splice;

use crate::claude::thinking;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use splice::splice;
