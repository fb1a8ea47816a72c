//! The configuration file, the command line and the environment.

mod check;
mod command_line;
mod discovery;
mod import;
mod logs;
mod reload;
mod start;
