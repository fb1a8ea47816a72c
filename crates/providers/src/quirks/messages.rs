//! Quirks of chat messages. With those of content the only ones that look below the top level.

use lockgate_wire::json::JsonObject;
use serde_json::{Map, Value};

/// Removes the participant names that only OpenAI knows.
pub(super) fn strip_names(body: &mut JsonObject) {
    edit_each(body, mentions("name"), |message| {
        if role(message) == Some("tool") {
            return false;
        }
        members(message).is_some_and(|members| members.shift_remove("name").is_some())
    });
}

/// What a client said under the provider's name wins.
pub(super) fn rename(body: &mut JsonObject, from: &str, to: &str) {
    edit_each(body, mentions(from), |message| {
        let Some(members) = members(message) else {
            return false;
        };
        let Some(value) = members.shift_remove(from) else {
            return false;
        };
        if members.get(to).is_none_or(Value::is_null) {
            members.insert(to.to_owned(), value);
        }
        true
    });
}

/// `names` are separated by commas.
pub(super) fn drop(body: &mut JsonObject, names: &str) {
    let any = |raw: &[u8]| names.split(',').any(|name| mentions(name)(raw));
    edit_each(body, any, |message| {
        let Some(members) = members(message) else {
            return false;
        };
        let mut changed = false;
        for name in names.split(',') {
            changed |= members.shift_remove(name).is_some();
        }
        changed
    });
}

/// Reasoning that a client did not keep is replaced by the least the providers take.
pub(super) fn fill_reasoning(body: &mut JsonObject) {
    const REASONING: &str = "reasoning_content";
    edit_each(body, mentions("role"), |message| {
        let spoken = role(message) == Some("assistant");
        let empty = match message.get(REASONING) {
            None | Some(Value::Null) => true,
            Some(text) => text.as_str().is_some_and(str::is_empty),
        };
        if !(spoken && empty) {
            return false;
        }
        members(message).is_some_and(|members| {
            members.insert(REASONING.to_owned(), Value::from(" "));
            true
        })
    });
}

/// Rearranges only what is complete: histories where a call or a result has no counterpart are
/// left for the provider to judge.
pub(super) fn split_tool_calls(body: &mut JsonObject) {
    edit_list(body, mentions("tool_calls"), |messages| {
        let mut out = Vec::with_capacity(messages.len());
        let mut rest = messages.as_slice();
        while let Some((first, behind)) = rest.split_first() {
            let results = behind
                .iter()
                .take_while(|message| role(message) == Some("tool"))
                .count();
            let (results, next) = behind.split_at(results);
            match pairs(first, results) {
                Some(split) => out.extend(split),
                None => {
                    out.push(first.clone());
                    out.extend(results.iter().cloned());
                }
            }
            rest = next;
        }
        let changed = out.len() != messages.len();
        *messages = out;
        changed
    });
}

/// `message` with the first call and its result, then a message and a result for each other call.
fn pairs(message: &Value, results: &[Value]) -> Option<Vec<Value>> {
    let calls = message.get("tool_calls")?.as_array()?;
    if calls.len() < 2 || calls.len() != results.len() {
        return None;
    }
    let mut out = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        let id = call.get("id")?;
        let result = results
            .iter()
            .find(|result| result.get("tool_call_id") == Some(id))?;
        let mut caller = match message.as_object() {
            Some(whole) if at == 0 => whole.clone(),
            _ => Map::from_iter([("role".to_owned(), Value::from("assistant"))]),
        };
        caller.insert("tool_calls".to_owned(), Value::from(vec![call.clone()]));
        out.extend([Value::Object(caller), result.clone()]);
    }
    Some(out)
}

fn role(message: &Value) -> Option<&str> {
    message.get("role").and_then(Value::as_str)
}

fn members(message: &mut Value) -> Option<&mut Map<String, Value>> {
    message.as_object_mut()
}

/// Whether the member may be there. Cheap, because most requests do not have it.
fn mentions(name: &str) -> impl Fn(&[u8]) -> bool {
    let quoted = format!("\"{name}\"");
    move |raw| finder(quoted.as_bytes(), raw).next().is_some()
}

pub(super) fn finder<'a>(needle: &'a [u8], raw: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(raw, needle)
}

/// Runs `edit` on every message and writes the list back when one says that it changed something.
pub(super) fn edit_each(
    body: &mut JsonObject,
    may_matter: impl FnOnce(&[u8]) -> bool,
    mut edit: impl FnMut(&mut Value) -> bool,
) {
    edit_list(body, may_matter, |messages| {
        let mut changed = false;
        for message in messages {
            changed |= edit(message);
        }
        changed
    });
}

/// Messages are read as trees only when `may_matter` says so.
fn edit_list(
    body: &mut JsonObject,
    may_matter: impl FnOnce(&[u8]) -> bool,
    edit: impl FnOnce(&mut Vec<Value>) -> bool,
) {
    let Some(raw) = body.get("messages").filter(|raw| may_matter(raw)) else {
        return;
    };
    let Ok(mut messages) = serde_json::from_slice::<Vec<Value>>(raw) else {
        return;
    };
    if edit(&mut messages) {
        body.set("messages", Value::Array(messages).to_string());
    }
}
