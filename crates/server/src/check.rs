//! `lockgate check`: what is wrong with a configuration, without starting anything.

use std::process::ExitCode;

use lockgate_core::config::Severity;
use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::snapshot::Snapshot;

use crate::cli::{ConfigArgs, say};
use crate::{configure, inbound};

/// Reads the configuration and prints its findings; 1 when there are errors.
pub(crate) fn run(args: ConfigArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let file = args.complete(environment).config;
    let configured = match configure::read(file.as_ref(), environment) {
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
    let keys = Keys::new(&Secret::new(""), None);
    let (snapshot, mut rejected) = Snapshot::build(configured.config, keys, None);
    rejected.extend(inbound::unreachable(&snapshot));
    for rejected in &rejected {
        say(&rejected.message);
    }
    errors += rejected.len();
    let models = snapshot.listed_models().len();
    let counted = |count: usize, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let (models, errors_said) = (counted(models, "model group"), counted(errors, "error"));
    say(&format!(
        "{models}, {errors_said}, {}",
        counted(warnings, "warning")
    ));
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
