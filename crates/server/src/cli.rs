//! The command line: LiteLLM's flags (reference section 10), ours beside them. Their environment
//! twins are read in [`crate::cli_environment`].

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lockgate_engine::contract::LITELLM_VERSION;

/// The AI gateway: one endpoint for every model.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version = version(), disable_version_flag = true)]
// Start-up scripts add flags to those of an image; the last one counts, as with LiteLLM.
#[command(args_conflicts_with_subcommands = true, args_override_self = true)]
pub(crate) struct Cli {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Print the version and exit.
    #[arg(short = 'v', long = "version", action = clap::ArgAction::Version)]
    pub version: Option<bool>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the gateway (the default).
    Serve(Box<ServeArgs>),
    /// Read a configuration, say what is wrong with it, and exit: 1 when there are errors.
    Check(ConfigArgs),
    /// List the models a configuration serves.
    Models(ConfigArgs),
    /// Copy what another gateway keeps in its database.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Make the tables of the database, or bring them to what this version needs.
    Migrate(MigrateArgs),
    /// Calculate what past requests cost by today's prices, and say what that changes. With --apply
    /// the ledger, its sums and what was spent are changed.
    Reprice(RepriceArgs),
    /// Make or drop the database and its user on a PostgreSQL server.
    #[command(subcommand)]
    Db(DbCommand),
    /// Verify or export the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the version.
    Version,
}

/// Whose database.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// LiteLLM's. Says what would be copied, and what cannot be; with --apply it copies.
    Litellm(LitellmArgs),
}

/// How to copy a LiteLLM database.
#[derive(Debug, Clone, Args)]
pub(crate) struct LitellmArgs {
    /// The URL of LiteLLM's database, which is only read.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Copy. Without it nothing is written.
    #[arg(long)]
    pub apply: bool,
    /// Take LiteLLM's also where something was changed or removed here since the last import.
    #[arg(long)]
    pub overwrite: bool,
    /// Copy the spend logs since that day, too.
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// LiteLLM's configuration, for its master key.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Folder of the database to copy into, when no URL says where it is [default: ./.lockgate].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// What to do with a database.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Make the user and the database that `DATABASE_URL` (or its parts) names. What is there stays;
    /// the user's password and rights are brought to what the URL says.
    Create(DbArgs),
    /// Drop the database that `DATABASE_URL` names with everything in it, and its user.
    Drop {
        /// Where, and as whom.
        #[command(flatten)]
        db: DbArgs,
        /// Do not ask.
        #[arg(long)]
        force: bool,
    },
}

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read all of it: 0 when every entry is as it was written and none is missing, else 3 with the
    /// first that is not.
    Verify(AuditArgs),
    /// Print it as lines of JSON, the oldest entry first.
    Export {
        /// Which.
        #[command(flatten)]
        audit: AuditArgs,
        /// Only what was said since that day in UTC, or that moment.
        #[arg(long, value_name = "DATE")]
        since: Option<String>,
    },
}

/// Which audit log.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArgs {
    /// The database, when it is not that of the configuration and the environment.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Which database.
#[derive(Debug, Clone, Args)]
pub(crate) struct DatabaseArgs {
    /// Which configuration; its `general_settings.database_url` comes before `DATABASE_URL`.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Folder with the database when no URL says where it is [default: ./.lockgate].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// How to migrate.
#[derive(Debug, Clone, Args)]
pub(crate) struct MigrateArgs {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Wait this long for a database that is away (`300s`, `5m`).
    #[arg(long = "wait-db", value_name = "TIME", value_parser = time)]
    pub wait_db: Option<Duration>,
}

/// Which requests to price anew.
#[derive(Debug, Clone, Args)]
pub(crate) struct RepriceArgs {
    /// Which database, and which prices.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Requests since that day (UTC).
    #[arg(long, value_name = "DATE")]
    pub since: String,
    /// Requests until the end of that day [default: now].
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Write the new costs. Without it nothing is written.
    #[arg(long)]
    pub apply: bool,
}

/// As whom to make or drop a database.
#[derive(Debug, Clone, Args)]
pub(crate) struct DbArgs {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The server's administrator, whose password is `DATABASE_ADMIN_PASSWORD` or `PGPASSWORD`
    /// [default: postgres].
    #[arg(long, value_name = "NAME")]
    pub admin_user: Option<String>,
}

/// Which configuration.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// LiteLLM's config.yaml.
    #[arg(short = 'c', long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Address to listen on [default: 0.0.0.0].
    #[arg(long)]
    pub host: Option<String>,
    /// Port to listen on; 0 takes a free one [default: 4000].
    #[arg(long)]
    pub port: Option<u16>,
    /// Threads that serve requests [default: one per core].
    #[arg(long = "num_workers", alias = "num-workers")]
    pub num_workers: Option<usize>,
    /// Folder for what must survive a restart [default: ./.lockgate].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Serve this one model (`ollama/llama3`); without a file, only this one.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Log debug lines.
    #[arg(long, action = clap::ArgAction::SetTrue)]
    pub debug: bool,
    /// Log trace lines.
    #[arg(long = "detailed_debug", alias = "detailed-debug", action = clap::ArgAction::SetTrue)]
    pub detailed_debug: bool,
    /// Private key for TLS, a PEM file.
    #[arg(
        long = "ssl_keyfile_path",
        value_name = "FILE",
        requires = "ssl_certfile_path"
    )]
    pub ssl_keyfile_path: Option<PathBuf>,
    /// Certificate chain for TLS, a PEM file.
    #[arg(
        long = "ssl_certfile_path",
        value_name = "FILE",
        requires = "ssl_keyfile_path"
    )]
    pub ssl_certfile_path: Option<PathBuf>,
    /// Seconds an idle client connection stays open.
    #[arg(long = "keepalive_timeout", value_name = "SECONDS")]
    pub keepalive_timeout: Option<u64>,
    /// Read the configuration, say what is wrong with it, and exit (`lockgate check`).
    #[arg(long = "validate_config", hide = true)]
    pub validate_config: bool,
    /// Flags of LiteLLM that mean nothing here.
    #[command(flatten)]
    pub ignored: IgnoredArgs,
}

