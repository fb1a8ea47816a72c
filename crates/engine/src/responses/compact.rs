//! `POST /v1/responses/compact`: a conversation becomes shorter and goes on from there.
//!
//! Source: OpenAI API reference, "Compact a response": the output is all messages of the user,
//! followed by one item that stands for the rest and that clients cannot look into. A provider that
//! has the operation is asked for it. For others the gateway asks the model itself for a summary,
//! and seals that; it opens it again when a client comes back with the item.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialect::Spliced;
use lockgate_wire::json::{JsonObject, quote};
use lockgate_wire::{DialectId, Operation};
use memchr::memmem;
use serde_json::{Value, json};

use super::{PREVIOUS, own_items};
use crate::attempt::{Attempt, Content, Failure, Reply, broken};
use crate::auth::Identity;
use crate::call::Call;
use crate::contract;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::prepare::{Passage, Prepared};
use crate::record::RecordGuard;
use crate::seal::{Purpose, Seal};
use crate::snapshot::Snapshot;
use crate::travel::{Arrival, limits};
use crate::upstream::BodyError;

/// What our `encrypted_content` begins with, so that it is never taken for a provider's.
const MARK: &str = "lockgate-compaction:";

/// What the model is asked for.
const ASK: &str = "The conversation above is about to be replaced by your summary of it. Write \
                   down everything that is needed to go on as if it were still there: what the \
                   user wants and has decided, what was done and found out, names, numbers, paths \
                   and code that will be needed literally, what is still open and what was to come \
                   next. Answer with the summary only.";

/// What stands before a summary when the conversation goes on.
const RECALL: &str = "Summary of the conversation so far, in place of the conversation itself:\n\n";

/// What a provider says that does not have the operation.
const NOT_THERE: [u16; 3] = [404, 405, 501];

// === impl Engine ===

