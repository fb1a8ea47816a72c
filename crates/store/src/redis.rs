//! Redis: what replicas share of limits and budgets.

mod address;
mod leases;
mod link;

pub use self::address::{RedisAddress, RedisAddressError};
pub use self::leases::RedisLeases;
