//! Where replicas share limits and budgets.

use crate::Secret;

/// A Redis server, as it was written: by its URL, or by its parts. Nothing is decoded yet.
#[derive(Clone, Debug, Default)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/database`, or `rediss://` for TLS. Comes before the parts.
    pub url: Option<Secret>,
    /// A name or an address.
    pub host: Option<String>,
    /// The port; `None`: 6379.
    pub port: Option<u16>,
    /// The user; `None`: Redis' default user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The number of the database; `None`: 0.
    pub database: Option<u32>,
    /// Whether to speak TLS.
    pub tls: bool,
    /// What the names of all keys begin with: gateways with different ones share nothing.
    pub namespace: Option<String>,
    /// The environment names the servers of a Redis Cluster or Sentinel, which cannot be used.
    pub several: bool,
}
