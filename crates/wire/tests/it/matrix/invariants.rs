//! What every pair of dialects must keep, whatever the answer.

use std::collections::BTreeMap;

use lockgate_wire::canonical::{
    Block, BlockKind, ChatResponse, Choice, ErrorKind, FinishReason, Logprobs, RawJson, Usage,
};

use super::*;

/// What an answer comes to, however it is cut into blocks and events.
#[derive(Debug, Clone, PartialEq, Default)]
struct Gist {
    choices: BTreeMap<u32, Said>,
    usage: Usage,
    error: Option<(ErrorKind, String)>,
}

/// What one choice says.
#[derive(Debug, Clone, PartialEq, Default)]
struct Said {
    /// Text and refusal: a dialect without refusals writes them as text.
    text: String,
    refused: bool,
    thinking: String,
    signatures: Vec<String>,
    redacted: Vec<String>,
    calls: Vec<Call>,
    tokens: Vec<(String, i64)>,
    finish: Option<FinishReason>,
    stop_sequence: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

// === impl Gist ===

impl Gist {
    /// Where a content filter has no word, the answer that it cut off has failed.
    fn fail_filtered(&mut self) {
        for said in self.choices.values_mut() {
            if said.finish == Some(FinishReason::ContentFilter) {
                said.finish = None;
                let message = "a content filter stopped the answer".to_owned();
                self.error = Some((ErrorKind::Internal, message));
                self.usage = Usage::default();
            }
        }
        self.choices.retain(|_, said| *said != Said::default());
    }

    fn of_response(response: &ChatResponse) -> Self {
        let mut gist = Self {
            usage: crate::told(response.usage.unwrap_or_default()),
            ..Self::default()
        };
        for choice in &response.choices {
            let said = gist.choices.entry(choice.index).or_default();
            choice.content.iter().for_each(|block| said.add(block));
            choice.logprobs.iter().for_each(|l| said.add_logprobs(l));
            said.finish = Some(choice.finish);
            said.stop_sequence.clone_from(&choice.stop_sequence);
        }
        gist.normal()
    }

    fn of_events(events: &[StreamEvent]) -> Self {
        let mut gist = Self::default();
        for event in events {
            gist.add_event(event);
        }
        gist.normal()
    }

    fn add_event(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Text { choice, text } => self.said(*choice).text.push_str(text),
            StreamEvent::Refusal { choice, text } => {
                self.said(*choice).text.push_str(text);
                self.said(*choice).refused = true;
            }
            StreamEvent::Thinking { choice, text } => self.said(*choice).thinking.push_str(text),
            StreamEvent::Signature { choice, signature } => {
                self.said(*choice).signatures.push(signature.clone());
            }
            StreamEvent::RedactedThinking { choice, data } => {
                self.said(*choice).redacted.push(data.clone());
            }
            StreamEvent::ToolStart {
                choice,
                index,
                id,
                name,
            } => {
                let calls = &mut self.said(*choice).calls;
                assert_eq!(
                    calls.len(),
                    *index as usize,
                    "calls are counted without gaps"
                );
                calls.push(Call {
                    id: id.clone(),
                    name: name.clone(),
                    arguments: String::new(),
                });
            }
            StreamEvent::ToolArguments {
                choice,
                index,
                json,
            } => self.said(*choice).calls[*index as usize]
                .arguments
                .push_str(json),
            StreamEvent::Logprobs { choice, logprobs } => {
                self.said(*choice).add_logprobs(logprobs);
            }
            StreamEvent::Finish {
                choice,
                reason,
                stop_sequence,
            } => {
                self.said(*choice).finish = Some(*reason);
                self.said(*choice).stop_sequence.clone_from(stop_sequence);
            }
            StreamEvent::Usage(usage) => self.usage = crate::told(*usage),
            StreamEvent::Error(error) => self.error = Some((error.kind, error.message.clone())),
            _ => {}
        }
    }

    fn said(&mut self, choice: u32) -> &mut Said {
        self.choices.entry(choice).or_default()
    }