/// A model given on the command line.
#[derive(Debug, Clone, Args)]
pub(crate) struct ModelArgs {
    /// A model to serve (`ollama/llama3`).
    #[arg(short = 'm', long)]
    pub model: Option<String>,
    /// The name clients call it by [default: the model].
    #[arg(long, requires = "model")]
    pub alias: Option<String>,
    /// Its base URL.
    #[arg(long = "api_base", alias = "api-base", value_name = "URL")]
    pub api_base: Option<String>,
    /// Its API version.
    #[arg(long = "api_version", hide = true)]
    pub api_version: Option<String>,
    /// Its default temperature.
    #[arg(long)]
    pub temperature: Option<f64>,
    /// Its default token limit.
    #[arg(long = "max_tokens", alias = "max-tokens")]
    pub max_tokens: Option<u64>,
    /// Seconds a request to it may take.
    #[arg(long = "request_timeout", value_name = "SECONDS")]
    pub request_timeout: Option<u64>,
    /// Drop parameters its provider does not know.
    #[arg(long = "drop_params", action = clap::ArgAction::SetTrue)]
    pub drop_params: bool,
    /// Headers sent to it, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub headers: Option<String>,
}

macro_rules! ignored_flags {
    ($($field:ident $long:literal $takes:literal),* $(,)?) => {
        /// Flags of LiteLLM that mean nothing here; accepted, so that no start-up script breaks.
        #[derive(Debug, Clone, Args)]
        pub(crate) struct IgnoredArgs {
            $(
                #[arg(long = $long, hide = true, num_args = 0..=$takes, default_missing_value = "")]
                $field: Option<String>,
            )*
        }

        impl IgnoredArgs {
            /// The flags that were given.
            pub(crate) fn given(&self) -> Vec<&'static str> {
                let mut given = Vec::new();
                $(if self.$field.is_some() { given.push($long); })*
                given
            }
        }
    };
}

ignored_flags! {
    add_function_to_prompt "add_function_to_prompt" 0,
    add_key "add_key" 1,
    azure_postgresql_auth "azure_postgresql_auth" 0,
    ciphers "ciphers" 1,
    granian_threads "granian_threads" 1,
    health "health" 0,
    iam_token_db_auth "iam_token_db_auth" 0,
    limit_concurrency "limit_concurrency" 1,
    local "local" 0,
    log_config "log_config" 1,
    max_budget "max_budget" 1,
    max_requests_before_restart "max_requests_before_restart" 1,
    max_requests_before_restart_jitter "max_requests_before_restart_jitter" 1,
    num_requests "num_requests" 1,
    prometheus_metrics_port "prometheus_metrics_port" 1,
    reload "reload" 0,
    run_granian "run_granian" 0,
    run_gunicorn "run_gunicorn" 0,
    run_hypercorn "run_hypercorn" 0,
    save "save" 0,
    setup "setup" 0,
    skip_server_startup "skip_server_startup" 0,
    test "test" 1,
    test_async "test_async" 0,
    timeout_worker_healthcheck "timeout_worker_healthcheck" 1,
    use_legacy_migration_resolver "use_legacy_migration_resolver" 0,
    use_prisma_db_push "use_prisma_db_push" 0,
    use_queue "use_queue" 0,
    use_v2_migration_resolver "use_v2_migration_resolver" 0,
}

/// A number of seconds, or of minutes or hours with `m` or `h` behind it.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let number: Option<u32> = number.trim().parse().ok();
    let seconds = number.map(|number| u64::from(number) * unit);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "write a whole number and a unit, such as 300s or 5m".to_owned())
}

/// The gateway's version and the LiteLLM version it stands in for.
pub(crate) fn version() -> String {
    format!(
        "{} (serves LiteLLM {LITELLM_VERSION} clients)",
        env!("CARGO_PKG_VERSION")
    )
}

/// Prints the version to standard output.
pub(crate) fn print_version() {
    say(&format!("lockgate {}", version()));
}

/// Prints a line to standard output; a closed pipe is no reason to fail.
pub(crate) fn say(line: &str) {
    // The reader may have left (`lockgate models | head`).
    let _closed = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line to standard error.
pub(crate) fn complain(line: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "lockgate: {line}");
}
