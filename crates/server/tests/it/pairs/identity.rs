//! The same dialect on both sides: bytes pass as they are, but for the model's name.

use lockgate_testkit::{Client, Reply};

use crate::support::{Dialect, Stage};

const PUBLIC: &str = "public-name";

/// A body as no serialiser writes it: odd spaces, an escape, a number's spelling, unknown members.
fn odd_body(dialect: Dialect, stream: bool) -> String {
    let rest = match dialect {
        Dialect::OpenAi if stream => {
            r#""stream" : true, "stream_options": {"include_usage" :true},"#
        }
        Dialect::OpenAi => "",
        Dialect::Responses => {
            let stream = if stream { r#""stream" : true,"# } else { "" };
            return format!(
                r#"{{ "model" :  "{PUBLIC}",  {stream} "store":  false ,
  "input":[{{"role":"user", "content" : "Caf\u00e9 \/ 1.0"}}], "x_unknown" : [ 1.0, 1e2 , null ] }}"#
            );
        }
        Dialect::Cohere if stream => r#""stream" : true,"#,
        Dialect::Cohere => r#""max_tokens":  64 ,"#,
        Dialect::Bedrock => {
            return r#"{ "messages":[{"role":"user", "content" : [{"text":"Caf\u00e9 \/ 1.0"}]}],
  "inferenceConfig": {"temperature":1.00}, "x_unknown" : [ 1.0, 1e2 , null ] }"#
                .to_owned();
        }
        Dialect::Anthropic if stream => r#""max_tokens":  64 , "stream" : true,"#,
        Dialect::Anthropic => r#""max_tokens":  64 ,"#,
        Dialect::Ollama if stream => r#""stream" : true, "options" : { } ,"#,
        Dialect::Ollama => r#""stream" : false, "options" : { } ,"#,
        Dialect::Gemini => {
            return r#"{ "contents":[{"role":"user", "parts" : [{"text":"Caf\u00e9 \/ 1.0"}]}],
  "generationConfig": {"temperature":1.00}, "x_unknown" : [ 1.0, 1e2 , null ] }"#
                .to_owned();
        }
    };
    format!(
        r#"{{ "model" :  "{PUBLIC}",  {rest}
  "messages":[{{"role":"user", "content" : "Caf\u00e9 \/ 1.0"}}], "x_unknown" : [ 1.0, 1e2 , null ] }}"#
    )
}

async fn exchange(dialect: Dialect, stream: bool) {
    let stage = Stage::start(|mock, config| config.model(mock, PUBLIC, dialect, "mock")).await;
    let sent = odd_body(dialect, stream);
    let path = dialect.chat_path(PUBLIC, stream);
    let reply = stage
        .client()
        .post_bytes(&path, sent.clone())
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());

    let recorded = stage.mock.last_request().unwrap();
    let forwarded = String::from_utf8(recorded.body.to_vec()).unwrap();
    assert_eq!(
        forwarded,
        sent.replace(PUBLIC, "mock"),
        "{dialect:?} request"
    );

    let direct: Reply = Client::new(stage.mock.addr())
        .post_bytes(&recorded.path, forwarded)
        .await
        .unwrap();
    // Bedrock and Cohere name no model, and Gemini's `modelVersion` has another member name and stays.
    let stamped = format!(r#""model":"{PUBLIC}""#);
    let expected = direct.text().replace(r#""model":"mock""#, &stamped);
    assert_eq!(reply.text(), expected, "{dialect:?} response");
}

#[tokio::test]
async fn whole_answers() {
    for dialect in Dialect::ALL {
        exchange(dialect, false).await;
    }
}

#[tokio::test]
async fn streams() {
    for dialect in Dialect::ALL {
        exchange(dialect, true).await;
    }
}

/// The gateway asks for usage on its own behalf; a client that did not ask sees none of it.
#[tokio::test]
async fn a_usage_chunk_nobody_asked_for_is_taken_out() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let reply = stage.chat_stream("mock").await.collect().await.unwrap();
    let recorded = stage.mock.last_request().unwrap();
    assert_eq!(recorded.json()["stream_options"]["include_usage"], true);
    let events = reply.events();
    assert_eq!(events.last().unwrap().data, "[DONE]");
    for event in &events[..events.len() - 1] {
        let chunk: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        assert!(chunk["choices"][0].is_object(), "{chunk}");
        assert!(!chunk["usage"].is_object(), "{chunk}");
    }
}
