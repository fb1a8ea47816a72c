//! Deviations that rows share, and the longer lists of single providers.

use std::borrow::Cow::Borrowed;

use crate::quirks::{Action, Quirk};

const fn rename(from: &'static str, to: &'static str) -> Action {
    Action::Rename(Borrowed(from), Borrowed(to))
}

const fn drop(member: &'static str) -> Action {
    Action::Drop(Borrowed(member))
}

const fn unsupported(member: &'static str) -> Quirk {
    Quirk::new(Action::Unsupported(Borrowed(member)))
}

const fn value(member: &'static str, from: &'static str, to: &'static str) -> Quirk {
    Quirk::new(Action::Value(
        Borrowed(member),
        Borrowed(from),
        Borrowed(to),
    ))
}

const fn clamp(member: &'static str, min: f64, max: f64) -> Quirk {
    Quirk::new(Action::Clamp(Borrowed(member), min, max))
}

/// Knows only the older name of the output limit.
const OLD_LIMIT: Quirk = Quirk::new(rename("max_completion_tokens", "max_tokens"));

/// Servers built against OpenAI's API of 2024.
pub(super) const MAX_TOKENS: &[Quirk] = &[OLD_LIMIT];

/// The same, and content must be a string.
pub(super) const MAX_TOKENS_TEXT: &[Quirk] = &[OLD_LIMIT, Quirk::new(Action::FlattenContent)];

/// Content must be a string.
pub(super) const TEXT: &[Quirk] = &[Quirk::new(Action::FlattenContent)];

/// Cerebras, chat completions: penalties, biases and log probabilities are refused.
pub(super) const CEREBRAS: &[Quirk] = &[
    OLD_LIMIT,
    unsupported("frequency_penalty"),
    unsupported("logit_bias"),
    unsupported("presence_penalty"),
];

/// `DeepInfra`: tool results must be strings.
pub(super) const DEEPINFRA: &[Quirk] = &[OLD_LIMIT, Quirk::new(Action::FlattenToolContent)];

/// `DeepSeek`, chat completions: thinking is on or off.
pub(super) const DEEPSEEK: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::EffortToThinking),
    Quirk::new(Action::FlattenContent),
];

/// Fireworks, chat completions: `any` is what OpenAI calls `required`.
pub(super) const FIREWORKS: &[Quirk] = &[OLD_LIMIT, value("tool_choice", "required", "any")];

/// Groq, OpenAI compatibility: what is refused with 400.
pub(super) const GROQ: &[Quirk] = &[
    Quirk::new(Action::StripNames),
    unsupported("logit_bias"),
    unsupported("logprobs"),
    unsupported("top_logprobs"),
];

/// Jina and Voyage have their own word for the encoding and answer with floats without it.
pub(super) const JINA: &[Quirk] = &[Quirk::new(drop("encoding_format"))];

/// Mistral, chat completions: members that the schema does not have are refused with 422; usage
/// comes with every stream.
pub(super) const MISTRAL: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(rename("seed", "random_seed")),
    value("tool_choice", "required", "any"),
    Quirk::new(Action::StripNames),
    Quirk::new(drop("stream_options")),
    Quirk::new(drop("user")),
    Quirk::new(drop("store")),
    unsupported("logit_bias"),
    unsupported("logprobs"),
    unsupported("top_logprobs"),
];

/// Moonshot, migrating from OpenAI: temperature ends at 1, no tool can be forced.
pub(super) const MOONSHOT: &[Quirk] = &[
    OLD_LIMIT,
    clamp("temperature", 0.0, 1.0),
    value("tool_choice", "required", "auto"),
    Quirk::new(Action::FlattenContent),
];

/// OpenAI, chat completions: what reasoning models refuse.
pub(super) const OPENAI: &[Quirk] = &[
    Quirk::of(REASONING, rename("max_tokens", "max_completion_tokens")),
    refused(REASONING, "frequency_penalty"),
    refused(REASONING, "presence_penalty"),
    refused(REASONING, "logit_bias"),
    refused(REASONING, "stop"),
    // From gpt-5.1 on these work as long as no reasoning is asked for.
    refused(ALWAYS_REASONING, "logprobs"),
    refused(ALWAYS_REASONING, "temperature"),
    refused(ALWAYS_REASONING, "top_logprobs"),
    refused(ALWAYS_REASONING, "top_p"),
    refused("o1,o3,o4", "parallel_tool_calls"),
];

/// The same for models whose names do not tell.
pub(super) const REASONING_MODELS: &[Quirk] = &[
    Quirk::new(rename("max_tokens", "max_completion_tokens")),
    unsupported("frequency_penalty"),
    unsupported("presence_penalty"),
    unsupported("logit_bias"),
    unsupported("logprobs"),
    unsupported("stop"),
    unsupported("temperature"),
    unsupported("top_logprobs"),
    unsupported("top_p"),
];

const REASONING: &str = "o1,o3,o4,gpt-5,gpt-6,!gpt-5-chat";
const ALWAYS_REASONING: &str = "o1,o3,o4,gpt-5,!gpt-5-chat,!gpt-5.";

const fn refused(models: &'static str, member: &'static str) -> Quirk {
    Quirk::of(models, Action::Unsupported(Borrowed(member)))
}

/// OpenRouter, usage accounting: cost and cached tokens come when asked for.
pub(super) const OPENROUTER: &[Quirk] = &[Quirk::new(Action::Default(
    Borrowed("usage"),
    Borrowed(r#"{"include":true}"#),
))];

/// Parasail keeps nothing and refuses to be asked to.
pub(super) const PARASAIL: &[Quirk] = &[Quirk::new(Action::Set(
    Borrowed("store"),
    Borrowed("false"),
))];

/// SCX: temperature ends below 2.
pub(super) const SCX: &[Quirk] = &[OLD_LIMIT, clamp("temperature", 0.0, 1.99)];

/// Claude on Vertex AI: the model is in the path, the version of the API in the body.
pub(super) const VERTEX_CLAUDE: &[Quirk] = &[
    Quirk::new(drop("model")),
    Quirk::new(Action::Set(
        Borrowed("anthropic_version"),
        Borrowed(r#""vertex-2023-10-16""#),
    )),
];

/// Voyage, text embeddings.
pub(super) const VOYAGE: &[Quirk] = &[
    Quirk::new(rename("dimensions", "output_dimension")),
    Quirk::new(drop("encoding_format")),
];

/// xAI, chat completions: reasoning models take neither stops nor penalties.
pub(super) const XAI: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::StripNames),
    Quirk::of("grok-3-mini,grok-4,grok-code-fast", drop("stop")),
    Quirk::of("grok-4,grok-code-fast", drop("frequency_penalty")),
];
