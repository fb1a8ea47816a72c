//! `lockgate_settings` and `custom_providers`: the sections that are ours. LiteLLM ignores both.

use std::path::PathBuf;
use std::time::Duration;

use super::{BaseUrl, Origin};
use crate::Secret;

/// Limits and places LiteLLM has no name for. `None`: the built-in value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockgateSettings {
    /// Until a connection to the provider stands.
    pub connect_timeout: Option<Duration>,
    /// Until the first byte of the answer.
    pub first_byte_timeout: Option<Duration>,
    /// Between two chunks of a stream.
    pub idle_timeout: Option<Duration>,
    /// Largest request head, in bytes.
    pub max_header_bytes: Option<usize>,
    /// Deepest nesting of a request body.
    pub max_json_depth: Option<usize>,
    /// How many responses may be in the making in the background.
    pub max_background_responses: Option<usize>,
    /// How long a shutdown waits for requests in flight.
    pub drain_timeout: Option<Duration>,
    /// The data folder.
    pub data_dir: Option<PathBuf>,
    /// Whether finished requests are written down; `None`: they are.
    pub ledger: Option<bool>,
    /// The folder that finished requests are written to first; `None`: `journal` in the data folder.
    pub journal_dir: Option<PathBuf>,
    /// The most that may be in it, in mebibytes.
    pub journal_limit_mb: Option<usize>,
    /// How often it is brought to the disk itself; `None`: when the kernel does.
    pub journal_fsync: Option<Duration>,
}

/// A provider the operator added: one row of the provider table, as data.
#[derive(Clone, Debug)]
pub struct CustomProvider {
    /// The prefix in `id/model`.
    pub id: String,
    /// Base URL when a deployment names none.
    pub base_url: Option<BaseUrl>,
    /// Variables the key is read from, first set one wins.
    pub api_key_env: Vec<String>,
    /// Variables the base URL is read from, first set one wins.
    pub api_base_env: Vec<String>,
    /// The wire format it speaks.
    pub dialect: CustomDialect,
    /// How the key travels.
    pub auth: CustomAuth,
    /// Names of deviations, as the provider table spells them.
    pub quirks: Vec<String>,
    /// Headers sent with every request, in order.
    pub headers: Vec<(String, Secret)>,
    /// Where it was written.
    pub origin: Origin,
}

/// The wire format of a custom provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomDialect {
    /// OpenAI chat completions.
    #[default]
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
    /// Ollama chat.
    Ollama,
}

/// How a custom provider's key travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomAuth {
    /// `Authorization: Bearer`
    #[default]
    Bearer,
    /// `x-api-key`
    XApiKey,
    /// `api-key`
    ApiKey,
    /// `x-goog-api-key`
    XGoogApiKey,
    /// No key at all.
    None,
}
