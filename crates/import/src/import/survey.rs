//! What is in the database besides what is copied, and what should be there and is not.

use super::ImportError;
use crate::report::{NotCopied, Report};
use crate::source::{Columns, Source};
use crate::tables::{
    BUDGETS, MODEL_ALIASES, OBJECT_PERMISSIONS, SPEND_LOGS, TABLES, Table, WINDOW_SPEND,
};

/// Why tables are not copied, by what their names begin with behind `LiteLLM_`. The first that
/// matches counts.
const REASONS: [(&str, &str); 27] = [
    ("SpendLogs", "copied with --since DATE"),
    ("SpendLog", "an index of the spend logs"),
    (
        "Daily",
        "sums of the spend logs; reports of earlier days come with --since DATE",
    ),
    ("ErrorLogs", "a log"),
    (
        "AuditLog",
        "a log; what is written here begins with the import",
    ),
    (
        "HealthCheckTable",
        "results of health checks, which are made anew",
    ),
    ("CronJob", "what LiteLLM's own processes agree on"),
    (
        "ProxyWorkerHeartbeat",
        "what LiteLLM's own processes agree on",
    ),
    ("DeletedTeamTable", "nobody can use a team that was deleted"),
    ("InvitationLink", "invitations have to be sent anew"),
    ("UserNotifications", "nothing reads them here"),
    ("JWTKeyMapping", "there is no such mapping here yet"),
    ("SSO", "there is no single sign-on here yet"),
    ("Verified", "there is no single sign-on here yet"),
    ("UISettings", "settings of LiteLLM's admin UI"),
    ("CacheConfig", "there is no cache here yet"),
    ("Guardrail", "there are no guardrails here yet"),
    ("Polic", "there are no guardrails here yet"),
    ("Prompt", "there is no prompt management here yet"),
    ("MCP", "there are no MCP servers here yet"),
    ("Agent", "there are no agents here yet"),
    ("Retired", "there are no agents here yet"),
    (
        "ManagedVectorStore",
        "there are no vector stores of the gateway's own here yet",
    ),
    (
        "Managed",
        "files and batches stay with the provider; ids that LiteLLM gave out work",
    ),
    (
        "ConfigOverrides",
        "secret managers have to be configured in the file",
    ),
    ("AdaptiveRouter", "what LiteLLM's router learnt"),
    ("AutoRouter", "what LiteLLM's router learnt"),
];

/// The columns of a table, unless it is missing. What is missing or unknown is noted.
pub(super) fn columns(source: &Source, table: &Table, report: &mut Report) -> Option<Columns> {
    let what = table.what;
    let Some(columns) = source.columns(table.name).cloned() else {
        report.notes.push(format!(
            "No {what}: there is no table {} that this user may read. Older LiteLLM had none.",
            table.name
        ));
        return None;
    };
    if let Some(id) = table.id.iter().find(|id| !columns.contains_key(**id)) {
        report
            .notes
            .push(format!("No {what}: {} has no column {id}.", table.name));
        return None;
    }
    let known = || table.columns.split(' ');
    let missing: Vec<&str> = known()
        .filter(|column| !columns.contains_key(*column))
        .collect();
    if !missing.is_empty() {
        report.notes.push(format!(
            "{} is of an older LiteLLM than 1.105, without {}.",
            table.name,
            missing.join(", ")
        ));
    }
    let unknown = columns
        .keys()
        .filter(|column| !known().any(|one| one == *column));
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    if !unknown.is_empty() {
        report.notes.push(format!(
            "{} has columns that LiteLLM 1.105 does not have, which are copied as they are: {}.",
            table.name,
            unknown.join(", ")
        ));
    }
    Some(columns)
}

/// Names the tables that have rows and are not copied.
pub(super) async fn not_copied(
    source: &mut Source,
    with_logs: bool,
    report: &mut Report,
) -> Result<(), ImportError> {
    let names: Vec<String> = source
        .table_names()
        .filter(|name| !is_copied(name, with_logs))
        .map(str::to_owned)
        .collect();
    for table in names {
        let rows = source.count_up_to(&table, NotCopied::MOST).await?;
        if rows > 0 {
            let why = reason(&table);
            report.not_copied.push(NotCopied { table, rows, why });
        }
    }
    Ok(())
}

fn is_copied(name: &str, with_logs: bool) -> bool {
    let joined = [OBJECT_PERMISSIONS, BUDGETS, MODEL_ALIASES, WINDOW_SPEND];
    TABLES.iter().any(|table| table.name == name)
        || joined.contains(&name)
        || (with_logs && name == SPEND_LOGS)
}

fn reason(table: &str) -> &'static str {
    let name = table.trim_start_matches("LiteLLM_");
    REASONS
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map_or("there is no counterpart here", |(_, why)| why)
}
