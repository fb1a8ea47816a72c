//! One row of the spend logs as an entry of the ledger.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::{Charge, CostSource, LedgerEntry, LedgerTokens};
use lockgate_core::money::Nanodollars;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::operation;
use crate::convert::micros;

/// The entry of a row; `None` if its times are none.
pub(super) fn entry(request_id: &str, row: &Map<String, Value>) -> Option<LedgerEntry> {
    let no_metadata = Map::new();
    let metadata = row
        .get("metadata")
        .and_then(Value::as_object)
        .unwrap_or(&no_metadata);
    let mut entry = LedgerEntry {
        call_id: text(row, "litellm_call_id").unwrap_or_else(|| request_id.to_owned()),
        response_id: Some(request_id.to_owned()),
        model_group: text(row, "model_group")
            .or_else(|| text(row, "model"))
            .unwrap_or_default(),
        model: text(row, "model"),
        provider: text(row, "custom_llm_provider"),
        deployment_id: text(row, "model_id"),
        key_id: text(row, "api_key"),
        key_alias: text(metadata, "alias"),
        user_id: text(row, "user"),
        team_id: text(row, "team_id"),
        organization_id: text(row, "organization_id"),
        project_id: text(metadata, "project"),
        customer_id: text(row, "end_user"),
        tags: tags(row.get("request_tags")),
        session_id: text(row, "session_id"),
        client_address: text(row, "requester_ip_address"),
        cache_hit: text(row, "cache_hit").is_some_and(|hit| hit.eq_ignore_ascii_case("true")),
        retries: small(metadata, "retries"),
        fallbacks: small(metadata, "fallbacks"),
        tokens: tokens(row, metadata),
        ..LedgerEntry::default()
    };
    set_times(&mut entry, row)?;
    set_outcome(&mut entry, row, metadata);
    entry.id = id(entry.started_at, request_id);
    entry.charges = charges(&entry);
    Some(entry)
}

fn set_times(entry: &mut LedgerEntry, row: &Map<String, Value>) -> Option<()> {
    entry.started_at = row.get("startTime").and_then(micros)?;
    entry.ended_at = row
        .get("endTime")
        .and_then(micros)
        .unwrap_or(entry.started_at);
    let first_token = row.get("completionStartTime").and_then(micros);
    // For answers that were not streamed LiteLLM writes the end of the request there.
    let first_token = first_token.filter(|at| (entry.started_at..entry.ended_at).contains(at));
    entry.first_token_us = first_token.map(|at| (at - entry.started_at).unsigned_abs());
    entry.stream = first_token.is_some();
    Some(())
}

fn set_outcome(entry: &mut LedgerEntry, row: &Map<String, Value>, metadata: &Map<String, Value>) {
    let call_type = row
        .get("call_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (dialect, operation) = operation::of(call_type);
    dialect.clone_into(&mut entry.dialect);
    entry.operation = operation;
    let cost = row
        .get("spend")
        .and_then(Value::as_f64)
        .and_then(Nanodollars::from_dollars);
    entry.cost = cost.unwrap_or_default();
    if entry.cost.is_positive() {
        entry.cost_source = CostSource::Computed;
    }
    entry.status = 200;
    if row.get("status").and_then(Value::as_str) == Some("failure") {
        entry.status = failure_status(metadata);
        entry.error = text(metadata, "error");
    }
}

/// A version 7 UUID that is the same whenever the row is read.
fn id(started_at: i64, request_id: &str) -> String {
    let hash = Sha256::digest(request_id.as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    let milliseconds = started_at.div_euclid(1000).max(0).unsigned_abs();
    Builder::from_unix_timestamp_millis(milliseconds, &random)
        .into_uuid()
        .to_string()
}

/// Whom the request was charged to, for the rollups.
fn charges(entry: &LedgerEntry) -> Vec<Charge> {
    let member = entry.team_id.as_deref().zip(entry.user_id.as_deref());
    let member = member.map(|(team, user)| EntityId::pair(EntityKind::TeamMember, team, user).id);
    [
        (EntityKind::Key, &entry.key_id),
        (EntityKind::User, &entry.user_id),
        (EntityKind::Team, &entry.team_id),
        (EntityKind::TeamMember, &member),
        (EntityKind::Organization, &entry.organization_id),
        (EntityKind::Project, &entry.project_id),
        (EntityKind::Customer, &entry.customer_id),
    ]
    .into_iter()
    .filter_map(|(kind, id)| Some((kind, id.clone()?)))
    .chain(entry.tags.iter().map(|tag| (EntityKind::Tag, tag.clone())))
    .map(|(kind, id)| Charge {
        kind,
        id,
        windows: Vec::new(),
    })
    .collect()
}

fn tokens(row: &Map<String, Value>, metadata: &Map<String, Value>) -> LedgerTokens {
    let member = |name: &str| {
        ["usage", "more_usage"].iter().find_map(|place| {
            let usage = metadata.get(*place)?;
            usage
                .pointer(name)
                .and_then(whole)
                .filter(|count| *count > 0)
        })
    };
    let first = |names: &[&str]| names.iter().find_map(|name| member(name)).unwrap_or(0);
    LedgerTokens {
        input: row.get("prompt_tokens").and_then(whole).unwrap_or(0),
        output: row.get("completion_tokens").and_then(whole).unwrap_or(0),
        cache_read: first(&[
            "/cache_read_input_tokens",
            "/prompt_tokens_details/cached_tokens",
        ]),
        cache_write: first(&[
            "/cache_creation_input_tokens",
            "/prompt_tokens_details/cache_write_tokens",
            "/prompt_tokens_details/cache_creation_tokens",
        ]),
        reasoning: first(&["/completion_tokens_details/reasoning_tokens"]),
    }
}

/// Tags are a list, or a text with a list in it.
fn tags(value: Option<&Value>) -> Vec<String> {
    let of_list = |items: &[Value]| {
        let mut tags: Vec<String> = items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    match value {
        Some(Value::Array(items)) => of_list(items),
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_or_else(|_| Vec::new(), |items: Vec<Value>| of_list(&items)),
        _ => Vec::new(),
    }
}

fn failure_status(metadata: &Map<String, Value>) -> u16 {
    let code = metadata.get("error_code");
    let code = code.and_then(|code| match code {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    code.and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code))
        .unwrap_or(500)
}

fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    let text = row.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn small(row: &Map<String, Value>, name: &str) -> u32 {
    let count = row.get(name).and_then(whole).unwrap_or(0);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A count; negative ones, which broken adapters wrote, are none.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64()
}
