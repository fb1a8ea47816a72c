//! Turns a request's operation and script into a reply, and keeps the replies that do not depend on the body.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Failure, has_tool_results, last_user_text},
    body::End,
    dialect::{anthropic, bedrock, cohere, completions, gemini, ollama, openai, responses},
    operation::Operation,
    scan,
    script::{Fault, Flavour, Script},
};

/// What is sent back.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Whole {
        status: u16,
        body: Bytes,
    },
    /// A whole body of which only the first half is sent.
    Half {
        body: Bytes,
        end: End,
    },
    Stream {
        content_type: &'static str,
        frames: Arc<[Bytes]>,
        end: End,
    },
    Never,
}

/// A reply and the script behind it.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) script: Script,
    pub(super) reply: Reply,
    /// The reply for requests after a `flaky` model has failed often enough.
    pub(super) recovered: Option<Reply>,
}

/// What besides the model name shapes the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Shape {
    operation: Operation,
    stream: bool,
    include_usage: bool,
    sse: bool,
}

/// Names seen per shape before the cache starts over; only a client with ever new names reaches it.
const CACHED: usize = 256;
const SSE: &str = "text/event-stream";
const NDJSON: &str = "application/x-ndjson";
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

thread_local! {
    static CACHE: RefCell<HashMap<Shape, HashMap<String, Arc<Prepared>>>> = RefCell::default();
}

// === impl Prepared ===

impl Prepared {
    /// The reply to one request.
    pub(super) fn of(operation: Operation, model: &str, query: &str, body: &[u8]) -> Arc<Self> {
        let shape = Shape::of(operation, query, body);
        let cached = CACHE.with_borrow(|cache| cache.get(&shape)?.get(model).cloned());
        if let Some(prepared) = cached {
            return prepared;
        }
        let mut script = Script::parse(model);
        let depends_on_body = matches!(script.flavour, Flavour::Echo | Flavour::Agent);
        if script.flavour == Flavour::Agent && has_tool_results(body) {
            script.flavour = Flavour::Text;
        }
        let prepared = Arc::new(Self::new(shape, script, model, body));
        if shape.generates() && !depends_on_body {
            CACHE.with_borrow_mut(|cache| {
                let names = cache.entry(shape).or_default();
                if names.len() == CACHED {
                    names.clear();
                }
                names.insert(model.to_owned(), Arc::clone(&prepared));
            });
        }
        prepared
    }

    fn new(shape: Shape, script: Script, model: &str, body: &[u8]) -> Self {
        let good = |script: &Script| {
            if shape.generates() {
                shape.generated(script, model, body)
            } else {
                shape.fixed(body)
            }
        };
        let reply = match script.fault {
            Fault::None | Fault::HangStream | Fault::CutStream | Fault::ErrorLate => good(&script),
            Fault::ErrorFirst if shape.stream => good(&script),
            Fault::ErrorFirst => shape.error(Failure::Status(500), model),
            Fault::Status(status) => shape.error(Failure::Status(status), model),
            Fault::Flaky(_) => shape.error(Failure::Status(500), model),
            Fault::ContextWindow => shape.error(Failure::ContextWindow, model),
            Fault::ContentPolicy => shape.error(Failure::ContentPolicy, model),
            Fault::Hang => Reply::Never,
        };
        let recovered = matches!(script.fault, Fault::Flaky(_)).then(|| good(&script));
        Self {
            script,
            reply,
            recovered,
        }
    }
}

// === impl Shape ===

impl Shape {
    fn of(operation: Operation, query: &str, body: &[u8]) -> Self {
        let stream = match operation {
            Operation::GeminiStream | Operation::BedrockStream => true,
            Operation::OllamaChat | Operation::OllamaGenerate => {
                scan::boolean(body, "stream").unwrap_or(true)
            }
            Operation::OpenAiChat
            | Operation::OpenAiCompletions
            | Operation::OpenAiResponses
            | Operation::AnthropicMessages
            | Operation::CohereChat => scan::boolean(body, "stream").unwrap_or(false),
            _ => false,
        };
        let openai = matches!(
            operation,
            Operation::OpenAiChat | Operation::OpenAiCompletions
        ) && stream;
        Self {
            operation,
            stream,
            include_usage: openai && scan::boolean(body, "include_usage").unwrap_or(false),
            sse: operation == Operation::GeminiStream && query.contains("alt=sse"),
        }
    }

