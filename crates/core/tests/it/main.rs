//! What the configuration promises, from the outside.
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on has failed, and a table is as long as it is"
)]

mod diagnostics;
mod discover;
mod fingerprint;
mod identity;
mod includes;
mod keys;
mod master_key;
mod models;
mod prices;
mod pyyaml;
mod references;
mod robust;
mod secrets;
mod seed;
mod settings;
mod stored;
mod terms;

use lockgate_core::config::{Loaded, load_str};
use lockgate_core::{ConfigError, Environment};

fn environment<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    Environment::from_iter(variables)
}

fn try_load(text: &str, environment: &Environment) -> Result<Loaded, ConfigError> {
    load_str(text, "config.yaml", environment)
}

fn load(text: &str) -> Loaded {
    load_in(text, &Environment::default())
}

fn load_in(text: &str, environment: &Environment) -> Loaded {
    try_load(text, environment).expect("a configuration")
}

/// The findings as an operator sees them.
fn report(loaded: &Loaded) -> String {
    let lines: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
