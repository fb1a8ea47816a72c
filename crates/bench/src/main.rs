//! Measures the gateway beside a plain hyper reverse proxy; see `docs/benchmark.md`.

mod cli;
mod floor;
mod load;
mod process;
mod run;
mod serve;
mod sink;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::dispatch(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
