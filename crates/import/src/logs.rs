//! LiteLLM's spend logs as entries of the ledger.

mod entry;
mod operation;

use jiff::Timestamp;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::StoreError;
use serde_json::{Map, Value};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use self::entry::entry;
use crate::copy::Copier;
use crate::import::{ImportError, Progress};
use crate::report::{LogCounts, Report};
use crate::source::{Columns, Source, SourceError, quoted};
use crate::tables::SPEND_LOGS;
use crate::target::Target;

/// Rows are read and written in batches of so many.
const BATCH: usize = 500;

/// The columns that say something the ledger has a place for. Requests and answers are not read.
const COLUMNS: [&str; 22] = [
    "call_type",
    "api_key",
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "endTime",
    "completionStartTime",
    "model",
    "model_id",
    "model_group",
    "custom_llm_provider",
    "user",
    "cache_hit",
    "request_tags",
    "team_id",
    "organization_id",
    "end_user",
    "requester_ip_address",
    "session_id",
    "status",
    "litellm_call_id",
    "startTime",
];

/// Of `metadata`, which may be large: only what is needed, and of the error no traceback.
const METADATA: &str = "(SELECT json_build_object(\
    'usage', m->'usage_object', 'more_usage', m->'additional_usage_values', \
    'alias', m->'user_api_key_alias', 'project', m->'user_api_key_project_id', \
    'retries', m->'attempted_retries', 'fallbacks', m->'attempted_fallbacks', \
    'error_code', m->'error_information'->'error_code', \
    'error', left(m->'error_information'->>'error_message', 500)) \
    FROM (SELECT t.metadata::jsonb AS m) d)";

/// The spend logs on their way into the ledger.
struct Logs<'a> {
    target: Target<'a>,
    counts: LogCounts,
    report: &'a mut Report,
}

/// How far the table was read.
struct Place {
    start: String,
    id: String,
}

/// Copies the spend logs since a moment, in microseconds since 1970.
pub(crate) async fn copy(
    source: &mut Source,
    copier: &Copier<'_>,
    since: i64,
    report: &mut Report,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), ImportError> {
    let Some(columns) = source.columns(SPEND_LOGS).cloned() else {
        report
            .notes
            .push(format!("There is no table {SPEND_LOGS}."));
        return Ok(());
    };
    let since = Timestamp::from_microsecond(since)
        .unwrap_or(Timestamp::MIN)
        .to_string();
    let total = count(source, &since).await?;
    let counts = LogCounts {
        rows: total,
        ..LogCounts::default()
    };
    let Some(target) = copier.writes_to() else {
        report.logs = Some(counts);
        return Ok(());
    };
    let mut logs = Logs {
        target,
        counts,
        report,
    };
    let mut place: Option<Place> = None;
    let mut done = 0;
    loop {
        let sql = page_sql(source, &columns, place.is_some());
        let mut parameters = vec![since.clone()];
        parameters.extend(place.take().into_iter().flat_map(|at| [at.start, at.id]));
        let rows = source.fetch(sql, &parameters).await?;
        done += rows.len() as u64;
        let is_last = rows.len() < BATCH;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, start) = (text(row, 0)?, text(row, 1)?);
            entries.extend(logs.entry(&id, &text(row, 2)?));
            place = Some(Place { start, id });
        }
        logs.write(&entries).await?;
        progress(Progress {
            what: "spend logs",
            done,
            total,
        });
        if is_last {
            logs.report.logs = Some(logs.counts);
            return Ok(());
        }
    }
}

// === impl Logs ===

impl Logs<'_> {
    fn entry(&mut self, id: &str, row: &str) -> Option<LedgerEntry> {
        let row: Result<Map<String, Value>, _> = serde_json::from_str(row);
        let read = row
            .map_err(|_| "it holds a number beyond what can be read")
            .and_then(|row| entry(id, &row).ok_or("it has a time that no calendar has"));
        match read {
            Ok(entry) => Some(entry),
            Err(why) => {
                self.counts.failed += 1;
                self.report
                    .add(SPEND_LOGS, &[id.to_owned()], false, why.to_owned());
                None
            }
        }
    }

    async fn write(&mut self, entries: &[LedgerEntry]) -> Result<(), StoreError> {
        match self.target.spend.write_past(entries).await {
            Ok(written) => {
                self.counts.new += written.new;
                self.counts.unchanged += entries.len() as u64 - written.new;
            }
            Err(error @ StoreError::Away(_)) => return Err(error),
            Err(error) => {
                self.counts.failed += entries.len() as u64;
                let first = entries.first().and_then(|entry| entry.response_id.clone());
                let message = format!("{error}; so with {} rows from here", entries.len());
                self.report
                    .add(SPEND_LOGS, &[first.unwrap_or_default()], false, message);
            }
        }
        Ok(())
    }
}

fn text(row: &PgRow, column: usize) -> Result<String, SourceError> {
    Ok(row.try_get(column)?)
}

async fn count(source: &mut Source, since: &str) -> Result<u64, ImportError> {
    let table = source.sql_name(SPEND_LOGS);
    let sql = format!("SELECT count(*) FROM {table} WHERE \"startTime\" >= $1::timestamp");
    let rows = source.fetch(sql, &[since.to_owned()]).await?;
    let count: i64 = rows
        .first()
        .map_or(Ok(0), |row| row.try_get(0))
        .map_err(SourceError::from)?;
    Ok(count.unsigned_abs())
}

/// A page behind a row, in the order of the index that LiteLLM has on time and id.
fn page_sql(source: &Source, columns: &Columns, behind: bool) -> String {
    let mut members: Vec<String> = COLUMNS
        .into_iter()
        .filter(|column| columns.contains_key(*column))
        .map(|column| format!("'{column}', t.{}", quoted(column)))
        .collect();
    if columns.contains_key("metadata") {
        members.push(format!("'metadata', {METADATA}"));
    }
    let (table, members) = (source.sql_name(SPEND_LOGS), members.join(", "));
    let start = if behind {
        "AND (t.\"startTime\", t.request_id) > ($2::timestamp, $3)"
    } else {
        ""
    };
    format!(
        "SELECT t.request_id, to_json(t.\"startTime\") #>> '{{}}', json_build_object({members})::text \
         FROM {table} t WHERE t.\"startTime\" >= $1::timestamp {start} \
         ORDER BY t.\"startTime\", t.request_id LIMIT {BATCH}"
    )
}
