//! `lockgate import litellm`: what a LiteLLM database holds, copied into ours.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use lockgate_admin::Vault;
use lockgate_core::config::Config;
use lockgate_core::entity::EntityId;
use lockgate_core::{Environment, Secret};
use lockgate_import::{
    Keychain, Mode, Options, Progress, Report, SealError, Sealer, Source, Target, import,
};
use lockgate_store::{ConnectOptions, Located, Store};
use serde_json::{Map, Value};

use crate::cli::{DatabaseArgs, LitellmArgs, complain, say};
use crate::configure;
use crate::database::{block_on, locate, moment};

/// Everything that could be copied was, and some rows could not: 1 is an error, 2 wrong usage.
const WITH_PROBLEMS: u8 = 3;
/// Progress is shown each time so many rows are done.
const STEP: u64 = 10_000;

/// Encrypts as the management API does.
struct Sealed(Vault);

/// Copies into the database of this configuration, or says what that would do.
pub(crate) fn run(args: &LitellmArgs, environment: &Environment) -> Result<ExitCode> {
    let url = args.database_url.as_deref().filter(|url| !url.is_empty());
    let Some(url) = url.or_else(|| environment.get_non_empty("LITELLM_DATABASE_URL")) else {
        bail!("which database? Give --database-url, or LITELLM_DATABASE_URL in the environment");
    };
    let file = args.config.clone().complete(environment).config;
    let config = configure::read(file.as_ref(), environment)?.config;
    let options = Options {
        overwrite: args.overwrite,
        since: args
            .since
            .as_deref()
            .map(|text| moment("--since", text))
            .transpose()?,
        keys: keys(&config, environment),
        now: Timestamp::now().as_microsecond(),
        zone: config.governance.timezone.clone(),
    };
    let database = DatabaseArgs {
        config: args.config.clone(),
        data_dir: args.data_dir.clone(),
    };
    let located = locate(database, environment)?;
    let salt = environment
        .get_non_empty("LITELLM_SALT_KEY")
        .map(Secret::from)
        .or_else(|| master(config, environment));
    let report = block_on(async {
        let source = Source::open(&Secret::new(url)).await?;
        let store = opened(&located, args.apply).await?;
        let sealer = salt.map(|salt| Sealed(Vault::new(&salt)));
        let target = match (&store, &sealer) {
            (Some(store), Some(sealer)) => Some(Target {
                entities: store,
                spend: store,
                sealer,
            }),
            _ => None,
        };
        let mode = match target {
            Some(target) if args.apply => Mode::Apply(target),
            None if args.apply => bail!(
                "what is encrypted there cannot be encrypted here: set LITELLM_SALT_KEY or \
                 LITELLM_MASTER_KEY to what the gateway is started with"
            ),
            target => Mode::Dry(target),
        };
        copy(source, mode, &options).await
    })??;
    print(&report, args.json)?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WITH_PROBLEMS)
    })
}

/// The database to copy into. A dry run makes none: where there is none, it is as if it were empty.
async fn opened(located: &Located, apply: bool) -> Result<Option<Store>> {
    if !apply && !located.primary.is_there() {
        return Ok(None);
    }
    let replica = located.replica.as_ref();
    let store = Store::connect(&located.primary, replica, ConnectOptions::default())?;
    if apply {
        store.migrate().await?;
    } else if store.check_tables().await.is_err() {
        return Ok(None);
    }
    Ok(Some(store))
}

/// The key that seals secrets where there is no salt key.
fn master(config: Config, environment: &Environment) -> Option<Secret> {
    let named = ["LITELLM_MASTER_KEY", "PROXY_MASTER_KEY"];
    let of_environment = named
        .iter()
        .find_map(|name| environment.get_non_empty(name))
        .map(Secret::from);
    config.general.master_key.or(of_environment)
}

async fn copy(source: Source, mode: Mode<'_>, options: &Options) -> Result<Report> {
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

impl Sealer for Sealed {
    fn seal(&self, of: &EntityId, values: &Map<String, Value>) -> Result<String, SealError> {
        let sealed = self.0.seal(of, values);
        sealed.ok_or_else(|| SealError("the system has no randomness".to_owned()))
    }

    fn open(&self, of: &EntityId, sealed: &str) -> Option<Map<String, Value>> {
        self.0.open(of, sealed)
    }
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
fn keys(config: &Config, environment: &Environment) -> Keychain {
    let named = ["LITELLM_SALT_KEY", "LITELLM_MASTER_KEY", "PROXY_MASTER_KEY"];
    let mut keys: Vec<Secret> = named
        .iter()
        .filter_map(|name| environment.get_non_empty(name))
        .map(Secret::new)
        .collect();
    keys.extend(config.general.master_key.clone());
    Keychain::new(keys)
}
