//! A provider as the gateway uses it: a built-in row or one from the configuration file.

use std::str::FromStr;
use std::sync::Arc;

use lockgate_core::Secret;
use lockgate_core::config::{CustomAuth, CustomDialect, CustomProvider};
use lockgate_wire::rerank::RerankFormat;
use lockgate_wire::{DialectId, Operation};

use crate::quirks::{Quirk, QuirkError};
use crate::spec::{Auth, KeyRule, Operations, ProviderSpec, UrlStyle, VertexApi};

/// A provider: how to find its base URL and key, and how to talk to it.
///
/// The fields mean what those of [`ProviderSpec`] mean.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The prefix in `id/model`.
    pub id: String,
    /// Base URL when neither the deployment nor the environment names one. `{NAME|NAME:default}`
    /// in it stands for an environment variable, `{NAME|NAME}` for one that must be set.
    pub base_url: Option<String>,
    /// Environment variables the key is read from; the first that is set wins.
    pub key_env: Vec<String>,
    /// Environment variables the base URL is read from; the first that is set wins.
    pub base_env: Vec<String>,
    /// What to do when no key is found.
    pub key: KeyRule,
    /// The wire format it speaks.
    pub dialect: DialectId,
    /// How the key travels.
    pub auth: Auth,
    /// How base URL, operation and model become a URL.
    pub url: UrlStyle,
    /// What it can be asked for.
    pub operations: Operations,
    /// Headers sent with every request. In a value `{api_key}` stands for the key and
    /// `{NAME|NAME:default}` for an environment variable; an empty value is not sent.
    pub headers: Vec<(String, Secret)>,
    /// Where it deviates from its dialect.
    pub quirks: Vec<Quirk>,
    /// Models that are called in another way: how their names start, whether that start is only
    /// there to name them, and the provider they follow.
    pub families: Vec<(String, bool, Arc<Self>)>,
    /// How it is asked to rerank, where it can.
    pub rerank: RerankFormat,
    /// No network: the engine answers in the provider's place (`demo`).
    pub built_in: bool,
}

/// A `custom_providers` entry that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomProviderError {
    /// The id would be taken apart where a model name is read.
    #[error("custom provider `{0}`: an id is not empty and has no `/`, `*` or space")]
    Id(String),
    /// A deviation that does not exist.
    #[error("custom provider `{id}`: {cause}")]
    Quirk {
        /// The provider.
        id: String,
        /// What is wrong with the quirk.
        cause: QuirkError,
    },
}

// === impl Provider ===

impl Provider {
    /// Whether it can be asked for `operation`.
    #[must_use]
    pub fn supports(&self, operation: Operation) -> bool {
        self.operations.contains(operation)
    }

    /// Whether what it speaks is its dialect to the letter, so that a request of that dialect, and
    /// the answer, may pass as they are. A quirk mends the request only.
    #[must_use]
    pub fn relays(&self, operation: Operation) -> bool {
        let rewritten = matches!(
            self.url,
            UrlStyle::Vertex(VertexApi::Predict) | UrlStyle::MistralFim
        );
        self.supports(operation) && !rewritten
    }

    /// Whether the model's name says more than what to ask for: how it is called, or where.
    #[must_use]
    pub fn depends_on_model(&self) -> bool {
        !self.families.is_empty() || self.url == UrlStyle::Bedrock || self.responds()
    }

    /// The provider that `model` follows, and the model's name there. As in LiteLLM, `responses/`
    /// before the name asks for the Responses API, whatever the client speaks.
    pub(crate) fn settle<'m>(this: &Arc<Self>, model: &'m str) -> (Arc<Self>, &'m str) {
        for (start, strip, provider) in &this.families {
            if let Some(rest) = model.strip_prefix(start.as_str()) {
                return (provider.clone(), if *strip { rest } else { model });
            }
        }
        match model.strip_prefix("responses/") {
            Some(rest) if this.responds() => (Arc::new(this.as_responses()), rest),
            _ => (this.clone(), model),
        }
    }

    /// Whether it has OpenAI's Responses API beside the chat API.
    fn responds(&self) -> bool {
        self.dialect == DialectId::OpenAiChat && self.supports(Operation::Responses)
    }

    /// The same provider, always asked through its Responses API.
    fn as_responses(&self) -> Self {
        Self {
            dialect: DialectId::OpenAiResponses,
            ..self.clone()
        }
    }
}

impl From<&ProviderSpec> for Provider {
    fn from(spec: &ProviderSpec) -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            id: spec.id.to_owned(),
            base_url: spec.base_url.map(str::to_owned),
            key_env: owned(spec.key_env),
            base_env: owned(spec.base_env),
            key: spec.key,
            dialect: spec.dialect,
            auth: spec.auth,
            url: spec.url,
            operations: spec.operations,
            headers: spec
                .headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), Secret::from(value)))
                .collect(),
            quirks: spec.quirks.to_vec(),
            families: spec
                .families
                .iter()
                .map(|f| (f.start.to_owned(), f.strip, Arc::new(Self::from(f.row))))
                .collect(),
            rerank: spec.rerank,
            built_in: spec.built_in,
        }
    }
}

impl TryFrom<&CustomProvider> for Provider {
    type Error = CustomProviderError;

    fn try_from(row: &CustomProvider) -> Result<Self, Self::Error> {
        if row.id.is_empty() || row.id.contains(['/', '*', ' ']) {
            return Err(CustomProviderError::Id(row.id.clone()));
        }
        let quirks = row
            .quirks
            .iter()
            .map(|text| Quirk::from_str(text))
            .collect::<Result<_, _>>()
            .map_err(|cause| CustomProviderError::Quirk {
                id: row.id.clone(),
                cause,
            })?;
        let (dialect, url, operations) = match row.dialect {
            CustomDialect::Openai => (DialectId::OpenAiChat, UrlStyle::OpenAi, Operations::OPENAI),
            CustomDialect::Anthropic => (
                DialectId::Anthropic,
                UrlStyle::Anthropic,
                Operations::ANTHROPIC,
            ),
            CustomDialect::Gemini => (DialectId::Gemini, UrlStyle::Gemini, Operations::GEMINI),
            CustomDialect::Ollama => (DialectId::Ollama, UrlStyle::Ollama, Operations::OLLAMA),
        };
        let auth = match row.auth {
            CustomAuth::Bearer => Auth::Bearer,
            CustomAuth::XApiKey => Auth::AnthropicKey,
            CustomAuth::ApiKey => Auth::Header("api-key"),
            CustomAuth::XGoogApiKey => Auth::GeminiKey,
            CustomAuth::None => Auth::None,
        };
        Ok(Self {
            id: row.id.clone(),
            base_url: row.base_url.as_ref().map(|url| url.as_str().to_owned()),
            key_env: row.api_key_env.clone(),
            base_env: row.api_base_env.clone(),
            // A row that names no variable is usually a server without keys.
            key: if row.api_key_env.is_empty() {
                KeyRule::Optional
            } else {
                KeyRule::Required
            },
            dialect,
            auth,
            url,
            operations,
            headers: row.headers.clone(),
            quirks,
            families: Vec::new(),
            rerank: RerankFormat::Jina,
            built_in: false,
        })
    }
}