    /// Arguments are compared as JSON, nothing being an empty object.
    fn normal(mut self) -> Self {
        if let Some((kind, _)) = &mut self.error {
            // The dialects have one to four names for what is the provider's fault.
            *kind = match *kind {
                ErrorKind::Overloaded | ErrorKind::Unavailable | ErrorKind::BadGateway => {
                    ErrorKind::Internal
                }
                kind => kind,
            };
            // Most dialects give counts at the end of an answer, and this one never got there.
            self.usage = Usage::default();
        }
        for call in self.choices.values_mut().flat_map(|said| &mut said.calls) {
            if call.arguments.is_empty() {
                call.arguments.push_str("{}");
            }
            if let Ok(value) = serde_json::from_str::<Value>(&call.arguments) {
                call.arguments = value.to_string();
            }
        }
        self
    }

    /// What is left of this when a client of `dialect` has read it.
    fn read_by(mut self, dialect: DialectId) -> Self {
        use DialectId::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAiChat, OpenAiResponses};
        if !matches!(dialect, OpenAiChat | Gemini) {
            self.choices.retain(|choice, _| *choice == 0);
        }
        for said in self.choices.values_mut() {
            said.finish = said
                .finish
                .map(|reason| finish_in(dialect, reason, said.refused));
            said.refused &= matches!(dialect, OpenAiChat | OpenAiResponses);
            if matches!(dialect, Anthropic | Bedrock) {
                said.tokens.clear();
            } else {
                said.stop_sequence = None;
            }
            if !matches!(dialect, OpenAiChat | OpenAiResponses | Cohere) {
                said.calls.iter_mut().for_each(Call::wrap);
            }
            if matches!(dialect, Gemini | Ollama | Cohere) {
                said.redacted.clear();
            }
            if matches!(dialect, Ollama | Cohere) {
                said.signatures.clear();
            }
        }
        if dialect == Cohere {
            self.fail_filtered();
        }
        if let (Some((kind, _)), Ollama) = (&mut self.error, dialect) {
            // An error in Ollama's streams is nothing but a sentence.
            *kind = ErrorKind::Internal;
        }
        if let (Some((kind, _)), Cohere) = (&mut self.error, dialect)
            && *kind != ErrorKind::Timeout
        {
            // Of all errors in Cohere's streams this one alone has a word of its own.
            *kind = ErrorKind::Internal;
        }
        if let (Some((kind @ ErrorKind::Timeout, _)), Bedrock) = (&mut self.error, dialect) {
            // Its streams have no exception of their own for that.
            *kind = ErrorKind::Internal;
        }
        read_usage(&mut self.usage, dialect);
        self
    }
}

impl Call {
    /// Where arguments must be an object, text that is none becomes a member of one.
    fn wrap(&mut self) {
        if serde_json::from_str::<Value>(&self.arguments).is_err() {
            self.arguments = serde_json::json!({ "arguments": self.arguments }).to_string();
        }
    }
}

impl Said {
    fn add(&mut self, block: &Block) {
        match &block.kind {
            BlockKind::Text { text, .. } => self.text.push_str(text),
            BlockKind::Refusal { text } => {
                self.text.push_str(text);
                self.refused = true;
            }
            BlockKind::Thinking { text, signature } => {
                self.thinking.push_str(text);
                self.signatures.extend(signature.clone());
            }
            BlockKind::RedactedThinking { data } => self.redacted.push(data.clone()),
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => self.calls.push(Call {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            }),
            _ => {}
        }
    }

    fn add_logprobs(&mut self, logprobs: &Logprobs) {
        self.tokens.extend(logprobs.content.iter().map(|entry| {
            let micro = (entry.token.logprob * 1e6).round() as i64;
            (entry.token.token.clone(), micro)
        }));
    }
}

