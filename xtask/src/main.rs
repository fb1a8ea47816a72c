//! Chores of the house: what is generated, and what is checked that no compiler checks.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

mod capabilities;
mod catalog;
mod docs;
mod size;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
usage: cargo run -p xtask -- COMMAND

  size                 check the sizes of source files
  gen-docs             write docs/providers.md and docs/capabilities.md
  gen-docs --check     fail when one of them is not what gen-docs would write
  gen-catalog FILE     write the price catalogue from LiteLLM's price map, and compare the two";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root()?;
    match arguments.as_slice() {
        ["size"] => size::check(&root),
        ["gen-docs"] => docs::write(&root),
        ["gen-docs", "--check"] => docs::check(&root),
        ["gen-catalog", file] => catalog::write(&root, Path::new(file)),
        _ => bail!("{USAGE}"),
    }
}

/// The workspace's folder, wherever the command is started.
fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask has no parent folder")
}
