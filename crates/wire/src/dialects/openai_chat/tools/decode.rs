//! Reads tools and tool choice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::lenient;
use super::super::request::invalid;
use crate::canonical::{
    CacheControl, FunctionTool, HostedTool, RawJson, SearchPlace, Tool, ToolChoice, WebSearch,
};
use crate::dialect::{DialectId, TranslateError};

/// A `cache_control` marker, as LiteLLM clients put it on parts, messages and tools.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(crate) struct CacheControlIn {
    #[serde(default, deserialize_with = "lenient::some_text")]
    ttl: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a tool object")]
struct ToolIn<'a> {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default, borrow)]
    function: Option<FunctionIn<'a>>,
    #[serde(default)]
    cache_control: Option<CacheControlIn>,
    #[serde(default)]
    search_context_size: Option<String>,
    #[serde(default)]
    max_uses: Option<u64>,
    #[serde(default)]
    user_location: Option<SearchPlace>,
    #[serde(default)]
    allowed_domains: Option<IgnoredAny>,
    #[serde(default)]
    blocked_domains: Option<IgnoredAny>,
}

/// A function, in a tool or in the deprecated `functions`.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a function object")]
pub(crate) struct FunctionIn<'a> {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(default)]
    strict: Option<bool>,
    #[serde(default)]
    cache_control: Option<CacheControlIn>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct WebSearchOptionsIn {
    #[serde(default)]
    search_context_size: Option<String>,
    #[serde(default)]
    user_location: Option<LocationIn>,
}

/// Where the user is: in `web_search_options` one level deeper than in a tool.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct LocationIn {
    #[serde(default)]
    approximate: Option<SearchPlace>,
}

/// All shapes of `tool_choice` and `function_call` that are objects.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a string or an object")]
struct ChoiceIn {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    function: Option<NameIn>,
    #[serde(default)]
    custom: Option<NameIn>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    allowed_tools: Option<AllowedIn>,
}

#[derive(Debug, Deserialize)]
struct NameIn {
    name: String,
}

#[derive(Debug, Deserialize)]
struct AllowedIn {
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    tools: Vec<ChoiceIn>,
}

/// Reads one entry of `tools`; `place` names it in an error.
pub(crate) fn decode_tool(raw: &RawValue, place: &str) -> Result<Tool, TranslateError> {
    let tool: ToolIn<'_> = serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
    if let Some(function) = tool.function {
        let mut function = decode_function(function);
        function.cache = function
            .cache
            .or_else(|| tool.cache_control.map(Into::into));
        return Ok(Tool::Function(function));
    }
    match tool.kind.as_deref() {
        // The Responses API's flat spelling, which several servers take here, too.
        Some("function") => {
            let function: FunctionIn<'_> = serde_json::from_str(raw.get())
                .map_err(|e| invalid(&format!("{place}.function"), &e))?;
            Ok(Tool::Function(decode_function(function)))
        }
        Some(kind) if kind.starts_with("web_search") => Ok(Tool::WebSearch(WebSearch {
            max_uses: tool.max_uses,
            context_size: tool.search_context_size,
            place: tool.user_location,
            bounds: bounds(tool.allowed_domains, tool.blocked_domains),
            raw: Some((origin_of(kind), raw.to_owned().into())),
        })),
        Some(kind) => Ok(Tool::Hosted(HostedTool {
            origin: origin_of(kind),
            what: kind.to_owned(),
            raw: raw.to_owned().into(),
        })),
        None => decode_untyped(raw, place),
    }
}

fn bounds(allowed: Option<IgnoredAny>, blocked: Option<IgnoredAny>) -> Vec<String> {
    let allowed = allowed.map(|_| "allowed_domains".to_owned());
    let blocked = blocked.map(|_| "blocked_domains".to_owned());
    allowed.into_iter().chain(blocked).collect()
}

/// Gemini's tools have no type but a single member that names them; LiteLLM clients send them.
fn decode_untyped(raw: &RawValue, place: &str) -> Result<Tool, TranslateError> {
    let members: BTreeMap<String, IgnoredAny> =
        serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
    let name = match members.into_keys().next() {
        Some(name) if name != "name" => name,
        _ => {
            return Err(TranslateError::invalid_param(
                format!("{place}.type"),
                format!("Missing required parameter: '{place}.type'."),
            ));
        }
    };
    let raw: RawJson = raw.to_owned().into();
    if matches!(name.as_str(), "googleSearch" | "google_search") {
        return Ok(Tool::WebSearch(WebSearch {
            raw: Some((DialectId::Gemini, raw)),
            ..WebSearch::default()
        }));
    }
    Ok(Tool::Hosted(HostedTool {
        origin: DialectId::Gemini,
        what: name,
        raw,
    }))
}

/// Anthropic's hosted tools end in the date of their version (`computer_20250124`).
fn origin_of(kind: &str) -> DialectId {
    let dated = kind
        .rsplit_once('_')
        .is_some_and(|(_, date)| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()));
    if dated {
        DialectId::Anthropic
    } else {
        DialectId::OpenAiChat
    }
}

/// The canonical form of a function.
pub(crate) fn decode_function(function: FunctionIn<'_>) -> FunctionTool {
    FunctionTool {
        name: function.name,
        description: function.description,
        parameters: function
            .parameters
            .filter(|schema| schema.get() != "null")
            .map(|schema| schema.to_owned().into()),
        strict: function.strict,
        cache: function.cache_control.map(Into::into),
    }
}

/// Reads `web_search_options`.
pub(crate) fn decode_web_search(raw: &[u8]) -> Result<Tool, serde_json::Error> {
    let options: WebSearchOptionsIn = serde_json::from_slice(raw)?;
    let raw: Box<RawValue> = serde_json::from_slice(raw)?;
    Ok(Tool::WebSearch(WebSearch {
        max_uses: None,
        context_size: options.search_context_size,
        place: options.user_location.and_then(|place| place.approximate),
        bounds: Vec::new(),
        raw: Some((DialectId::OpenAiChat, raw.into())),
    }))
}

/// Reads `tool_choice` or the deprecated `function_call`; other APIs' spellings are understood.
pub(crate) fn decode_choice(raw: &[u8]) -> Result<Option<ToolChoice>, serde_json::Error> {
    if raw.first() == Some(&b'"') {
        let mode: Cow<'_, str> = serde_json::from_slice(raw)?;
        return Ok(mode_of(&mode));
    }
    let choice: ChoiceIn = serde_json::from_slice(raw)?;
    if let Some(allowed) = choice.allowed_tools {
        let required = allowed.mode.as_deref() == Some("required");
        let names = allowed.tools.into_iter().filter_map(ChoiceIn::into_name);
        return Ok(Some(ToolChoice::Allowed {
            names: names.collect(),
            required,
        }));
    }
    let mode = choice.kind.as_deref().and_then(mode_of);
    Ok(choice.into_name().map(ToolChoice::Tool).or(mode))
}

fn mode_of(mode: &str) -> Option<ToolChoice> {
    match mode {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

// === impl ChoiceIn ===

impl ChoiceIn {
    fn into_name(self) -> Option<String> {
        self.function
            .or(self.custom)
            .map(|named| named.name)
            .or(self.name)
    }
}

// === impl CacheControl ===

impl From<CacheControlIn> for CacheControl {
    fn from(marker: CacheControlIn) -> Self {
        Self { ttl: marker.ttl }
    }
}