    fn generates(self) -> bool {
        matches!(
            self.operation,
            Operation::OpenAiChat
                | Operation::OpenAiCompletions
                | Operation::OpenAiResponses
                | Operation::AnthropicMessages
                | Operation::GeminiGenerate
                | Operation::GeminiStream
                | Operation::BedrockConverse
                | Operation::BedrockStream
                | Operation::CohereChat
                | Operation::OllamaChat
                | Operation::OllamaGenerate
        )
    }

    fn generated(self, script: &Script, model: &str, body: &[u8]) -> Reply {
        let echo = if script.flavour == Flavour::Echo {
            last_user_text(body)
        } else {
            String::new()
        };
        let answer = Answer::new(model, script, &echo);
        if !self.stream {
            let body = json_bytes(&self.whole(&answer));
            return match script.fault {
                Fault::HangStream => Reply::Half {
                    body,
                    end: End::Hang,
                },
                Fault::CutStream => Reply::Half {
                    body,
                    end: End::Cut,
                },
                Fault::ErrorLate => self.error(Failure::Status(500), model),
                _ => Reply::Whole { status: 200, body },
            };
        }
        let mut frames = self.frames(&answer);
        // Enough for the client to have seen text, not enough to have seen all of it.
        let few = (frames.len() / 2).max(2);
        let failure = self.error_frame(model);
        let end = match script.fault {
            Fault::HangStream => {
                frames.truncate(1);
                End::Hang
            }
            Fault::CutStream => {
                frames.truncate(few);
                End::Cut
            }
            Fault::ErrorFirst => {
                frames = vec![failure];
                End::Finish
            }
            Fault::ErrorLate => {
                frames.truncate(few);
                frames.push(failure);
                End::Finish
            }
            _ => End::Finish,
        };
        Reply::Stream {
            content_type: self.content_type(),
            frames: frames.into(),
            end,
        }
    }

    fn whole(self, answer: &Answer) -> Value {
        match self.operation {
            Operation::AnthropicMessages => anthropic::whole(answer),
            Operation::OpenAiCompletions => completions::whole(answer),
            Operation::OpenAiResponses => responses::whole(answer),
            Operation::GeminiGenerate | Operation::GeminiStream => gemini::whole(answer),
            Operation::BedrockConverse | Operation::BedrockStream => bedrock::whole(answer),
            Operation::CohereChat => cohere::whole(answer),
            Operation::OllamaChat => ollama::whole(answer, ollama::Form::Chat),
            Operation::OllamaGenerate => ollama::whole(answer, ollama::Form::Generate),
            _ => openai::whole(answer),
        }
    }

    fn frames(self, answer: &Answer) -> Vec<Bytes> {
        match self.operation {
            Operation::AnthropicMessages => anthropic::frames(answer),
            Operation::OpenAiCompletions => completions::frames(answer, self.include_usage),
            Operation::OpenAiResponses => responses::frames(answer),
            Operation::GeminiGenerate | Operation::GeminiStream => gemini::frames(answer, self.sse),
            Operation::BedrockConverse | Operation::BedrockStream => bedrock::frames(answer),
            Operation::CohereChat => cohere::frames(answer),
            Operation::OllamaChat => ollama::frames(answer, ollama::Form::Chat),
            Operation::OllamaGenerate => ollama::frames(answer, ollama::Form::Generate),
            _ => openai::frames(answer, self.include_usage),
        }
    }

