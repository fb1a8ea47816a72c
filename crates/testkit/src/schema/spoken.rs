//! Which schema an answer, an error or an event of a dialect is held against.

use serde_json::Value;

use super::{Api, Definition, Deliberate};

/// A dialect that clients speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// OpenAI chat completions.
    OpenAiChat,
    /// OpenAI responses.
    OpenAiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
    /// Amazon Bedrock `Converse`.
    Bedrock,
    /// Cohere chat, v2.
    Cohere,
    /// Ollama chat.
    Ollama,
}

/// What answers hold beyond the schemas, on purpose.
pub const ANSWERS: &[Deliberate] = &[
    // LiteLLM's clients read these, and OpenAI's have no other place for them.
    Deliberate::new(
        Api::OpenAi,
        "/choices/*/message/reasoning_content",
        "the reasoning of models that show it; DeepSeek's word",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/choices/*/delta/reasoning_content",
        "the same in a stream",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/choices/*/message/thinking_blocks",
        "reasoning with its proof, to be sent back as it is; LiteLLM's word",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/choices/*/delta/thinking_blocks",
        "the same in a stream",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/choices/*/message/images",
        "pictures that the model made; OpenRouter's and LiteLLM's word",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/usage/cache_creation_input_tokens",
        "LiteLLM's name for what was written to the cache",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/usage/cache_read_input_tokens",
        "LiteLLM's name for what was read from the cache",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/usage/prompt_tokens_details/cache_creation_tokens",
        "LiteLLM's name for what was written to the cache",
    ),
    Deliberate::new(
        Api::OpenAi,
        "/usage/prompt_tokens_details/cache_creation_token_details",
        "how long it stays there; LiteLLM's word",
    ),
    // What Open Responses requires and OpenAI's document does not know.
    Deliberate::new(Api::OpenAi, "/frequency_penalty", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/presence_penalty", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/store", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/response/frequency_penalty", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/response/presence_penalty", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/response/store", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/error", OPEN_RESPONSES),
    Deliberate::new(Api::OpenAi, "/logprobs/*/bytes", OPEN_RESPONSES),
    Deliberate::new(
        Api::OpenAi,
        "/logprobs/*/top_logprobs/*/bytes",
        OPEN_RESPONSES,
    ),
    Deliberate::new(
        Api::Bedrock,
        "/__type",
        "the name of the exception, for SDKs that look for it in the body",
    ),
    // Cohere's own servers begin a message so.
    Deliberate::new(Api::Cohere, "/delta/message/content", COHERE),
    Deliberate::new(Api::Cohere, "/delta/message/tool_plan", COHERE),
    Deliberate::new(Api::Cohere, "/delta/message/tool_calls", COHERE),
    Deliberate::new(Api::Cohere, "/delta/message/citations", COHERE),
    Deliberate::new(
        Api::Cohere,
        "/results/*/document",
        "`return_documents`, which Cohere's v1 has and other providers of rerank have kept",
    ),
    Deliberate::new(
        Api::Cohere,
        "/meta/billed_units/total_tokens",
        "what providers bill that count tokens; LiteLLM's word",
    ),
];

const OPEN_RESPONSES: &str = "Open Responses requires it";
const COHERE: &str = "Cohere's servers begin a message with all its members, empty";

// === impl Spoken ===

impl Spoken {
    /// The schemas of a whole answer: two, where two are published.
    #[must_use]
    pub fn answer(self) -> &'static [Definition] {
        match self {
            Self::OpenAiChat => &[(Api::OpenAi, "CreateChatCompletionResponse")],
            Self::OpenAiResponses => &[
                (Api::OpenAi, "Response"),
                (Api::OpenResponses, "ResponseResource"),
            ],
            Self::Anthropic => &[(Api::Anthropic, "Message")],
            Self::Gemini => &[(Api::Gemini, "GenerateContentResponse")],
            Self::Bedrock => &[(Api::Bedrock, "ConverseResponse")],
            Self::Cohere => &[(Api::Cohere, "ChatResponseV2")],
            Self::Ollama => &[(Api::Ollama, "ChatResponse")],
        }
    }

    /// The schema of an error's body.
    #[must_use]
    pub fn error(self) -> &'static [Definition] {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses => &[(Api::OpenAi, "ErrorResponse")],
            Self::Anthropic => &[(Api::Anthropic, "ErrorResponse")],
            Self::Gemini => &[(Api::Gemini, "Error")],
            Self::Bedrock => &[(Api::Bedrock, "Exception")],
            Self::Cohere => &[(Api::Cohere, "Error")],
            Self::Ollama => &[(Api::Ollama, "Error")],
        }
    }

    /// The schemas of one event of a stream. An event of Bedrock is an object whose only member
    /// has the event's name.
    #[must_use]
    pub fn event(self, event: &Value) -> &'static [Definition] {
        let failed = event.get("error").is_some();
        match (self, event["type"].as_str()) {
            (Self::OpenAiChat | Self::Gemini | Self::Ollama, _) if failed => self.error(),
            (Self::OpenAiChat, _) => &[(Api::OpenAi, "CreateChatCompletionStreamResponse")],
            (Self::OpenAiResponses, _) => &[
                (Api::OpenAi, "ResponseStreamEvent"),
                (Api::OpenResponses, "StreamingEvent"),
            ],
            (Self::Anthropic, Some("error")) => self.error(),
            (Self::Anthropic, Some("ping")) => &[(Api::Anthropic, "PingEvent")],
            (Self::Anthropic, _) => &[(Api::Anthropic, "MessageStreamEvent")],
            (Self::Gemini | Self::Ollama, _) => self.answer(),
            (Self::Bedrock, _) => &[(Api::Bedrock, "ConverseStreamOutput")],
            (Self::Cohere, _) => &[(Api::Cohere, "StreamedChatResponseV2")],
        }
    }
}
