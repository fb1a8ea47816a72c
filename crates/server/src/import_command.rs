//! `lockgate import litellm`: what a LiteLLM database holds, copied into ours.

use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use lockgate_core::{Environment, Secret};
use lockgate_import::{Keychain, Mode, Options, Progress, Report, Source, Target, import};

use crate::cli::{LitellmArgs, complain, say};
use crate::configure;

/// Everything that could be copied was, and some rows could not: 1 is an error, 2 wrong usage.
const WITH_PROBLEMS: u8 = 3;
/// Progress is shown each time so many rows are done.
const STEP: u64 = 10_000;

/// Copies into `target`, or says what that would do; without one as if it were empty.
pub(crate) fn run(
    args: &LitellmArgs,
    environment: &Environment,
    target: Option<Target<'_>>,
) -> Result<ExitCode> {
    let mode = match target {
        Some(target) if args.apply => Mode::Apply(target),
        None if args.apply => bail!("there is no database to copy into"),
        target => Mode::Dry(target),
    };
    let url = args.database_url.as_deref().filter(|url| !url.is_empty());
    let Some(url) = url.or_else(|| environment.get_non_empty("LITELLM_DATABASE_URL")) else {
        bail!("which database? Give --database-url, or LITELLM_DATABASE_URL in the environment");
    };
    let options = Options {
        overwrite: args.overwrite,
        since: args.since.as_deref().map(moment).transpose()?,
        keys: keys(
            args.config.clone().complete(environment).config.as_deref(),
            environment,
        )?,
        now: Timestamp::now().as_microsecond(),
        zone: TimeZone::UTC,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(copy(&Secret::new(url), mode, &options))?;
    print(&report, args.json)?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WITH_PROBLEMS)
    })
}

async fn copy(url: &Secret, mode: Mode<'_>, options: &Options) -> Result<Report> {
    let source = Source::open(url).await?;
    let mut shown = 0;
    let mut progress = |progress: Progress| {
        let Progress { what, done, total } = progress;
        if done < shown {
            shown = 0;
        }
        if done >= shown + STEP {
            shown = done;
            complain(&format!("{what}: {done} of {total}"));
        }
    };
    let outcome = import(source, mode, options, &mut progress).await;
    outcome.context(
        "the import ended early; what was copied stays, and another run goes on from there",
    )
}

fn print(report: &Report, json: bool) -> Result<()> {
    if json {
        say(&serde_json::to_string_pretty(report)?);
    } else {
        say(&report.to_string());
    }
    Ok(())
}

/// What LiteLLM's secrets are encrypted with: its salt key, or else its master key, which may be in
/// its configuration file.
fn keys(config: Option<&Path>, environment: &Environment) -> Result<Keychain> {
    let named = ["LITELLM_SALT_KEY", "LITELLM_MASTER_KEY", "PROXY_MASTER_KEY"];
    let mut keys: Vec<Secret> = named
        .iter()
        .filter_map(|name| environment.get_non_empty(name))
        .map(Secret::new)
        .collect();
    if let Some(file) = config {
        let configured = configure::read(Some(&file.to_owned()), environment)?;
        keys.extend(configured.config.general.master_key);
    }
    Ok(Keychain::new(keys))
}

/// A day in UTC, or a moment with its zone, in microseconds since 1970.
fn moment(text: &str) -> Result<i64> {
    let at = Date::from_str(text)
        .and_then(|day| day.to_zoned(TimeZone::UTC))
        .map(|day: Zoned| day.timestamp())
        .or_else(|_| Timestamp::from_str(text));
    let at = at.with_context(|| format!("--since {text}: give a day, such as 2026-11-01"))?;
    Ok(at.as_microsecond())
}
