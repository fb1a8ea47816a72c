//! The body of a chat request, or the part of it that a splice adds.

use bytes::Bytes;
use serde::Serialize;

use super::super::losses::Losses;
use super::super::media::DocumentOut;
use super::super::params::{self, FormatOut, ThinkingOut};
use super::super::tools::ToolOut;
use super::outgoing::MessageOut;
use crate::canonical::Params;
use crate::dialect::TranslateError;

/// API reference, `V2ChatRequest`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<Vec<MessageOut<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) documents: Vec<DocumentOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict_tools: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_format: Option<FormatOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<ThinkingOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_sequences: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream: Option<bool>,
}

// === impl Body ===

impl<'a> Body<'a> {
    /// Sets what is neither conversation nor tools nor the form of the answer.
    pub(super) fn set_params(&mut self, params: &'a Params, model: &str, losses: &mut Losses) {
        self.thinking = params::thinking(params, model, losses);
        self.max_tokens = params.max_tokens;
        self.stop_sequences = params::stop(params, losses);
        self.temperature = params.temperature;
        self.p = params::mass(params.top_p, losses);
        self.k = params::within(params.top_k, params::MAX_K, "top_k", losses);
        self.seed = params::seed(params.seed, losses);
        self.frequency_penalty =
            params::penalty(params.frequency_penalty, "frequency_penalty", losses);
        self.presence_penalty =
            params::penalty(params.presence_penalty, "presence_penalty", losses);
        self.logprobs = params.logprobs;
    }

    pub(super) fn write(&self) -> Result<Bytes, TranslateError> {
        serde_json::to_vec(self)
            .map(Bytes::from)
            .map_err(|error| TranslateError::invalid(error.to_string()))
    }
}
