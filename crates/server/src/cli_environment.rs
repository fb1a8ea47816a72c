//! The environment twins of the command line's flags.
//!
//! Read here and not by the argument parser: a variable that is set but empty, as compose files
//! and charts leave them, counts as not set.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use lockgate_core::Environment;

use crate::cli::{ConfigArgs, DatabaseArgs, ServeArgs};

/// Where to listen unless told otherwise, as LiteLLM has it.
const HOST: &str = "0.0.0.0";
const PORT: u16 = 4000;

// === impl ConfigArgs ===

impl ConfigArgs {
    /// Takes what the command line left open from `environment`.
    pub(crate) fn complete(mut self, environment: &Environment) -> Self {
        fill_path(&mut self.config, environment, "CONFIG_FILE_PATH");
        self
    }
}

// === impl DatabaseArgs ===

impl DatabaseArgs {
    /// Takes what the command line left open from `environment`.
    pub(crate) fn complete(mut self, environment: &Environment) -> Self {
        self.config = self.config.complete(environment);
        fill_path(&mut self.data_dir, environment, "LOCKGATE_DATA_DIR");
        self
    }
}

// === impl ServeArgs ===

impl ServeArgs {
    /// Takes what the command line left open from `environment`.
    pub(crate) fn complete(mut self, environment: &Environment) -> Result<Self> {
        self.config = self.config.complete(environment);
        if self.host.is_none() {
            self.host = environment.get_non_empty("HOST").map(str::to_owned);
        }
        fill(&mut self.port, environment, "PORT")?;
        fill(&mut self.num_workers, environment, "NUM_WORKERS")?;
        fill(
            &mut self.keepalive_timeout,
            environment,
            "KEEPALIVE_TIMEOUT",
        )?;
        fill_path(&mut self.data_dir, environment, "LOCKGATE_DATA_DIR");
        fill_path(&mut self.ssl_keyfile_path, environment, "SSL_KEYFILE_PATH");
        fill_path(
            &mut self.ssl_certfile_path,
            environment,
            "SSL_CERTFILE_PATH",
        );
        self.debug |= environment.flag("DEBUG");
        self.detailed_debug |= environment.flag("DETAILED_DEBUG");
        Ok(self)
    }

    /// The address to listen on.
    pub(crate) fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(HOST)
    }

    /// The port to listen on.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(PORT)
    }
}

fn fill<T>(slot: &mut Option<T>, environment: &Environment, name: &str) -> Result<()>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if slot.is_none()
        && let Some(text) = environment.get_non_empty(name)
    {
        let value = text.trim().parse();
        *slot = Some(value.with_context(|| format!("the variable {name} is `{text}`"))?);
    }
    Ok(())
}

fn fill_path(slot: &mut Option<PathBuf>, environment: &Environment, name: &str) {
    if slot.is_none() {
        *slot = environment.get_non_empty(name).map(PathBuf::from);
    }
}
