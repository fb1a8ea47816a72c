//! A finished request as LiteLLM's table of spend logs shows it (reference section 5).

use lockgate_core::ledger::LedgerEntry;
use serde_json::{Value, json};

use crate::time::iso;

/// Operations, LiteLLM's names for them (source: its `CallTypes`) and the paths it counts them by.
const CALLS: [(&str, &str, &str); 16] = [
    ("chat", "acompletion", "/chat/completions"),
    ("completions", "atext_completion", "/completions"),
    ("responses", "aresponses", "/responses"),
    ("compact", "acompact_responses", "/responses/compact"),
    ("embeddings", "aembedding", "/embeddings"),
    ("embeddings_single", "aembedding", "/embeddings"),
    ("moderations", "amoderation", "/moderations"),
    (
        "image_generation",
        "aimage_generation",
        "/images/generations",
    ),
    ("image_edit", "aimage_edit", "/images/edits"),
    ("image_variation", "aimage_variation", "/images/variations"),
    ("speech", "aspeech", "/audio/speech"),
    ("transcription", "atranscription", "/audio/transcriptions"),
    ("rerank", "arerank", "/rerank"),
    ("ocr", "aocr", "/ocr"),
    ("realtime", "_arealtime", "/realtime"),
    ("pass_through", "pass_through_endpoint", "/pass_through"),
];

/// LiteLLM's name for an operation; those it has none for keep theirs.
pub(super) fn call_type(operation: &str) -> &str {
    CALLS
        .iter()
        .find(|(name, ..)| *name == operation)
        .map_or(operation, |(_, call_type, _)| call_type)
}

/// The path of an operation.
pub(super) fn endpoint(operation: &str) -> &str {
    CALLS
        .iter()
        .find(|(name, ..)| *name == operation)
        .map_or(operation, |(.., path)| path)
}

/// What clients look a request up by: the answer's id, or else the call's.
pub(super) fn request_id(entry: &LedgerEntry) -> &str {
    entry.response_id.as_deref().unwrap_or(&entry.call_id)
}

/// The row of `entry`. Prompts and answers are not kept, and so are not in it.
pub(super) fn row(entry: &LedgerEntry) -> Value {
    let first_content = entry.first_token_us.map(|after| {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        entry.started_at.saturating_add(after)
    });
    let took = entry.ended_at.saturating_sub(entry.started_at).max(0);
    let tokens = &entry.tokens;
    json!({
        "request_id": request_id(entry),
        "litellm_call_id": entry.call_id,
        "ledger_id": entry.id,
        "call_type": call_type(&entry.operation),
        "api_key": entry.key_id.as_deref().unwrap_or_default(),
        "spend": entry.cost,
        "total_tokens": tokens.total(),
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "startTime": iso(Some(entry.started_at)),
        "endTime": iso(Some(entry.ended_at)),
        "completionStartTime": iso(first_content),
        "request_duration_ms": took / 1_000,
        "model": entry.model.as_deref().unwrap_or(&entry.model_group),
        "model_id": entry.deployment_id.as_deref().unwrap_or_default(),
        "model_group": entry.model_group,
        "custom_llm_provider": entry.provider.as_deref().unwrap_or_default(),
        "api_base": "",
        "user": entry.user_id.as_deref().unwrap_or_default(),
        "metadata": metadata(entry),
        "cache_hit": if entry.cache_hit { "True" } else { "False" },
        "cache_key": "",
        "request_tags": entry.tags,
        "team_id": entry.team_id,
        "organization_id": entry.organization_id,
        "project_id": entry.project_id,
        "end_user": entry.customer_id.as_deref().unwrap_or_default(),
        "requester_ip_address": entry.client_address,
        "session_id": entry.session_id,
        "status": if entry.status >= 400 { "failure" } else { "success" },
        "mcp_namespaced_tool_name": null,
        "agent_id": null,
    })
}

fn metadata(entry: &LedgerEntry) -> Value {
    let tokens = &entry.tokens;
    let failed = entry.status >= 400;
    let error = failed.then(|| {
        json!({
            "error_code": entry.status.to_string(),
            "error_message": entry.error.as_deref().unwrap_or_default(),
        })
    });
    let repriced = entry.details.as_ref().and_then(|details| details.repriced);
    let repriced = repriced.map(|repriced| {
        json!({
            "at": iso(Some(repriced.at)),
            "first_spend": repriced.first_cost,
            "first_source": repriced.first_source.as_str(),
        })
    });
    json!({
        "status": if failed { "failure" } else { "success" },
        "user_api_key": entry.key_id,
        "user_api_key_alias": entry.key_alias,
        "user_api_key_user_id": entry.user_id,
        "user_api_key_team_id": entry.team_id,
        "user_api_key_org_id": entry.organization_id,
        "user_api_key_project_id": entry.project_id,
        "requester_ip_address": entry.client_address,
        "usage_object": {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.total(),
            "cache_read_input_tokens": tokens.cache_read,
            "cache_creation_input_tokens": tokens.cache_write,
            "completion_tokens_details": { "reasoning_tokens": tokens.reasoning },
        },
        "error_information": error,
        "attempted_retries": entry.retries,
        "attempted_fallbacks": entry.fallbacks,
        "stream": entry.stream,
        "dialect": entry.dialect,
        "cost_source": entry.cost_source.as_str(),
        "repriced": repriced,
    })
}
