//! Reads `input`, `instructions` and `prompt`: the conversation.

use serde_json::value::RawValue;

use super::super::super::openai::body::{invalid, member, missing, raw_member};
use super::super::item::{self, Item};
use crate::canonical::{Block, BlockKind, Message, Role};
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;

/// Each of these brings a conversation along, so that there may be no input.
const OTHER_INPUT: [&str; 3] = ["prompt", "previous_response_id", "conversation"];

/// Messages while items are put together to them.
#[derive(Debug, Default)]
struct Conversation {
    messages: Vec<Message>,
    /// The last message holds the results of tools, and takes further ones.
    in_results: bool,
}

/// Reads the conversation.
pub(super) fn decode(body: &JsonObject) -> Result<Vec<Message>, TranslateError> {
    let mut conversation = Conversation::default();
    if let Some(instructions) = member::<String>(body, "instructions")?
        && !instructions.is_empty()
    {
        let message = Message::text(Role::System, instructions);
        conversation.messages.push(message);
    }
    if body.is_set("prompt")
        && let Some(raw) = raw_member(body, "prompt")
    {
        // A prompt that OpenAI keeps: what it says is known there only.
        let kind = BlockKind::Opaque {
            origin: DialectId::OpenAiResponses,
            what: "prompt".to_owned(),
            raw,
        };
        conversation.message(Role::System, vec![Block::new(kind)]);
    }
    match body.get("input").filter(|raw| *raw != b"null") {
        Some(raw) if raw.first() == Some(&b'"') => {
            let text = member::<String>(body, "input")?.unwrap_or_default();
            conversation.message(Role::User, vec![Block::text(text)]);
        }
        Some(raw) => {
            let items: Vec<&RawValue> =
                serde_json::from_slice(raw).map_err(|e| invalid("input", &e))?;
            for (index, raw) in items.into_iter().enumerate() {
                conversation.add(item::decode(raw, &format!("input[{index}]"))?);
            }
        }
        None if OTHER_INPUT.iter().any(|name| body.is_set(name)) => {}
        None => return Err(missing("input")),
    }
    Ok(conversation.messages)
}

// === impl Conversation ===

impl Conversation {
    fn add(&mut self, item: Item) {
        let in_results = std::mem::take(&mut self.in_results);
        match item {
            Item::Message(Role::Assistant, content) if self.turn_goes_on() => {
                self.extend(content);
            }
            Item::Message(role, content) => self.message(role, content),
            Item::Step(block) => {
                let last = self.messages.last();
                if last.is_some_and(|message| message.role == Role::Assistant) {
                    self.extend(block);
                } else if block.is_some() {
                    self.message(Role::Assistant, block.into_iter().collect());
                }
            }
            Item::Result(block) => {
                if in_results {
                    self.extend([block]);
                } else {
                    self.message(Role::User, vec![block]);
                }
                self.in_results = true;
            }
        }
    }

    /// Whether a message of the assistant belongs to the turn before it: one that has not said
    /// anything yet, or one whose calls are still open.
    fn turn_goes_on(&self) -> bool {
        let Some(last) = self.messages.last() else {
            return false;
        };
        let said = |block: &Block| {
            matches!(
                block.kind,
                BlockKind::Text { .. } | BlockKind::Refusal { .. }
            )
        };
        let called = |block: &Block| matches!(block.kind, BlockKind::ToolUse { .. });
        last.role == Role::Assistant
            && (!last.content.iter().any(said) || last.content.iter().any(called))
    }

    fn message(&mut self, role: Role, content: Vec<Block>) {
        self.messages.push(Message {
            role,
            name: None,
            content,
        });
    }

    fn extend(&mut self, blocks: impl IntoIterator<Item = Block>) {
        if let Some(last) = self.messages.last_mut() {
            last.content.extend(blocks);
        }
    }
}
