//! Tests of the import, against a PostgreSQL of their own.

mod cipher;
mod fixture;
mod golden;
mod memory;
mod old;
mod postgres;
mod repeated;
mod spend;
mod unreachable;
