//! The database: entities, spend and the ledger on SQLite and PostgreSQL.
//!
//! [`Store`] implements the ports of `lockgate_core` for both. A [`DatabaseUrl`] says where the
//! database is, [`Store::migrate`] makes its tables, and [`Store::maintain`] keeps it small.

mod admin;
mod audit;
mod backend;
mod entities;
mod failure;
mod maintain;
mod memory;
mod migrate;
mod redis;
mod spend;
mod sql;
mod task;
mod text;
mod url;
mod wait;

pub use self::admin::{AdminError, Created, Dropped, create_database, drop_database};
pub use self::audit::Verdict;
pub use self::backend::{ConnectOptions, Store};
pub use self::maintain::Maintained;
pub use self::memory::MemoryEntities;
pub use self::migrate::{MigrateError, Migrated};
pub use self::redis::{RedisAddress, RedisAddressError, RedisLeases};
pub use self::spend::{NewCost, PARTITION};
pub use self::task::Task;
pub use self::url::{DatabaseUrl, Located, UrlError};
