//! A whole answer as the events of a stream, for upstreams that do not stream.

use lockgate_wire::canonical::{Block, BlockKind, ChatResponse, Choice, StreamEvent};

/// The events that a streaming upstream would have sent for `response`.
pub fn events_of(response: ChatResponse) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Start {
        id: response.id,
        model: response.model,
    }];
    for choice in response.choices {
        replay_choice(choice, &mut events);
    }
    events.extend(response.usage.map(StreamEvent::Usage));
    events.push(StreamEvent::End);
    events
}

fn replay_choice(choice: Choice, events: &mut Vec<StreamEvent>) {
    let index = choice.index;
    let mut calls = 0;
    for block in choice.content {
        replay_block(index, block, &mut calls, events);
        events.push(StreamEvent::BlockStop { choice: index });
    }
    if let Some(logprobs) = choice.logprobs {
        events.push(StreamEvent::Logprobs {
            choice: index,
            logprobs,
        });
    }
    events.push(StreamEvent::Finish {
        choice: index,
        reason: choice.finish,
        stop_sequence: choice.stop_sequence,
    });
}

fn replay_block(choice: u32, block: Block, calls: &mut u32, events: &mut Vec<StreamEvent>) {
    match block.kind {
        BlockKind::Text { text, .. } => events.push(StreamEvent::Text { choice, text }),
        BlockKind::Refusal { text } => events.push(StreamEvent::Refusal { choice, text }),
        BlockKind::Thinking { text, signature } => {
            events.push(StreamEvent::Thinking { choice, text });
            events.extend(signature.map(|signature| StreamEvent::Signature { choice, signature }));
        }
        BlockKind::RedactedThinking { data } => {
            events.push(StreamEvent::RedactedThinking { choice, data });
        }
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => {
            let index = *calls;
            *calls += 1;
            events.push(StreamEvent::ToolStart {
                choice,
                index,
                id,
                name,
            });
            events.push(StreamEvent::ToolArguments {
                choice,
                index,
                json: arguments,
            });
        }
        BlockKind::Opaque { origin, raw, .. } => {
            events.push(StreamEvent::Opaque {
                choice,
                origin,
                raw,
            });
        }
        // No dialect streams these from a model.
        BlockKind::Image(_)
        | BlockKind::Document(_)
        | BlockKind::Audio(_)
        | BlockKind::Video(_)
        | BlockKind::ToolResult { .. } => {}
    }
}
