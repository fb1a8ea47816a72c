//! LiteLLM's spend logs as entries of the ledger.

mod entry;
mod operation;

use jiff::Timestamp;
use lockgate_core::ports::StoreError;
use serde_json::{Map, Value};
use sqlx::Row as _;

use self::entry::entry;
use crate::copy::Copier;
use crate::import::{ImportError, Progress};
use crate::report::{LogCounts, Report};
use crate::source::{Columns, Source, quoted};
use crate::tables::SPEND_LOGS;

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
    let mut counts = LogCounts {
        rows: count(source, &since).await?,
        ..LogCounts::default()
    };
    let Some(target) = copier.writes_to() else {
        report.logs = Some(counts);
        return Ok(());
    };
    let mut place: Option<Place> = None;
    let mut done = 0;
    loop {
        let sql = page_sql(source, &columns, place.is_some());
        let mut parameters = vec![since.clone()];
        parameters.extend(place.take().into_iter().flat_map(|at| [at.start, at.id]));
        let rows = source.fetch(sql, &parameters).await?;
        let read = rows.len();
        let mut entries = Vec::with_capacity(read);
        for row in rows {
            let id: String = row.try_get(0).map_err(crate::SourceError::from)?;
            let start: String = row.try_get(1).map_err(crate::SourceError::from)?;
            let json: String = row.try_get(2).map_err(crate::SourceError::from)?;
            let members: Result<Map<String, Value>, _> = serde_json::from_str(&json);
            match members
                .map_err(|_| "a number beyond what can be read")
                .and_then(|row| entry(&id, &row).ok_or("a time that no calendar has"))
            {
                Ok(entry) => entries.push(entry),
                Err(why) => {
                    counts.failed += 1;
                    report.add(SPEND_LOGS, std::slice::from_ref(&id), false, why.to_owned());
                }
            }
            place = Some(Place { start, id });
        }
        match target.spend.write_past(&entries).await {
            Ok(written) => {
                counts.new += written.new;
                counts.unchanged += entries.len() as u64 - written.new;
            }
            Err(error @ StoreError::Away(_)) => return Err(error.into()),
            Err(error) => {
                counts.failed += entries.len() as u64;
                let first = entries.first().map(|entry| entry.call_id.clone());
                let id = [first.unwrap_or_default()];
                let message = format!("{error}; so with {} rows from here", entries.len());
                report.add(SPEND_LOGS, &id, false, message);
            }
        }
        done += read as u64;
        progress(Progress {
            what: "spend logs",
            done,
            total: counts.rows,
        });
        if read < BATCH {
            report.logs = Some(counts);
            return Ok(());
        }
    }
}

async fn count(source: &mut Source, since: &str) -> Result<u64, ImportError> {
    let table = source.sql_name(SPEND_LOGS);
    let sql = format!("SELECT count(*) FROM {table} WHERE \"startTime\" >= $1::timestamp");
    let rows = source.fetch(sql, &[since.to_owned()]).await?;
    let count: i64 = rows
        .first()
        .map_or(Ok(0), |row| row.try_get(0))
        .map_err(crate::SourceError::from)?;
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
