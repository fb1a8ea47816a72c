//! Answers and errors that no fixture has: whatever the canonical form can say, in every dialect.

use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, ChatResponse, Choice, ErrorKind, FinishReason, Logprobs, Media,
    MediaSource, RawJson, TokenLogprob, TopLogprob, Usage,
};
use proptest::prelude::*;

use super::*;

const FINISHES: [FinishReason; 7] = [
    FinishReason::Stop,
    FinishReason::StopSequence,
    FinishReason::Length,
    FinishReason::ToolUse,
    FinishReason::ContentFilter,
    FinishReason::Refusal,
    FinishReason::Pause,
];

const KINDS: [ErrorKind; 14] = [
    ErrorKind::InvalidRequest,
    ErrorKind::Authentication,
    ErrorKind::PermissionDenied,
    ErrorKind::NotFound,
    ErrorKind::RequestTooLarge,
    ErrorKind::Unprocessable,
    ErrorKind::RateLimited,
    ErrorKind::Timeout,
    ErrorKind::ContextWindow,
    ErrorKind::ContentPolicy,
    ErrorKind::Overloaded,
    ErrorKind::Unavailable,
    ErrorKind::BadGateway,
    ErrorKind::Internal,
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z \"\\\\\n\u{e9}\u{1f600}]{1,12}"]
}

fn media() -> impl Strategy<Value = BlockKind> {
    let source = prop_oneof![
        Just(MediaSource::Base64("aGVsbG8=".to_owned())),
        Just(MediaSource::Url("https://example.org/a.png".to_owned())),
        Just(MediaSource::File("file-1".to_owned())),
        Just(MediaSource::Text("hello".to_owned())),
    ];
    let mimes = [
        None,
        Some("image/png"),
        Some("audio/wav"),
        Some("text/plain"),
    ];
    let mime = prop::sample::select(mimes.to_vec());
    (source, mime, 0..4_u8).prop_map(|(source, mime, kind)| {
        let media = Media {
            source,
            mime: mime.map(str::to_owned),
            ..Media::default()
        };
        match kind {
            0 => BlockKind::Image(media),
            1 => BlockKind::Document(media),
            2 => BlockKind::Audio(media),
            _ => BlockKind::Video(media),
        }
    })
}

/// A call. Its id is the upstream's and is not changed, also where Anthropic's schema has fewer
/// characters than, say, Kimi's `functions.f:0`: so no such id is made up here.
fn call() -> impl Strategy<Value = BlockKind> {
    let arguments = ["", "{}", "{\"city\":\"Porto\"}", "[1]", "null", "no JSON"];
    (
        "[a-zA-Z0-9_-]{1,8}",
        "[a-z]{1,4}",
        prop::sample::select(arguments.to_vec()),
    )
        .prop_map(|(id, name, arguments)| BlockKind::ToolUse {
            id,
            name,
            arguments: arguments.to_owned(),
        })
}

