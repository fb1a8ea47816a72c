//! Events of realtime sessions: what they cost, and the model's two names.

use bytes::Bytes;
use lockgate_wire::canonical::{ApiError, ErrorKind, Usage};
use lockgate_wire::realtime::{Protocol, Session, setup_model, with_setup_model};
use serde_json::{Value, json};

fn openai() -> Session {
    Session::new(Protocol::OpenAi, "voice", "gpt-realtime")
}

fn bytes(event: &Value) -> Bytes {
    Bytes::from(event.to_string())
}

/// OpenAI API reference, `response.done`.
fn response_done() -> Value {
    json!({
        "event_id": "event_3132", "type": "response.done",
        "response": {
            "id": "resp_001", "object": "realtime.response", "status": "completed",
            "status_details": null,
            "output": [{"id": "msg_1", "object": "realtime.item", "type": "message",
                "status": "completed", "role": "assistant",
                "content": [{"type": "text", "text": "a \"usage\": {\"input_tokens\": 1}"}]}],
            "usage": {
                "total_tokens": 275, "input_tokens": 127, "output_tokens": 148,
                "input_token_details": {
                    "cached_tokens": 64, "text_tokens": 80, "audio_tokens": 47,
                    "cached_tokens_details": {"text_tokens": 40, "audio_tokens": 24}
                },
                "output_token_details": {"text_tokens": 30, "audio_tokens": 118}
            }
        }
    })
}

#[test]
fn a_response_tells_what_it_used() {
    let used = openai().usage(&bytes(&response_done()));
    assert_eq!(
        used,
        Some(Usage {
            input_tokens: 127,
            output_tokens: 148,
            cache_read: 64,
            audio_input: 23,
            audio_output: 118,
            cache_read_audio: 24,
            ..Usage::default()
        })
    );
}

#[test]
fn counts_may_be_missing_or_absurd() {
    for (usage, due) in [
        (json!(null), None),
        (json!({}), None),
        (json!("text"), None),
        (json!({"input_tokens": 3}), Some((3, 0, 0, 0))),
        (
            json!({"output_tokens": "4", "input_tokens": null}),
            Some((0, 4, 0, 0)),
        ),
        (
            json!({"input_tokens": 2, "output_tokens": 1, "input_token_details": {"cached_tokens": 9, "audio_tokens": 9}, "output_token_details": {"audio_tokens": 9}}),
            Some((2, 1, 0, 1)),
        ),
    ] {
        let mut event = response_done();
        event["response"]["usage"] = usage.clone();
        let used = openai().usage(&bytes(&event));
        let used = used.map(|u| {
            (
                u.input_tokens,
                u.output_tokens,
                u.audio_input,
                u.audio_output,
            )
        });
        assert_eq!(used, due, "{usage}");
    }
}

#[test]
fn other_events_tell_nothing() {
    for event in [
        json!({"type": "response.output_audio.delta", "delta": "AAAA"}),
        json!({"type": "response.created", "response": {"usage": {"input_tokens": 5}}}),
        json!({"type": "conversation.item.created", "item": {"content": [{"text": "response.done"}]}}),
    ] {
        assert_eq!(openai().usage(&bytes(&event)), None, "{event}");
    }
    assert_eq!(openai().usage(b"response.done"), None);
}

/// Beside a conversation another model writes the transcript; where there is nothing else, it is
/// what the session costs.
#[test]
fn transcripts_cost_where_a_session_only_transcribes() {
    let transcript = json!({
        "type": "conversation.item.input_audio_transcription.completed", "transcript": "Hello",
        "usage": {"type": "tokens", "total_tokens": 22, "input_tokens": 13, "output_tokens": 9,
            "input_token_details": {"text_tokens": 0, "audio_tokens": 13}}
    });
    let seconds = json!({
        "type": "conversation.item.input_audio_transcription.completed",
        "usage": {"type": "duration", "seconds": 3.2}
    });
    for (created, counts) in [
        (
            json!({"type": "session.created", "session": {"type": "realtime"}}),
            false,
        ),
        (
            json!({"type": "session.created", "session": {"type": "transcription"}}),
            true,
        ),
        (
            json!({"type": "session.updated", "session": {"object": "realtime.transcription_session"}}),
            true,
        ),
        (
            json!({"type": "transcription_session.updated", "session": {}}),
            true,
        ),
    ] {
        let mut session = openai();
        assert_eq!(session.usage(&bytes(&created)), None);
        let used = session.usage(&bytes(&transcript));
        assert_eq!(
            used.map(|used| used.total()),
            counts.then_some(22),
            "{created}"
        );
        assert_eq!(session.usage(&bytes(&seconds)), None);
    }
}

