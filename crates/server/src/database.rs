//! Where the database of a configuration is.

use anyhow::Context as _;
use lockgate_core::Environment;
use lockgate_store::Located;

use crate::cli::{DatabaseArgs, complain};
use crate::{configure, keeping};

/// Finds the database for a command, and warns of what its URL says in vain.
pub(crate) fn locate(args: DatabaseArgs, environment: &Environment) -> anyhow::Result<Located> {
    let args = args.complete(environment);
    let file = args.config.config.as_ref();
    let config = configure::read(file, environment)
        .with_context(|| "the configuration may name the database")?
        .config;
    let folder = keeping::folder(args.data_dir.as_ref(), &config);
    let configured = config.general.database_url.as_ref();
    let located = Located::find(configured, &config.environment, &folder)?;
    for warning in located.primary.warnings() {
        complain(warning);
    }
    Ok(located)
}

/// Does one thing on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}
