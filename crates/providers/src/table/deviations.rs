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

const fn env_default(member: &'static str, variables: &'static str) -> Quirk {
    Quirk::new(Action::DefaultEnv(Borrowed(member), Borrowed(variables)))
}

const fn rename_in_messages(from: &'static str, to: &'static str) -> Action {
    Action::RenameInMessages(Borrowed(from), Borrowed(to))
}

const fn drop_in_messages(members: &'static str) -> Quirk {
    Quirk::new(Action::DropInMessages(Borrowed(members)))
}

const fn value_of(
    models: &'static str,
    member: &'static str,
    from: &'static str,
    to: &'static str,
) -> Quirk {
    Quirk::of(
        models,
        Action::Value(Borrowed(member), Borrowed(from), Borrowed(to)),
    )
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

/// What clients send back of an answer, and what a strict schema refuses in messages.
const ECHOES: &str = "reasoning_content,thinking_blocks,refusal,annotations,audio,function_call";

/// Cerebras, chat completions: penalties and biases are refused, reasoning goes back under the
/// name it came with.
pub(super) const CEREBRAS: &[Quirk] = &[
    unsupported("frequency_penalty"),
    unsupported("logit_bias"),
    unsupported("presence_penalty"),
    Quirk::new(rename_in_messages("reasoning_content", "reasoning")),
    drop_in_messages(ECHOES),
];

/// Databricks, chat request: a tool result stands right behind its call, reasoning does not go
/// back.
pub(super) const DATABRICKS: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::SplitToolCalls),
    drop_in_messages("reasoning_content,thinking_blocks"),
];

/// `DeepInfra`: tool results must be strings.
pub(super) const DEEPINFRA: &[Quirk] = &[OLD_LIMIT, Quirk::new(Action::FlattenToolContent)];

/// `DeepSeek`, chat completions and thinking mode: thinking is on or off; while it is on, messages
/// of the assistant come back with their reasoning.
pub(super) const DEEPSEEK: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::EffortToThinking),
    Quirk::new(Action::FlattenContent),
    Quirk::of("deepseek-v4,deepseek-reasoner", Action::FillReasoning),
];

/// Groq, OpenAI compatibility and reasoning: what is refused with 400. Reasoning goes back to the
/// models that reason, under the name it came with.
pub(super) const GROQ: &[Quirk] = &[
    Quirk::new(Action::StripNames),
    unsupported("logit_bias"),
    unsupported("logprobs"),
    unsupported("top_logprobs"),
    unsupported("store"),
    unsupported("metadata"),
    value_of("openai/gpt-oss", "reasoning_effort", "minimal", "low"),
    value_of("qwen/", "reasoning_effort", "minimal", "default"),
    value_of("qwen/", "reasoning_effort", "low", "default"),
    value_of("qwen/", "reasoning_effort", "medium", "default"),
    value_of("qwen/", "reasoning_effort", "high", "default"),
    Quirk::of(
        "openai/gpt-oss,qwen/",
        rename_in_messages("reasoning_content", "reasoning"),
    ),
    drop_in_messages(ECHOES),
];

/// Hugging Face, inference providers: one of them is chosen behind the model's name. LiteLLM has
/// it in front.
pub(super) const HUGGINGFACE: &[Quirk] = &[OLD_LIMIT, Quirk::new(Action::RouteSuffix)];

/// Jina and Voyage have their own word for the encoding and answer with floats without it.
pub(super) const JINA: &[Quirk] = &[Quirk::new(drop("encoding_format"))];

/// `MiniMax`, chat completions: temperature is above 0 and ends at 1.
pub(super) const MINIMAX: &[Quirk] = &[clamp("temperature", 0.01, 1.0)];

/// Mistral, chat completions: members that the schema does not have are refused with 422, in
/// messages too; usage comes with every stream. Embeddings: the size has another name.
pub(super) const MISTRAL: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(rename("seed", "random_seed")),
    Quirk::new(rename("dimensions", "output_dimension")),
    value("tool_choice", "required", "any"),
    Quirk::new(Action::StripNames),
    Quirk::new(drop("stream_options")),
    Quirk::new(drop("user")),
    Quirk::new(drop("store")),
    unsupported("logit_bias"),
    drop_in_messages(ECHOES),
];

