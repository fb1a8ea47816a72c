//! The order that the events of a stream are promised in.

use std::collections::BTreeMap;

use lockgate_wire::canonical::StreamEvent;

/// What was said of one choice so far.
#[derive(Default)]
struct Choice {
    calls: u32,
    finished: bool,
}

/// Checks the order of `events`; those of a stream that broke off need not end.
pub(crate) fn check(events: &[StreamEvent], complete: bool) {
    let mut choices = BTreeMap::<u32, Choice>::new();
    let mut started = false;
    for (at, event) in events.iter().enumerate() {
        if let Some(choice) = choice_of(event) {
            assert!(started, "{event:?} before the start");
            said(choices.entry(choice).or_default(), event);
        }
        match event {
            StreamEvent::Start { .. } => {
                assert!(!std::mem::replace(&mut started, true), "two starts");
            }
            StreamEvent::Error(_) | StreamEvent::End => {
                assert_eq!(at, events.len() - 1, "{event:?} is the last event");
            }
            _ => {}
        }
    }
    let ended = matches!(
        events.last(),
        Some(StreamEvent::Error(_) | StreamEvent::End)
    );
    assert!(ended || !complete, "an answer has an end");
}

fn said(choice: &mut Choice, event: &StreamEvent) {
    assert!(!choice.finished, "{event:?} after the finish");
    match event {
        StreamEvent::ToolStart { index, .. } => {
            assert_eq!(*index, choice.calls, "calls are counted without gaps");
            choice.calls += 1;
        }
        StreamEvent::ToolArguments { index, .. } => {
            assert!(*index < choice.calls, "arguments of a call that began");
        }
        StreamEvent::Finish { .. } => choice.finished = true,
        _ => {}
    }
}

fn choice_of(event: &StreamEvent) -> Option<u32> {
    match event {
        StreamEvent::Text { choice, .. }
        | StreamEvent::Thinking { choice, .. }
        | StreamEvent::Signature { choice, .. }
        | StreamEvent::RedactedThinking { choice, .. }
        | StreamEvent::ToolStart { choice, .. }
        | StreamEvent::ToolArguments { choice, .. }
        | StreamEvent::Refusal { choice, .. }
        | StreamEvent::Opaque { choice, .. }
        | StreamEvent::BlockStop { choice }
        | StreamEvent::Logprobs { choice, .. }
        | StreamEvent::Finish { choice, .. } => Some(*choice),
        StreamEvent::Start { .. }
        | StreamEvent::Usage(_)
        | StreamEvent::Ping
        | StreamEvent::Error(_)
        | StreamEvent::End => None,
    }
}
