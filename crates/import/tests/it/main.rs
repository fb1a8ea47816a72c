//! The import through the public surface of the crate, against databases of its own.
#![cfg(test)]

mod cipher;
mod fixture;
mod golden;
mod memory;
mod old;
mod postgres;
mod repeated;
mod spend;
mod unreachable;