/// Moonshot, migrating from OpenAI and parameters by model: temperature ends at 1, no tool can be
/// forced; what reasons by default has sampling of its own and wants its reasoning back.
pub(super) const MOONSHOT: &[Quirk] = &[
    OLD_LIMIT,
    clamp("temperature", 0.0, 1.0),
    value("tool_choice", "required", "auto"),
    Quirk::of(FIXED_KIMI, drop("temperature")),
    Quirk::of(FIXED_KIMI, drop("top_p")),
    Quirk::of(FIXED_KIMI, drop("n")),
    Quirk::of(FIXED_KIMI, drop("presence_penalty")),
    Quirk::of(FIXED_KIMI, drop("frequency_penalty")),
    Quirk::of(FIXED_KIMI, Action::EffortToThinking),
    Quirk::new(Action::FlattenContent),
    Quirk::of(
        "kimi-k2.5,kimi-k2.6,kimi-k2-thinking",
        Action::FillReasoning,
    ),
];

/// Models whose sampling cannot be changed and whose thinking is on or off.
const FIXED_KIMI: &str = "kimi-k2.5,kimi-k2.6";

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
    refused(TERSE, "verbosity"),
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

/// Models of the time before `verbosity`.
const TERSE: &str = "gpt-3.5,gpt-4,chatgpt,o1,o3,o4";

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

/// `SambaNova`, chat completions: content must be a string, reasoning goes back under the name it
/// came with.
pub(super) const SAMBANOVA: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::FlattenContent),
    Quirk::new(rename_in_messages("reasoning_content", "reasoning")),
];

/// SCX: temperature ends below 2.
pub(super) const SCX: &[Quirk] = &[OLD_LIMIT, clamp("temperature", 0.0, 1.99)];

/// Gemini on Vertex AI: calls and results are matched by name and order. An `id` is refused as an
/// unknown field (`google.cloud.aiplatform.v1`, `FunctionCall`).
pub(super) const VERTEX_GEMINI: &[Quirk] = &[Quirk::new(Action::DropFunctionIds)];

/// Embedding models of Vertex AI.
pub(super) const VERTEX_EMBEDDINGS: &[Quirk] = &[Quirk::new(Action::PredictEmbeddings)];

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

/// watsonx.ai, infer text chat: the model and the modes of tool choice have other names, the
/// project is named in the body, the URL says whether the answer streams. What an operator has
/// deployed is named in the URL alone.
pub(super) const WATSONX: &[Quirk] = &[
    Quirk::new(rename("model", "model_id")),
    env_default(
        "space_id",
        "WATSONX_DEPLOYMENT_SPACE_ID|WATSONX_SPACE_ID|WX_SPACE_ID",
    ),
    env_default("project_id", "WATSONX_PROJECT_ID|WX_PROJECT_ID"),
    Quirk::new(Action::DropWith(
        Borrowed("project_id"),
        Borrowed("space_id"),
    )),
    Quirk::of("deployment/", drop("model_id")),
    Quirk::of("deployment/", drop("project_id")),
    Quirk::of("deployment/", drop("space_id")),
    Quirk::new(Action::RenameString(
        Borrowed("tool_choice"),
        Borrowed("tool_choice_option"),
    )),
    Quirk::new(drop("stream")),
    Quirk::new(drop("stream_options")),
];

/// xAI, chat completions and reasoning: reasoning models take neither stops nor penalties, and
/// only some of them an effort.
pub(super) const XAI: &[Quirk] = &[
    OLD_LIMIT,
    Quirk::new(Action::StripNames),
    Quirk::of("grok-3-mini,grok-4,grok-code-fast", drop("stop")),
    Quirk::of("grok-4,grok-code-fast", drop("frequency_penalty")),
    Quirk::of(GROK_REASONS, drop("presence_penalty")),
    refused(
        "grok-3,!grok-3-mini,grok-4,!grok-4.3,!grok-4.5,grok-code-fast",
        "reasoning_effort",
    ),
];

const GROK_REASONS: &str = "grok-4,grok-code-fast,!grok-4-fast-non,!grok-4-1-fast-non,\
     !grok-4.20-non,!grok-4.20-0309-non";

/// Z.AI and Zhipu, chat completion: temperature ends at 1, no tool can be forced, thinking is on
/// or off before GLM 5.2.
pub(super) const ZAI: &[Quirk] = &[
    OLD_LIMIT,
    clamp("temperature", 0.0, 1.0),
    value("tool_choice", "required", "auto"),
    Quirk::of("glm-4.,glm-5,!glm-5.2,!glm-5.3", Action::EffortToThinking),
];
