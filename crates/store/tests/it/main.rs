//! One suite on memory, SQLite and PostgreSQL.
#![cfg(test)]
#![expect(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it is"
)]

mod admin;
mod audit;
mod entities;
mod leases;
mod ledger;
mod migrate;
mod outage;
mod replicas;
mod repriced;
mod spend;
mod support;
mod tasks;
mod url;
