//! Where the database of a configuration is, and what its commands share.

use std::str::FromStr as _;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
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

/// A day in UTC, or a moment with its zone, in microseconds since 1970.
pub(crate) fn moment(flag: &str, text: &str) -> anyhow::Result<i64> {
    let at = Date::from_str(text)
        .and_then(|day| day.to_zoned(TimeZone::UTC))
        .map(|day: Zoned| day.timestamp())
        .or_else(|_| Timestamp::from_str(text));
    let at = at.with_context(|| format!("{flag} {text}: give a day, such as 2026-11-01"))?;
    Ok(at.as_microsecond())
}