    fn content_type(self) -> &'static str {
        match self.operation {
            Operation::OllamaChat | Operation::OllamaGenerate => NDJSON,
            Operation::BedrockStream => EVENT_STREAM,
            Operation::GeminiStream if !self.sse => "application/json",
            _ => SSE,
        }
    }

    fn error(self, failure: Failure, model: &str) -> Reply {
        let (status, body) = match self.dialect() {
            Dialect::Anthropic => anthropic::error(failure, model),
            Dialect::Gemini => gemini::error(failure, model),
            Dialect::Bedrock => bedrock::error(failure, model),
            Dialect::Cohere => cohere::error(failure, model),
            Dialect::Ollama => ollama::error(failure, model),
            Dialect::OpenAi => openai::error(failure, model),
        };
        if status == 200 && self.stream {
            // A refusal that this dialect does not call an error arrives as a stream of its own.
            let frame = if self.sse {
                gemini::event(&body)
            } else {
                json_bytes(&json!([body]))
            };
            return Reply::Stream {
                content_type: self.content_type(),
                frames: [frame].into(),
                end: End::Finish,
            };
        }
        Reply::Whole {
            status,
            body: json_bytes(&body),
        }
    }

    fn error_frame(self, model: &str) -> Bytes {
        match self.dialect() {
            Dialect::Anthropic => anthropic::error_frame(Failure::Status(529), model),
            Dialect::Gemini => gemini::error_frame(Failure::Status(503), model),
            Dialect::Bedrock => bedrock::error_frame(),
            Dialect::Cohere => cohere::error_frame(),
            Dialect::Ollama => ollama::error_frame(Failure::Status(500), model),
            Dialect::OpenAi if self.operation == Operation::OpenAiResponses => {
                responses::error_frame(Failure::Status(500), model)
            }
            Dialect::OpenAi => openai::error_frame(Failure::Status(500), model),
        }
    }

    /// Replies of the operations that generate no text.
    fn fixed(self, body: &[u8]) -> Reply {
        let request = serde_json::from_slice(body).unwrap_or(Value::Null);
        let body = match self.operation {
            Operation::OpenAiEmbeddings => openai::embeddings(&request),
            Operation::OpenAiModels => openai::models(),
            Operation::OpenAiInputTokens => responses::count_tokens(),
            Operation::AnthropicCountTokens => anthropic::count_tokens(),
            Operation::AnthropicModels => anthropic::models(),
            Operation::GeminiEmbed => gemini::embedding(),
            Operation::GeminiBatchEmbed => gemini::batch_embeddings(&request),
            Operation::GeminiCountTokens => gemini::count_tokens(),
            Operation::GeminiModels => gemini::models(),
            Operation::BedrockInvoke => bedrock::embedding(),
            Operation::CohereEmbed => cohere::embed(&request),
            Operation::CohereRerank => cohere::rerank(&request),
            Operation::OllamaEmbed => ollama::embed(&request),
            Operation::OllamaEmbeddings => ollama::embeddings(),
            Operation::OllamaTags => ollama::tags(),
            Operation::OllamaVersion => ollama::version(),
            Operation::OllamaPs => ollama::ps(),
            Operation::OllamaShow => ollama::show(),
            Operation::Health => json!({ "status": "ok" }),
            _ => {
                let body = json!({ "error": { "message": "The mock does not know this path." } });
                return Reply::Whole {
                    status: 404,
                    body: json_bytes(&body),
                };
            }
        };
        Reply::Whole {
            status: 200,
            body: json_bytes(&body),
        }
    }

    fn dialect(self) -> Dialect {
        match self.operation {
            Operation::AnthropicMessages
            | Operation::AnthropicCountTokens
            | Operation::AnthropicModels => Dialect::Anthropic,
            Operation::GeminiGenerate
            | Operation::GeminiStream
            | Operation::GeminiEmbed
            | Operation::GeminiBatchEmbed
            | Operation::GeminiCountTokens
            | Operation::GeminiModels => Dialect::Gemini,
            Operation::BedrockConverse | Operation::BedrockStream | Operation::BedrockInvoke => {
                Dialect::Bedrock
            }
            Operation::CohereChat | Operation::CohereEmbed | Operation::CohereRerank => {
                Dialect::Cohere
            }
            Operation::OllamaChat
            | Operation::OllamaGenerate
            | Operation::OllamaEmbed
            | Operation::OllamaEmbeddings
            | Operation::OllamaTags
            | Operation::OllamaVersion
            | Operation::OllamaPs
            | Operation::OllamaShow => Dialect::Ollama,
            _ => Dialect::OpenAi,
        }
    }
}

enum Dialect {
    OpenAi,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
    Ollama,
}

fn json_bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