impl Engine {
    /// The answer of `deployment`, or one that its model helped to make.
    pub(crate) async fn compact(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        deployment: &Arc<Deployment>,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Failure> {
        if deployment.relays(DialectId::OpenAiResponses, Operation::Chat) {
            let asked = self.compact_there(snapshot, call, deployment, record).await;
            match asked {
                // What only the provider has cannot be summarised here.
                Err(failure) if is_elsewhere(call) => return Err(failure),
                Err(failure) if NOT_THERE.contains(&failure.error.api.status) => {}
                asked => return asked,
            }
        }
        let chat = summary_call(call)?;
        let asked = self.try_deployment(snapshot, &chat, deployment, record);
        let mut arrival = Box::pin(asked).await?;
        let Content::Whole { bytes, .. } = &mut arrival.reply.content else {
            return Err(broken(&BodyError::Broken("it is a stream".into())).into());
        };
        *bytes = compaction(call, bytes, &snapshot.keys.seal)?;
        arrival.relayed = false;
        Ok(arrival)
    }

    async fn compact_there(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        deployment: &Arc<Deployment>,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Failure> {
        let sent = std::time::Instant::now();
        record.record_mut().sent = Some(sent);
        let model = &deployment.model;
        let mut body = call.body.clone();
        if call.continues {
            body.remove(PREVIOUS);
        }
        body.set("model", quote(model));
        let prepared = Prepared {
            body: body.to_bytes().into(),
            headers: Vec::new(),
            dialect: call.dialect,
            operation: Operation::Compact,
            passage: Passage::Relayed(Spliced::default()),
            dropped: Vec::new(),
            own: None,
        };
        let attempt = Attempt {
            call,
            deployment,
            model,
            prepared: &prepared,
            limits: limits(snapshot, call, deployment),
            always_usage: false,
        };
        let reply: Reply = attempt.run(&self.upstream).await?;
        deployment.health.succeeded();
        deployment.metrics.attempts.add(200);
        Ok(Arrival {
            reply,
            deployment: deployment.clone(),
            sent,
            dropped: Vec::new(),
            relayed: true,
        })
    }
}

/// Whether the conversation goes on from a response that is not kept here.
fn is_elsewhere(call: &Call) -> bool {
    !call.continues && call.body.is_set(PREVIOUS)
}

/// The `input` of `body` with every summary of ours opened; `None` when it has none.
pub(super) fn opened(
    body: &JsonObject,
    seal: &Seal,
    owner: Identity,
) -> Result<Option<Bytes>, GatewayError> {
    let Some(input) = body.get("input") else {
        return Ok(None);
    };
    if memmem::find(input, MARK.as_bytes()).is_none() {
        return Ok(None);
    }
    // Text that speaks of one is no item.
    let Ok(Value::Array(mut items)) = serde_json::from_slice(input) else {
        return Ok(None);
    };
    for item in &mut items {
        let content = item["encrypted_content"].as_str();
        let sealed = content.and_then(|content| content.strip_prefix(MARK));
        if item["type"] != "compaction" {
            continue;
        }
        if let Some(sealed) = sealed {
            let summary = seal.open(Purpose::Compaction, owner, sealed);
            *item = message(&format!("{RECALL}{}", summary.ok_or_else(not_ours)?));
        }
    }
    Ok(Some(Value::Array(items).to_string().into()))
}

/// A chat that asks for the summary. Calls of tools become text, so that no provider asks for the
/// tools that they are of.
fn summary_call(call: &Call) -> Result<Call, GatewayError> {
    let mut items: Vec<Value> = items(call)?.iter().filter_map(plain).collect();
    items.push(message(ASK));
    let mut chat = call.clone();
    let kept = ["model", "instructions", "service_tier", "prompt_cache_key"];
    let other: Vec<String> = call
        .body
        .keys()
        .filter(|key| !kept.contains(key))
        .map(str::to_owned)
        .collect();
    for name in &other {
        chat.body.remove(name);
    }
    chat.body.set("input", Value::Array(items).to_string());
    chat.body.set("store", "false");
    chat.operation = Operation::Chat;
    Ok(chat.changed())
}

fn items(call: &Call) -> Result<Vec<Value>, GatewayError> {
    let items = super::array(&own_items(&call.body)?);
    serde_json::from_slice(&items).map_err(|e| {
        GatewayError::client(ErrorKind::InvalidRequest, e.to_string()).with_param("input")
    })
}

/// An item in words; `None` for what only its maker understands.
fn plain(item: &Value) -> Option<Value> {
    let said =
        |role: &str, text: String| json!({ "type": "message", "role": role, "content": text });
    let text = |name: &str| match &item[name] {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    match item["type"].as_str() {
        None | Some("message") => Some(item.clone()),
        Some("function_call") => {
            let call = format!("[called {} with {}]", text("name"), text("arguments"));
            Some(said("assistant", call))
        }
        Some("custom_tool_call") => {
            let call = format!("[called {} with {}]", text("name"), text("input"));
            Some(said("assistant", call))
        }
        Some("function_call_output" | "custom_tool_call_output") => {
            Some(said("user", format!("[result: {}]", text("output"))))
        }
        Some(_) => None,
    }
}

/// What the client gets, from the response that holds the summary.
fn compaction(call: &Call, response: &[u8], seal: &Seal) -> Result<Bytes, GatewayError> {
    let unreadable = || broken(&BodyError::Broken("it holds no summary".into()));
    let response: Value = serde_json::from_slice(response).map_err(|_| unreadable())?;
    let summary = output_text(&response);
    if summary.is_empty() {
        return Err(unreadable());
    }
    let sealed = call
        .owner
        .and_then(|owner| seal.seal(Purpose::Compaction, owner, &summary))
        .ok_or_else(unreadable)?;
    let mut output: Vec<Value> = items(call)?.into_iter().filter_map(user_message).collect();
    output.push(json!({
        "id": format!("cmp_{}", call.call_id.replace('-', "")),
        "type": "compaction",
        "encrypted_content": format!("{MARK}{sealed}"),
    }));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let compaction = json!({
        "id": format!("resp_{}", contract::fresh_id().replace('-', "")),
        "object": "response.compaction",
        "created_at": now.map_or(0, |since| since.as_secs()),
        "output": output,
        "usage": response["usage"],
    });
    Ok(compaction.to_string().into())
}

/// All text of a response.
fn output_text(response: &Value) -> String {
    let items = response["output"].as_array().into_iter().flatten();
    items
        .filter(|item| item["type"] == "message")
        .flat_map(|item| item["content"].as_array().into_iter().flatten())
        .filter_map(|part| part["text"].as_str())
        .collect()
}

/// A message of the user as an item of an answer; `None` for any other item.
fn user_message(mut item: Value) -> Option<Value> {
    let is_message = matches!(item["type"].as_str(), None | Some("message"));
    if !is_message || item["role"] != "user" {
        return None;
    }
    if let Some(text) = item["content"].as_str() {
        item["content"] = json!([{ "type": "input_text", "text": text }]);
    }
    let members = item.as_object_mut()?;
    members.insert("type".into(), "message".into());
    let fresh = || format!("msg_{}", contract::fresh_id().replace('-', "")).into();
    members.entry("id").or_insert_with(fresh);
    members
        .entry("status")
        .or_insert_with(|| "completed".into());
    Some(item)
}

fn message(text: &str) -> Value {
    json!({ "type": "message", "role": "user", "content": text })
}

fn not_ours() -> GatewayError {
    let message = "a compaction item cannot be opened: it was made for another key, or changed";
    GatewayError::client(ErrorKind::InvalidRequest, message).with_param("input")
}
