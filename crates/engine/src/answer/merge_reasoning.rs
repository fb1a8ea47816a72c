//! Reasoning as part of the text, inside `<think>` tags, for clients that know no other way
//! (`merge_reasoning_content_in_choices`).

use lockgate_wire::canonical::{Block, BlockKind, ChatResponse, StreamEvent};

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>\n\n";

/// Moves the reasoning of each choice to the front of its text.
pub fn merge_reasoning(response: &mut ChatResponse) {
    for choice in &mut response.choices {
        let mut merged = Vec::with_capacity(choice.content.len());
        for block in choice.content.drain(..) {
            match block.kind {
                BlockKind::Thinking { text, .. } if !text.is_empty() => {
                    merged.push(Block::text(format!("{OPEN}{text}{CLOSE}")));
                }
                BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {}
                _ => merged.push(block),
            }
        }
        choice.content = merged;
    }
}

/// Does the same to a stream. Remembers which choices are inside the tags.
#[derive(Debug, Default)]
pub(super) struct ThinkTags {
    open: Vec<u32>,
}

// === impl ThinkTags ===

impl ThinkTags {
    pub(super) fn merge(&mut self, events: Vec<StreamEvent>) -> Vec<StreamEvent> {
        let mut merged = Vec::with_capacity(events.len() + 2);
        for event in events {
            match event {
                StreamEvent::Thinking { choice, text } => {
                    if !self.open.contains(&choice) {
                        self.open.push(choice);
                        merged.push(StreamEvent::Text {
                            choice,
                            text: OPEN.into(),
                        });
                    }
                    merged.push(StreamEvent::Text { choice, text });
                }
                StreamEvent::Signature { .. } | StreamEvent::RedactedThinking { .. } => {}
                StreamEvent::Text { choice, .. }
                | StreamEvent::ToolStart { choice, .. }
                | StreamEvent::Finish { choice, .. }
                    if self.open.contains(&choice) =>
                {
                    self.open.retain(|&open| open != choice);
                    merged.push(StreamEvent::Text {
                        choice,
                        text: CLOSE.into(),
                    });
                    merged.push(event);
                }
                other => merged.push(other),
            }
        }
        merged
    }
}
