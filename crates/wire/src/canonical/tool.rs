//! Tools that a model may call.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// The longest tool id that Anthropic's and Amazon's APIs take, in bytes.
const MAX_ID: usize = 64;

/// A tool id that an API accepts, a pure function of `id` so that call and result agree: without
/// a thought signature, characters that do not fit replaced by `_`, too long ones cut and told
/// apart by a hash.
pub(crate) fn fitting_tool_id(id: &str, fits: impl Fn(char) -> bool) -> Cow<'_, str> {
    let (id, _) = split_thought_id(id);
    if id.is_empty() {
        return Cow::Borrowed("toolu_0");
    }
    if id.len() <= MAX_ID && id.chars().all(&fits) {
        return Cow::Borrowed(id);
    }
    let mut clean: String = id.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if clean.len() > MAX_ID {
        let hash = fnv1a(id.as_bytes());
        clean.truncate(MAX_ID - 17);
        clean.push_str(&format!("_{hash:016x}"));
    }
    Cow::Owned(clean)
}

/// FNV-1a, 64 bits: stable across builds, which the standard library's hasher is not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Tool arguments as the JSON object that some APIs require: nothing is `{}`; what is no object
/// is kept as the text of its only member, `arguments`.
pub(crate) fn input_object(arguments: &str) -> RawJson {
    let trimmed = arguments.trim();
    let text = if trimmed.is_empty() { "{}" } else { trimmed };
    if text.starts_with('{')
        && let Ok(raw) = RawJson::parse(text)
    {
        return raw;
    }
    #[derive(Serialize)]
    struct Wrapped<'a> {
        arguments: &'a str,
    }
    RawJson::from_value(&Wrapped { arguments })
        .unwrap_or_else(|_| RawJson::from(RawValue::NULL.to_owned()))
}
