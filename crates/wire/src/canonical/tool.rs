//! Tools that a model may call.

use serde::{Deserialize, Serialize};

use super::{CacheControl, Loss, RawJson};
use crate::dialect::DialectId;

/// A tool on offer.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    /// A function that the client runs.
    Function(FunctionTool),
    /// The provider's own web search, which several providers have under different names.
    WebSearch(WebSearch),
    /// Any other tool that the provider runs; only its own dialect understands it.
    Hosted(HostedTool),
}

/// A function that the client runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FunctionTool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Option<RawJson>,
    /// The provider shall hold the model to the schema.
    pub strict: Option<bool>,
    /// A prompt cache breakpoint behind this tool.
    pub cache: Option<CacheControl>,
}

/// The provider's own web search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WebSearch {
    /// At most so many searches.
    pub max_uses: Option<u64>,
    /// OpenAI's `search_context_size`: `low`, `medium` or `high`.
    pub context_size: Option<String>,
    /// Where the person is who wants to know.
    pub place: Option<SearchPlace>,
    /// What bounds the answer and has no canonical form (`allowed_domains`), by the client
    /// dialect's names; it stands in `raw` only.
    pub bounds: Vec<String>,
    /// The tool as its own dialect wrote it.
    pub raw: Option<(DialectId, RawJson)>,
}

/// A place on earth, roughly. Its members have these names in every API that knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchPlace {
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The country, as two letters (ISO 3166).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The region or state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The time zone, as the IANA names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A tool that only its own dialect understands.
#[derive(Debug, Clone, PartialEq)]
pub struct HostedTool {
    /// Whose it is.
    pub origin: DialectId,
    /// Its type as that dialect names it (`computer_20250124`).
    pub what: String,
    /// The tool itself.
    pub raw: RawJson,
}

/// Which tool the model shall call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// None.
    None,
    /// At least one, of its choosing.
    Required,
    /// This one.
    Tool(String),
    /// One of these; `required` says whether it must.
    Allowed {
        /// The names allowed.
        names: Vec<String>,
        /// It must call one.
        required: bool,
    },
}

// === impl WebSearch ===

impl WebSearch {
    /// What is lost of it, besides the number of searches, where `raw` does not go.
    pub fn lost_bounds(&self) -> impl Iterator<Item = Loss> {
        let bounds = self.bounds.iter();
        bounds.map(|bound| Loss::param(format!("tools[].web_search.{bound}")))
    }
}

/// Separates a tool call's id from the signature of the thought behind it.
const THOUGHT: &str = "__thought__";

/// Appends a thought signature to a tool call id.
///
/// Gemini wants the signature back with the call, and an id is the one thing that every client
/// of every dialect echoes (reference section 11.4).
pub fn join_thought_id(id: &str, signature: Option<&str>) -> String {
    match signature {
        Some(signature) => format!("{id}{THOUGHT}{signature}"),
        None => id.to_owned(),
    }
}

/// Takes a tool call id apart into the id proper and the thought signature, if it carries one.
pub fn split_thought_id(id: &str) -> (&str, Option<&str>) {
    match id.split_once(THOUGHT) {
        Some((id, signature)) => (id, Some(signature)),
        None => (id, None),
    }
}