/// What a client of `dialect` can be told of what was used.
fn read_usage(usage: &mut Usage, dialect: DialectId) {
    use DialectId::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAiResponses};
    if dialect == Gemini {
        (usage.cache_write, usage.cache_write_1h) = (0, 0);
    }
    if dialect == Bedrock {
        usage.reasoning = 0;
    }
    if dialect == OpenAiResponses {
        usage.cache_write_1h = 0;
    }
    if matches!(dialect, Anthropic | Bedrock | OpenAiResponses) {
        (usage.audio_input, usage.audio_output) = (0, 0);
    }
    if dialect == Cohere {
        *usage = Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read: usage.cache_read,
            ..Usage::default()
        };
    }
    if dialect == Ollama {
        *usage = Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            ..Usage::default()
        };
    }
}

/// The reason that a client of `dialect` can be given for `reason`.
fn finish_in(dialect: DialectId, reason: FinishReason, refused: bool) -> FinishReason {
    use DialectId::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAiChat, OpenAiResponses};
    use FinishReason::{ContentFilter, Pause, Refusal, Stop, StopSequence};
    match (dialect, reason) {
        (OpenAiChat | OpenAiResponses | Gemini | Ollama, StopSequence | Pause) => Stop,
        (OpenAiChat | OpenAiResponses, Refusal) if refused => Refusal,
        (OpenAiChat | OpenAiResponses | Gemini | Bedrock, Refusal) => ContentFilter,
        (Bedrock, Pause) => Stop,
        // The text says it all.
        (Ollama | Cohere, Refusal) | (Cohere, Pause) => Stop,
        (Anthropic, ContentFilter) => Refusal,
        (_, kept) => kept,
    }
}

#[test]
fn an_answer_reads_the_same_through_every_pair() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in fixtures(upstream, "responses") {
            let response = upstream.dialect().decode_response(&body).unwrap();
            let written = client.dialect().encode_response(&response, &reply());
            let filtered = |choice: &Choice| choice.finish == FinishReason::ContentFilter;
            if client == DialectId::Cohere && response.choices.iter().any(filtered) {
                // It has no word for that, only one for an answer that failed.
                client.dialect().decode_response(&written).unwrap_err();
                continue;
            }
            let read = client.dialect().decode_response(&written).unwrap();
            assert_eq!(
                Gist::of_response(&read),
                Gist::of_response(&response).read_by(client),
                "{name}, {upstream:?} to {client:?}"
            );
        }
    }
}

#[test]
fn a_stream_reads_the_same_through_every_pair() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in fixtures(upstream, "streams") {
            let sent = events(upstream, &body).unwrap();
            let written = write_stream(client, &sent);
            let read = events(client, &written).unwrap();
            let mut expected = Gist::of_events(&sent).read_by(client);
            if (upstream, client) == (DialectId::Bedrock, DialectId::Anthropic) {
                // Bedrock counts last, where Anthropic has no lifetimes.
                expected.usage.cache_write_1h = 0;
            }
            assert_eq!(
                Gist::of_events(&read),
                expected,
                "{name}, {upstream:?} to {client:?}"
            );
        }
    }
}

/// Models write JSON over several lines, and a line feed would end a frame.
#[test]
fn line_feeds_in_json_break_no_frame() {
    let choice = 0;
    let lines = "{\n  \"city\":\r\n  \"Porto\"\n\n}";
    for client in DialectId::ALL {
        for origin in DialectId::ALL {
            let sent = [
                StreamEvent::Start {
                    id: None,
                    model: None,
                },
                StreamEvent::ToolStart {
                    choice,
                    index: 0,
                    id: "call_1".to_owned(),
                    name: "f".to_owned(),
                },
                StreamEvent::ToolArguments {
                    choice,
                    index: 0,
                    json: lines.to_owned(),
                },
                StreamEvent::Opaque {
                    choice,
                    origin,
                    raw: RawJson::parse(format!(
                        "{{\n\"type\":\n\"server_tool_use\",\n\n\"input\":{lines}}}"
                    ))
                    .unwrap(),
                },
                StreamEvent::Finish {
                    choice,
                    reason: FinishReason::ToolUse,
                    stop_sequence: None,
                },
                StreamEvent::End,
            ];
            let read = events(client, &write_stream(client, &sent)).unwrap();
            assert_eq!(
                Gist::of_events(&read),
                Gist::of_events(&sent),
                "{origin:?} to {client:?}"
            );
        }
    }
}
