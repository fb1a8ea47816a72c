//! Whole answers of upstreams.

use lockgate_wire::canonical::{
    Block, BlockKind, ChatResponse, FinishReason, Media, MediaSource, RawJson, Usage,
};
use lockgate_wire::dialect::TranslateError;

use super::{call, dialect, fixture, fixtures, parsed, reply, thinking};

fn answer(name: &str) -> ChatResponse {
    let body = fixture("responses", &format!("{name}.json"));
    dialect().decode_response(&body).unwrap()
}

fn content(name: &str) -> Vec<Block> {
    answer(name).choices.remove(0).content
}

/// JSON that is carried along as it is, without its blanks.
fn tidy(response: &mut ChatResponse) {
    response.usage = response.usage.map(crate::told);
    for block in &mut response.choices[0].content {
        match &mut block.kind {
            BlockKind::Text {
                citations: Some(raw),
                ..
            }
            | BlockKind::Opaque { raw, .. } => {
                *raw = RawJson::from_value(&parsed(raw.get().as_bytes())).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn an_answer_comes_back_as_it_went() {
    for (name, body) in fixtures("responses") {
        let mut response = dialect().decode_response(&body).unwrap();
        let written = dialect().encode_response(&response, &reply());
        let mut read = dialect().decode_response(&written).unwrap();
        // These are the gateway's.
        (response.id, response.model) = (read.id.clone(), read.model.clone());
        tidy(&mut read);
        tidy(&mut response);
        if name == "sparse" {
            // What the upstream left out is written all the same.
            response.usage = Some(Usage::default());
            response.service_tier = Some("default".to_owned());
            response.choices[0].content[1] = call("fc_9", "f", "{}");
        }
        assert_eq!(read, response, "{name}");
    }
}

#[test]
fn reasoning_is_its_summary_or_else_what_it_is() {
    let signature = "gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hFZ0d3VnB4c2pLb0V1TnFqT0x3bWRyYVhTYkZKQ1ZpUnlTQ0pVYk5rT0RlQ2p3PT0";
    let summary = "**Testing divisors**\n\nI try 2, 3, 5 and 7.\n\n**Concluding**\n\nNone of them divides 97.";
    assert_eq!(content("reasoning")[0], thinking(summary, Some(signature)));
    assert_eq!(
        content("hidden_reasoning")[0],
        thinking("", Some(signature))
    );
    assert_eq!(
        content("raw_reasoning")[0],
        thinking("We need to greet the person.", None)
    );
}

#[test]
fn the_end_of_an_answer_has_its_reason() {
    for (name, reason) in [
        ("text", FinishReason::Stop),
        ("tools", FinishReason::ToolUse),
        ("custom_tool", FinishReason::ToolUse),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("refusal", FinishReason::Refusal),
        ("sparse", FinishReason::ToolUse),
    ] {
        assert_eq!(answer(name).choices[0].finish, reason, "{name}");
    }
}

#[test]
fn counts_are_read_whole() {
    assert_eq!(
        answer("cached").usage.map(crate::told),
        Some(Usage {
            input_tokens: 2300,
            output_tokens: 6,
            cache_read: 2048,
            cache_write: 128,
            ..Usage::default()
        })
    );
    assert_eq!(answer("reasoning").usage.unwrap().reasoning, 128);
    assert_eq!(answer("sparse").usage, None);
}

#[test]
fn a_picture_is_a_picture() {
    let BlockKind::Image(Media { source, mime, .. }) = &content("images")[0].kind else {
        panic!("no image");
    };
    assert_eq!(mime.as_deref(), Some("image/png"));
    assert!(matches!(source, MediaSource::Base64(data) if data.starts_with("iVBOR")));
}

#[test]
fn what_only_openai_understands_is_kept() {
    let blocks = content("web_search");
    let BlockKind::Opaque { what, .. } = &blocks[0].kind else {
        panic!("not opaque: {:?}", blocks[0]);
    };
    assert_eq!(what, "web_search_call");
    let BlockKind::Text { citations, .. } = &blocks[1].kind else {
        panic!("no text: {:?}", blocks[1]);
    };
    assert!(
        citations
            .as_ref()
            .map(RawJson::get)
            .unwrap()
            .contains("regatta")
    );
}

#[test]
fn no_answer_is_none() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"choices":[]}"#,
        r#"{"object":"response","output":7}"#,
    ] {
        assert!(
            dialect().decode_response(body.as_bytes()).is_err(),
            "{body}"
        );
    }
    let failed = r#"{"object":"response","status":"failed","output":[],
        "error":{"code":"server_error","message":"The model melted."}}"#;
    let error = dialect().decode_response(failed.as_bytes()).unwrap_err();
    assert_eq!(error, TranslateError::invalid("The model melted."));
}