fn block() -> impl Strategy<Value = Block> {
    let opaque = prop::sample::select(DialectId::ALL.to_vec()).prop_map(|origin| {
        let raw = RawJson::parse(r#"{"type":"novelty","novelty":{"n":1}}"#).unwrap();
        BlockKind::Opaque {
            origin,
            what: "novelty".to_owned(),
            raw,
        }
    });
    let kind = prop_oneof![
        4 => text().prop_map(|text| BlockKind::Text { text, citations: None }),
        2 => (text(), prop::option::of("[A-Za-z0-9]{0,8}"))
            .prop_map(|(text, signature)| BlockKind::Thinking { text, signature }),
        1 => "[A-Za-z0-9]{1,8}".prop_map(|data| BlockKind::RedactedThinking { data }),
        1 => text().prop_map(|text| BlockKind::Refusal { text }),
        3 => call(),
        1 => media(),
        1 => opaque,
    ];
    kind.prop_map(Block::new)
}

fn logprobs() -> impl Strategy<Value = Logprobs> {
    let top = (
        text(),
        -20.0..0.0_f64,
        prop::option::of(prop::collection::vec(any::<u8>(), 1..4)),
    )
        .prop_map(|(token, logprob, bytes)| TopLogprob {
            token,
            logprob,
            bytes,
        });
    let top = prop::collection::vec(top, 1..4);
    let token = top.prop_map(|mut top| TokenLogprob {
        token: top.remove(0),
        top,
    });
    prop::collection::vec(token, 0..3).prop_map(|content| Logprobs { content })
}

fn usage() -> impl Strategy<Value = Usage> {
    prop::array::uniform8(0..1_000_u64).prop_map(|n| Usage {
        input_tokens: n[0] + n[2] + n[3] + n[4] + n[6],
        output_tokens: n[1] + n[5] + n[7],
        cache_read: n[2],
        cache_write: n[3] + n[4],
        cache_write_1h: n[4],
        reasoning: n[5],
        audio_input: n[6],
        audio_output: n[7],
        ..Usage::default()
    })
}

fn answer() -> impl Strategy<Value = ChatResponse> {
    let choice = (
        prop::collection::vec(block(), 0..4),
        prop::sample::select(FINISHES.to_vec()),
        prop::option::of("[A-Z]{1,3}"),
        prop::option::of(logprobs()),
    );
    let tiers = [
        None,
        Some("default"),
        Some("priority"),
        Some("standard"),
        Some("novel"),
    ];
    (
        prop::collection::vec(choice, 0..3),
        prop::option::of(usage()),
        prop::sample::select(tiers.to_vec()),
        prop::option::of("[a-z0-9]{0,6}"),
    )
        .prop_map(|(choices, usage, tier, name)| ChatResponse {
            id: name.clone(),
            model: name,
            choices: choices
                .into_iter()
                .zip(0..)
                .map(
                    |((content, finish, stop_sequence, logprobs), index)| Choice {
                        index,
                        content,
                        finish,
                        stop_sequence,
                        logprobs,
                    },
                )
                .collect(),
            usage,
            service_tier: tier.map(str::to_owned),
        })
}

fn failure() -> impl Strategy<Value = ApiError> {
    let word = || prop::option::of(prop_oneof!["[a-z_]{1,9}", Just("429".to_owned())]);
    let status = prop_oneof![3 => Just(None), 1 => (400..600_u16).prop_map(Some)];
    (
        prop::sample::select(KINDS.to_vec()),
        status,
        text(),
        word(),
        word(),
        word(),
    )
        .prop_map(
            |(kind, status, message, error_type, code, param)| ApiError {
                kind,
                status: status.unwrap_or_else(|| kind.status()),
                message,
                error_type,
                code,
                param,
            },
        )
}

/// The answer as a stream.
fn streamed(answer: &ChatResponse) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Start {
        id: answer.id.clone(),
        model: answer.model.clone(),
    }];
    for choice in &answer.choices {
        let mut calls = 0;
        for block in &choice.content {
            piece(choice.index, block, &mut calls, &mut events);
            events.push(StreamEvent::BlockStop {
                choice: choice.index,
            });
        }
        events.extend(
            choice
                .logprobs
                .clone()
                .map(|logprobs| StreamEvent::Logprobs {
                    choice: choice.index,
                    logprobs,
                }),
        );
        events.push(StreamEvent::Finish {
            choice: choice.index,
            reason: choice.finish,
            stop_sequence: choice.stop_sequence.clone(),
        });
    }
    events.extend(answer.usage.map(StreamEvent::Usage));
    events.push(StreamEvent::End);
    events
}

fn piece(choice: u32, block: &Block, calls: &mut u32, events: &mut Vec<StreamEvent>) {
    match block.kind.clone() {
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
        BlockKind::Opaque { origin, raw, .. } => events.push(StreamEvent::Opaque {
            choice,
            origin,
            raw,
        }),
        _ => {}
    }
}

/// Without what an upstream of the client's own dialect said: that is passed on as it is.
fn foreign(answer: &ChatResponse, client: DialectId) -> ChatResponse {
    let mut answer = answer.clone();
    for choice in &mut answer.choices {
        choice.content.retain(
            |block| !matches!(&block.kind, BlockKind::Opaque { origin, .. } if *origin == client),
        );
    }
    answer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_answer_is_valid(answer in answer(), failure in failure(), cut in any::<prop::sample::Index>()) {
        let mut inspection = Inspection::new(&[ANSWERS]);
        for client in DialectId::ALL {
            let answer = foreign(&answer, client);
            let written = client.dialect().encode_response(&answer, &reply());
            let case = client.as_str();
            inspection.look(spoken(client).answer(), &value(&written), case).unwrap();

            let whole = streamed(&answer);
            let mut broken = whole[..cut.index(whole.len())].to_vec();
            broken.push(StreamEvent::Error(failure.clone()));
            for events in [whole, broken] {
                for event in stream_events(client, &write_stream(client, &events)) {
                    let schemas = spoken(client).event(&event);
                    inspection.look(schemas, &event, case).unwrap();
                }
            }
            let written = client.dialect().encode_error(&failure);
            inspection.look(spoken(client).error(), &value(&written), case).unwrap();
        }
        let report = inspection.report();
        prop_assert!(report.is_empty(), "{report}");
    }
}
