//! Answers: what a client of each dialect reads out of a whole body or a stream.

mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod ollama;
mod openai;
mod responses;

pub(crate) use self::bedrock::frames as bedrock_frames;

use lockgate_testkit::{Reply, SseEvent};
use serde_json::Value;

use super::Dialect;

/// What a client was told, whatever the dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// Name and arguments of each call, in order.
    pub(crate) tools: Vec<(String, Value)>,
    /// The ids of the calls, where the dialect has some.
    pub(crate) tool_ids: Vec<String>,
    pub(crate) input_tokens: u64,
    /// Reasoning included.
    pub(crate) output_tokens: u64,
    /// The dialect's own word for why it ended.
    pub(crate) finish: String,
    /// The model that answered, as the client is told.
    pub(crate) model: String,
}

// === impl Answer ===

impl Answer {
    /// Reads a whole answer; fails when it is not a good one.
    pub(crate) fn whole(dialect: Dialect, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let body = reply.json();
        match dialect {
            Dialect::OpenAi => openai::whole(&body),
            Dialect::Responses => responses::whole(&body),
            Dialect::Anthropic => anthropic::whole(&body),
            Dialect::Gemini => gemini::whole(&body),
            Dialect::Ollama => ollama::whole(&body),
            Dialect::Bedrock => bedrock::whole(&body),
            Dialect::Cohere => cohere::whole(&body),
        }
    }

    /// Reads a stream from its first event to its proper end; fails when it has none.
    pub(crate) fn stream(dialect: Dialect, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let content_type = reply.header("content-type").unwrap_or_default();
        let expected = match dialect {
            Dialect::Ollama => "application/x-ndjson",
            Dialect::Bedrock => "application/vnd.amazon.eventstream",
            _ => "text/event-stream",
        };
        assert!(
            content_type.starts_with(expected),
            "{dialect:?}: {content_type}"
        );
        match dialect {
            Dialect::OpenAi => openai::stream(reply),
            Dialect::Responses => responses::stream(reply),
            Dialect::Anthropic => anthropic::stream(reply),
            Dialect::Gemini => gemini::stream(reply),
            Dialect::Ollama => ollama::stream(reply),
            Dialect::Bedrock => bedrock::stream(reply),
            Dialect::Cohere => cohere::stream(reply),
        }
    }

    /// Adds a call whose arguments are complete.
    fn call(&mut self, id: &Value, name: &Value, arguments: Value) {
        assert!(arguments.is_object(), "arguments of {name}: {arguments}");
        self.tool_ids.extend(id.as_str().map(str::to_owned));
        self.tools.push((string(name), arguments));
    }
}

/// The message of the error that ends a stream; fails when the stream does not end with one.
pub(crate) fn last_error(dialect: Dialect, reply: &Reply) -> String {
    let last = |mut events: Vec<SseEvent>| parse(&events.pop().unwrap().data);
    let mut events = reply.events();
    events.pop_if(|event| event.data == "[DONE]");
    let error = match dialect {
        Dialect::Ollama => reply.lines().pop().unwrap(),
        Dialect::OpenAi | Dialect::Gemini => last(events),
        Dialect::Anthropic => {
            assert_eq!(events.last().unwrap().event, "error", "{}", reply.text());
            last(events)
        }
        Dialect::Responses => {
            let end = last(events);
            match end["type"].as_str() {
                Some("error") => serde_json::json!({ "error": end }),
                Some("response.failed") => end["response"].clone(),
                _ => panic!("no error at the end: {}", reply.text()),
            }
        }
        Dialect::Cohere => {
            let end = last(events);
            let reason = &end["delta"]["finish_reason"];
            assert!(*reason == "ERROR" || *reason == "TIMEOUT", "{end}");
            serde_json::json!({ "message": end["delta"]["error"] })
        }
        Dialect::Bedrock => {
            let (name, payload) = bedrock::frames(reply).pop().unwrap();
            assert!(name.ends_with("Exception"), "{name}: {payload}");
            payload
        }
    };
    dialect.error_message(&error)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}
