//! `lockgate check`: what is wrong with a configuration, without starting anything.

use std::process::ExitCode;

use lockgate_core::config::Severity;
use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::snapshot::Snapshot;

use crate::cli::{ConfigArgs, say};
use crate::configure;

/// Reads the configuration and prints its findings; 1 when there are errors.
pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let environment = Environment::from_process();
    let configured = match configure::read(args.config.as_ref(), &environment) {
        Ok(configured) => configured,
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    let mut errors = 0;
    for diagnostic in &configured.diagnostics {
        errors += usize::from(diagnostic.severity == Severity::Error);
        say(&diagnostic.to_string());
    }
    let warnings = configured.diagnostics.len() - errors;
    let keys = Keys {
        master: Secret::new(""),
        header_name: None,
    };
    let (snapshot, rejected) = Snapshot::build(configured.config, keys, None);
    for rejected in &rejected {
        say(&rejected.message);
    }
    errors += rejected.len();
    let models = snapshot.listed_models().len();
    say(&format!(
        "{models} model groups, {errors} errors, {warnings} warnings"
    ));
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
