//! Black-box tests: the real binary between a scripted upstream and a plain HTTP client.
#![cfg(test)]

mod agents;
mod auth;
mod config;
mod contract;
mod database;
mod failures;
mod governed;
mod info;
mod ledger;
mod operations;
mod pairs;
mod runtime;
mod seed;
mod support;
