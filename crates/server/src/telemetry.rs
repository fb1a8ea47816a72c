//! Log lines: text or JSON, to standard error.

use lockgate_core::Environment;
use lockgate_core::config::LitellmSettings;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::ServeArgs;

/// Starts logging as the command line, the environment (`LITELLM_LOG`, `JSON_LOGS`) and the file
/// want it. Only the first call counts.
pub(crate) fn init(args: &ServeArgs, environment: &Environment, settings: &LitellmSettings) {
    let filter = EnvFilter::new(format!("warn,lockgate={0},lockgate_engine={0}", {
        level(args, environment, settings)
    }));
    let registry = tracing_subscriber::registry().with(filter);
    let json = settings.json_logs.unwrap_or(false) || environment.flag("JSON_LOGS");
    let started = if json {
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()
    } else {
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_target(false)
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started already");
    }
}

fn level(args: &ServeArgs, environment: &Environment, settings: &LitellmSettings) -> Level {
    if args.detailed_debug {
        return Level::TRACE;
    }
    if args.debug || settings.set_verbose == Some(true) {
        return Level::DEBUG;
    }
    match environment
        .get("LITELLM_LOG")
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        Some("DEBUG") => Level::DEBUG,
        Some("WARNING" | "WARN") => Level::WARN,
        Some("ERROR" | "CRITICAL") => Level::ERROR,
        _ => Level::INFO,
    }
}
