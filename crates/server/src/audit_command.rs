//! `lockgate audit`: whether the audit log is as it was written, and what it says.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use lockgate_core::Environment;
use lockgate_core::ports::AuditEntry;
use lockgate_store::{ConnectOptions, DatabaseUrl, Store};
use serde_json::{Value, json};

use crate::cli::{AuditArgs, AuditCommand, say};
use crate::database;

/// The log is not as it was written: 1 says that it could not be read.
const BROKEN: u8 = 3;
/// Entries that are in memory at once.
const PIECE: u32 = 1_000;

/// Verifies or exports.
pub(crate) fn run(command: AuditCommand, environment: &Environment) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(args) => verify(args, environment),
        AuditCommand::Export { audit, since } => {
            let since = since
                .as_deref()
                .map(|text| database::moment("--since", text))
                .transpose()?;
            export(audit, since, environment)
        }
    }
}

fn verify(args: AuditArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let url = locate(args, environment)?;
    let verdict = database::block_on(async {
        let store = opened(&url).await?;
        let verdict = store.verify_audit().await;
        store.close().await;
        verdict.with_context(|| format!("the audit log in {url} cannot be read"))
    })??;
    let intact = verdict.intact;
    let Some(broken) = verdict.broken else {
        say(&format!(
            "{url}: {intact} entries, all as they were written"
        ));
        return Ok(ExitCode::SUCCESS);
    };
    say(&format!(
        "{url}: entry {broken} is not as it was written, or was taken out; the {intact} before it \
         are as they were"
    ));
    Ok(ExitCode::from(BROKEN))
}

fn export(
    args: AuditArgs,
    since: Option<i64>,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let url = locate(args, environment)?;
    database::block_on(async {
        let store = opened(&url).await?;
        let mut output = std::io::stdout().lock();
        let mut last = 0;
        loop {
            let entries = store.audit_behind(last, since, PIECE).await;
            let entries = entries.with_context(|| format!("{url} cannot be read"))?;
            for entry in &entries {
                writeln!(output, "{}", line(entry))?;
            }
            match entries.last() {
                Some(entry) => last = entry.sequence,
                None => break,
            }
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    })?
}

fn locate(args: AuditArgs, environment: &Environment) -> anyhow::Result<DatabaseUrl> {
    Ok(match args.database_url {
        Some(url) => DatabaseUrl::parse(&url)?,
        None => database::locate(args.database, environment)?.primary,
    })
}

/// The store, which must have its tables: none is made for a look.
async fn opened(url: &DatabaseUrl) -> anyhow::Result<Store> {
    if !url.is_there() {
        bail!("{url} is not there");
    }
    let store = Store::connect(url, None, ConnectOptions::default())?;
    store.check_tables().await?;
    Ok(store)
}

fn line(entry: &AuditEntry) -> Value {
    let said = &entry.said;
    let at = Timestamp::from_microsecond(said.at).map(|at| at.to_string());
    json!({
        "sequence": entry.sequence,
        "at": at.unwrap_or_default(),
        "actor": said.actor,
        "actor_key": said.actor_key,
        "address": said.address,
        "action": said.action,
        "kind": said.entity.kind.as_str(),
        "id": said.entity.id,
        "before": said.before,
        "after": said.after,
        "hash": entry.hash,
    })
}
