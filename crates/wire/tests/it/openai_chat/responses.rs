//! Whole chat answers.

use lockgate_wire::canonical::{Block, BlockKind, ChatResponse, Choice, FinishReason};
use serde_json::json;

use super::samples::whole_answer;
use super::{dialect, fixture, fixtures, parsed, pretty, reply};

/// What may change on the way through: ids are the gateway's, absent usage is zero, and parts of
/// answers that no client of this API knows are left out.
fn settled(mut response: ChatResponse) -> ChatResponse {
    response.id = None;
    response.model = None;
    response.usage = Some(response.usage.unwrap_or_default());
    for choice in &mut response.choices {
        choice
            .content
            .retain(|block| !matches!(block.kind, BlockKind::Opaque { .. }));
        for block in &mut choice.content {
            if let BlockKind::ToolUse { arguments, .. } = &mut block.kind
                && arguments.is_empty()
            {
                arguments.push_str("{}");
            }
        }
    }
    response
}

#[test]
fn an_answer_survives_the_way_through() {
    for (name, body) in fixtures("responses") {
        let response = dialect().decode_response(&body).unwrap();
        let written = dialect().encode_response(&response, &reply(false));
        let again = dialect().decode_response(&written).unwrap();
        assert_eq!(settled(again), settled(response), "{name}");
    }
}

#[test]
fn what_openai_answers_is_written_as_openai_writes_it() {
    for name in [
        "tools",
        "content_filter",
        "cached",
        "logprobs",
        "refusal",
        "citations",
    ] {
        let body = fixture("responses", &format!("{name}.json"));
        let response = dialect().decode_response(&body).unwrap();
        let mut written = parsed(&dialect().encode_response(&response, &reply(false)));
        let mut original = parsed(&body);
        for value in [&mut written, &mut original] {
            let members = value.as_object_mut().unwrap();
            for name in ["id", "model", "system_fingerprint"] {
                members.remove(name);
            }
            let usage = members["usage"].as_object_mut().unwrap();
            usage.retain(|name, _| !name.starts_with("cache_"));
            let message = members["choices"][0]["message"].as_object_mut().unwrap();
            if message.get("annotations") == Some(&json!([])) {
                message.remove("annotations");
            }
        }
        assert_eq!(written, original, "{name}");
    }
}

#[test]
fn what_servers_do_differently_is_understood() {
    let read = |name: &str| {
        let body = fixture("responses", &format!("{name}.json"));
        let mut response = dialect().decode_response(&body).unwrap();
        (response.choices.remove(0), response.usage)
    };
    let kinds = |choice: &Choice| {
        choice
            .content
            .iter()
            .map(|b| b.kind.clone())
            .collect::<Vec<_>>()
    };
    let text = |text: &str| Block::text(text).kind;
    let thinking = |text: &str| BlockKind::Thinking {
        text: text.to_owned(),
        signature: None,
    };

    assert_eq!(kinds(&read("vllm").0), [thinking("Easy."), text("4")]);
    assert_eq!(
        kinds(&read("mistral").0)[..2],
        [thinking("Two and two."), text("4")]
    );
    assert_eq!(read("deepseek").1.unwrap().cache_read, 64);
    let (sparse, usage) = read("sparse");
    assert_eq!((sparse.finish, usage), (FinishReason::ToolUse, None));
    assert!(
        matches!(&kinds(&sparse)[0], BlockKind::ToolUse { id, name, arguments }
        if id.starts_with("call_") && name == "get_weather" && arguments == "{\"city\": \"Porto\"}"
            || arguments.contains("\"Porto\""))
    );
    let (call, _) = read("function_call");
    assert_eq!(call.finish, FinishReason::ToolUse);
    let (refusal, _) = read("refusal");
    assert_eq!(refusal.finish, FinishReason::Refusal);
    let (_, usage) = read("thinking_blocks");
    let usage = usage.unwrap();
    assert_eq!(
        (
            usage.cache_read,
            usage.cache_write,
            usage.cache_write_1h,
            usage.uncached_input()
        ),
        (60, 40, 10, 20)
    );
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"error":{"message":"no"}}"#,
        r#"{"choices":5}"#,
    ] {
        assert!(
            dialect().decode_response(body.as_bytes()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn everything_an_answer_can_hold_is_written() {
    let written = dialect().encode_response(&whole_answer(), &reply(false));
    insta::assert_snapshot!(pretty(&written));
}

#[test]
fn an_empty_answer_is_still_complete() {
    let written = dialect().encode_response(&ChatResponse::default(), &reply(false));
    insta::assert_snapshot!(pretty(&written));
}
