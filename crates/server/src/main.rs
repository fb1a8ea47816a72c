//! The AI gateway: one endpoint for every model.

mod admin_desk;
mod audit_command;
mod check;
mod cli;
mod cli_environment;
mod composing;
mod configure;
mod connection;
mod data_plane;
mod database;
mod db_command;
mod import_command;
mod inbound;
mod keeping;
mod listener;
mod local_ollama;
mod migrate_command;
mod models_command;
mod prices;
mod registrar;
mod reload;
mod reprice_command;
mod rotation;
mod serve;
mod sharing;
mod shutdown;
mod status;
mod telemetry;
mod tls;

use std::process::ExitCode;

use clap::Parser as _;
use lockgate_core::Environment;

use crate::cli::{Cli, Command, ImportCommand};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Fails only if one was installed already, which would be the same one.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    let environment = Environment::from_process();
    let outcome = match cli.command {
        None => serve::run(cli.serve, environment),
        Some(Command::Serve(args)) => serve::run(*args, environment),
        Some(Command::Check(args)) => check::run(args, &environment),
        Some(Command::Models(args)) => models_command::run(args, &environment),
        Some(Command::Import(ImportCommand::Litellm(args))) => {
            import_command::run(&args, &environment)
        }
        Some(Command::Migrate(args)) => migrate_command::run(args, &environment),
        Some(Command::Reprice(args)) => reprice_command::run(args, &environment),
        Some(Command::Audit(command)) => audit_command::run(command, &environment),
        Some(Command::Db(command)) => db_command::run(command, &environment),
        Some(Command::Version) => {
            cli::print_version();
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        cli::complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
