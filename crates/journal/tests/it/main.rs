//! What holds of a journal, whatever ends the process and whatever the database does.
#![cfg(test)]

mod crashes;
mod damage;
mod database;
mod draining;
mod limits;
mod starting;
mod support;
