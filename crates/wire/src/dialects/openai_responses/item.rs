//! Reads items: what a conversation is made of here, one after the other, in either direction.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::openai::body::{arguments_text, invalid, missing};
use super::super::openai::lenient;
use super::{content, envelope};
use crate::canonical::{Block, BlockKind, Role};
use crate::dialect::{DialectId, TranslateError};

/// One item in canonical form.
#[derive(Debug)]
pub(super) enum Item {
    /// A message.
    Message(Role, Vec<Block>),
    /// A step of the model that is no message: reasoning, or a call; `None` when it is empty.
    Step(Option<Block>),
    /// What a tool answered.
    Result(Block),
}

/// What decides how an item is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an item object")]
struct KindIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a message object")]
struct MessageIn<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a reasoning object")]
struct ReasoningIn<'a> {
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::some_text")]
    encrypted_content: Option<String>,
}

/// A call, of a function or of a custom tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a call object")]
struct CallIn<'a> {
    call_id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a call output object")]
struct OutputIn<'a> {
    call_id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// Reads one item; `place` names it in an error.
pub(super) fn decode(raw: &RawValue, place: &str) -> Result<Item, TranslateError> {
    let head: KindIn = read(raw, place)?;
    let kind = match (&head.kind, &head.role, &head.id) {
        (Some(kind), _, _) => kind.as_str(),
        (None, None, Some(_)) => "item_reference",
        (None, _, _) => "message",
    };
    match kind {
        "message" => {
            let message: MessageIn<'_> = read(raw, place)?;
            let role = role(head.role.as_deref(), place)?;
            let place = format!("{place}.content");
            Ok(Item::Message(
                role,
                content::decode(message.content, &place)?,
            ))
        }
        "reasoning" => Ok(Item::Step(reasoning(&read(raw, place)?).map(Block::new))),
        "function_call" | "custom_tool_call" => {
            let call: CallIn<'_> = read(raw, place)?;
            let text = call.arguments.or(call.input);
            // Some servers know but one id.
            let id = call.call_id.or(head.id);
            Ok(Item::Step(Some(Block::new(BlockKind::ToolUse {
                id: id.ok_or_else(|| missing(format!("{place}.call_id")))?,
                name: call.name.ok_or_else(|| missing(format!("{place}.name")))?,
                arguments: text.map(arguments_text).unwrap_or_default(),
            }))))
        }
        "function_call_output" | "custom_tool_call_output" => {
            let output: OutputIn<'_> = read(raw, place)?;
            let inside = format!("{place}.output");
            Ok(Item::Result(Block::new(BlockKind::ToolResult {
                id: output
                    .call_id
                    .ok_or_else(|| missing(format!("{place}.call_id")))?,
                name: output.name,
                content: content::decode(output.output, &inside)?,
                is_error: false,
            })))
        }
        other => Ok(opaque(other, raw)),
    }
}

/// An item that only this dialect understands.
pub(super) fn opaque(kind: &str, raw: &RawValue) -> Item {
    let block = Block::new(BlockKind::Opaque {
        origin: DialectId::OpenAiResponses,
        what: kind.to_owned(),
        raw: raw.to_owned().into(),
    });
    if is_answer(kind) {
        Item::Result(block)
    } else {
        Item::Step(Some(block))
    }
}

/// Whether items of this type come from the client's side.
fn is_answer(kind: &str) -> bool {
    matches!(
        kind,
        "mcp_approval_response"
            | "compaction_trigger"
            | "additional_tools"
            | "configuration_update"
    ) || (kind.ends_with("_output") && kind != "program_output")
}

/// The reasoning of an item: the summary, which is made to be read, or else what it is of.
fn reasoning(item: &ReasoningIn<'_>) -> Option<BlockKind> {
    let mut text = content::text(item.summary);
    if text.is_empty() {
        text = content::text(item.content);
    }
    envelope::reasoning(text, item.encrypted_content.as_deref())
}

fn role(name: Option<&str>, place: &str) -> Result<Role, TranslateError> {
    Ok(match name {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some("developer") => Role::Developer,
        Some(other) => {
            return Err(TranslateError::invalid_param(
                format!("{place}.role"),
                format!(
                    "Invalid value: '{other}'. Supported values are: 'assistant', 'system', \
                     'developer', and 'user'."
                ),
            ));
        }
        None => return Err(missing(format!("{place}.role"))),
    })
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, place: &str) -> Result<T, TranslateError> {
    serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))
}
