//! Everything about a chat request that is neither conversation nor tool.

use super::{RawJson, Reasoning, ToolChoice};

/// Sampling and output parameters; absent means the provider's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    /// At most so many output tokens.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling mass.
    pub top_p: Option<f64>,
    /// Sample from the k most likely tokens.
    pub top_k: Option<u64>,
    /// Sample from tokens at least so likely as this part of the likeliest.
    pub min_p: Option<f64>,
    /// Stop before any of these.
    pub stop: Option<Vec<String>>,
    /// Seed of the sampler.
    pub seed: Option<i64>,
    /// OpenAI's additive presence penalty, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// OpenAI's additive frequency penalty, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// The multiplicative penalty of llama.cpp and vLLM; 1 means none.
    pub repetition_penalty: Option<f64>,
    /// So many choices.
    pub n: Option<u32>,
    /// Return log probabilities.
    pub logprobs: Option<bool>,
    /// So many alternatives per token.
    pub top_logprobs: Option<u32>,
    /// OpenAI's map from token id to bias.
    pub logit_bias: Option<RawJson>,
    /// The customer's id, for the provider's abuse detection.
    pub user: Option<String>,
    /// The model may call several tools in one turn.
    pub parallel_tool_calls: Option<bool>,
    /// Which tool the model shall call.
    pub tool_choice: Option<ToolChoice>,
    /// The form of the answer.
    pub response_format: Option<ResponseFormat>,
    /// How much to think first.
    pub reasoning: Option<Reasoning>,
    /// OpenAI's and Anthropic's service tier.
    pub service_tier: Option<String>,
    /// OpenAI's `verbosity`.
    pub verbosity: Option<String>,
    /// OpenAI's output modalities (`text`, `audio`).
    pub modalities: Option<Vec<String>>,
    /// How long Ollama keeps the model loaded, as it was written.
    pub keep_alive: Option<RawJson>,
    /// Members that no canonical field holds, with the name their own dialect gives them.
    ///
    /// From an OpenAI client or the config file they are provider parameters and go into the
    /// upstream body as they are (reference section 1.6); from other clients they are a loss.
    pub extra: Vec<(String, RawJson)>,
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ResponseFormat {
    /// Free text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// The schema's name.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The JSON Schema.
        schema: Option<RawJson>,
        /// The provider shall hold the model to it.
        strict: Option<bool>,
    },
}

// === impl Params ===

impl Params {
    /// Whether the schema of the answer says what it is for, which OpenAI alone has a place for.
    pub fn describes_schema(&self) -> bool {
        matches!(
            &self.response_format,
            Some(ResponseFormat::JsonSchema {
                description: Some(_),
                ..
            })
        )
    }

    /// Fills what is absent from `defaults`; what is present wins.
    pub fn fill_from(&mut self, defaults: &Self) {
        fn fill<T: Clone>(slot: &mut Option<T>, default: &Option<T>) {
            if slot.is_none() {
                slot.clone_from(default);
            }
        }
        fill(&mut self.max_tokens, &defaults.max_tokens);
        fill(&mut self.temperature, &defaults.temperature);
        fill(&mut self.top_p, &defaults.top_p);
        fill(&mut self.top_k, &defaults.top_k);
        fill(&mut self.min_p, &defaults.min_p);
        fill(&mut self.stop, &defaults.stop);
        fill(&mut self.seed, &defaults.seed);
        fill(&mut self.presence_penalty, &defaults.presence_penalty);
        fill(&mut self.frequency_penalty, &defaults.frequency_penalty);
        fill(&mut self.repetition_penalty, &defaults.repetition_penalty);
        fill(&mut self.n, &defaults.n);
        fill(&mut self.logprobs, &defaults.logprobs);
        fill(&mut self.top_logprobs, &defaults.top_logprobs);
        fill(&mut self.logit_bias, &defaults.logit_bias);
        fill(&mut self.user, &defaults.user);
        fill(&mut self.parallel_tool_calls, &defaults.parallel_tool_calls);
        fill(&mut self.tool_choice, &defaults.tool_choice);
        fill(&mut self.response_format, &defaults.response_format);
        fill(&mut self.reasoning, &defaults.reasoning);
        fill(&mut self.service_tier, &defaults.service_tier);
        fill(&mut self.verbosity, &defaults.verbosity);
        fill(&mut self.modalities, &defaults.modalities);
        fill(&mut self.keep_alive, &defaults.keep_alive);
        for (name, value) in &defaults.extra {
            if !self.extra.iter().any(|(present, _)| present == name) {
                self.extra.push((name.clone(), value.clone()));
            }
        }
    }
}
