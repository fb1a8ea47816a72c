//! One suite on memory, SQLite and PostgreSQL.

mod admin;
mod audit;
mod entities;
mod ledger;
mod migrate;
mod outage;
mod replicas;
mod spend;
mod support;
mod url;