#[test]
fn the_model_has_a_name_on_either_side() {
    let session = openai();
    let created = Bytes::from_static(
        br#"{"type": "session.created",  "session": {"id":"s", "model": "gpt-realtime-2025-08-28", "tools": [{"model": "x"}]}}"#,
    );
    assert_eq!(
        session.for_client(&created).unwrap(),
        r#"{"type": "session.created",  "session": {"id":"s", "model": "voice", "tools": [{"model": "x"}]}}"#
    );
    let update =
        json!({"type": "session.update", "session": {"model": "voice", "instructions": "hi"}});
    let changed = session.for_upstream(&bytes(&update)).unwrap();
    let changed: Value = serde_json::from_slice(&changed).unwrap();
    assert_eq!(changed["session"]["model"], "gpt-realtime");
    for untouched in [
        json!({"type": "session.update", "session": {"model": "gpt-realtime"}}),
        json!({"type": "session.update", "session": {"instructions": "voice"}}),
        json!({"type": "session.update", "session": "voice"}),
        json!({"type": "conversation.item.create", "session": {"model": "voice"}, "text": "session."}),
    ] {
        assert_eq!(
            session.for_upstream(&bytes(&untouched)),
            None,
            "{untouched}"
        );
    }
    assert_eq!(session.for_client(b"session. no JSON"), None);
}

#[test]
fn a_session_that_transcribes_names_its_model_further_in() {
    let session = Session::new(Protocol::OpenAi, "ears", "gpt-4o-transcribe");
    for path in [
        "/session/audio/input/transcription/model",
        "/session/input_audio_transcription/model",
    ] {
        let named = |name: &str| {
            let mut event = json!(name);
            for key in path.split('/').rev().filter(|key| !key.is_empty()) {
                event = json!({ key: event });
            }
            event["type"] = json!("session.update");
            event
        };
        let changed = session.for_upstream(&bytes(&named("ears"))).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&changed).unwrap(),
            named("gpt-4o-transcribe")
        );
        let back = session.for_client(&changed).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&back).unwrap(),
            named("ears")
        );
        // Beside a conversation it is another model.
        assert_eq!(session.for_upstream(&bytes(&named("whisper-1"))), None);
    }
}

/// Gemini API reference, `BidiGenerateContentServerMessage`.
#[test]
fn a_turn_of_the_live_api_tells_what_it_used() {
    let mut session = Session::new(Protocol::Gemini, "live", "gemini-live");
    let turn = json!({
        "serverContent": {"turnComplete": true},
        "usageMetadata": {
            "promptTokenCount": 100, "responseTokenCount": 40, "totalTokenCount": 140,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 30}, {"modality": "AUDIO", "tokenCount": 70}],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}]
        }
    });
    assert_eq!(
        session.usage(&bytes(&turn)),
        Some(Usage {
            input_tokens: 100,
            output_tokens: 40,
            audio_input: 70,
            audio_output: 40,
            ..Usage::default()
        })
    );
    let content =
        json!({"serverContent": {"modelTurn": {"parts": [{"inlineData": {"data": "AAAA"}}]}}});
    assert_eq!(session.usage(&bytes(&content)), None);
    assert_eq!(session.for_client(&bytes(&turn)), None);
}

#[test]
fn the_first_message_of_the_live_api_names_the_model() {
    for (named, model) in [
        ("models/gemini-live", Some("gemini-live")),
        ("live", Some("live")),
        ("models/team/live", Some("team/live")),
        ("publishers/google/models/live", Some("live")),
        (
            "projects/p/locations/l/publishers/google/models/live",
            Some("live"),
        ),
        ("models/", None),
    ] {
        let setup = bytes(&json!({"setup": {"model": named, "tools": []}}));
        assert_eq!(setup_model(&setup).as_deref(), model, "{named}");
    }
    for other in [
        json!({"clientContent": {}}),
        json!({"setup": {}}),
        json!({"setup": "live"}),
    ] {
        assert_eq!(setup_model(&bytes(&other)), None, "{other}");
    }
    let setup = Bytes::from_static(br#"{"setup": {"model": "models/live", "tools": [ ]}}"#);
    assert_eq!(
        with_setup_model(&setup, "models/gemini-2.5-flash-live").unwrap(),
        r#"{"setup": {"model": "models/gemini-2.5-flash-live", "tools": [ ]}}"#
    );
}

#[test]
fn errors_are_events_where_there_are_such() {
    let error = ApiError::new(ErrorKind::BadGateway, "gone");
    let event = Protocol::OpenAi.error_event(&error, "event_1").unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&event).unwrap(),
        json!({"type": "error", "event_id": "event_1", "error": {
            "type": "server_error", "code": null, "message": "gone", "param": null}})
    );
    assert_eq!(Protocol::Gemini.error_event(&error, "event_1"), None);
}
