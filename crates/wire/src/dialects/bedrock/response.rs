//! Whole answers: read from upstreams, written for clients.

mod decode;
mod encode;

pub(super) use decode::{Extra, Tier, decode, settle_finish, stop_reason};
pub(super) use encode::{ExtraOut, Metrics, encode, stop_name};
