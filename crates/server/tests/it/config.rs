//! The configuration file, the command line and the environment.

mod check;
mod command_line;
mod discovery;
mod logs;
mod reload;
mod start;
