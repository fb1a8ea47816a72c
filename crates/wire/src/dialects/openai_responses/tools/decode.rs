//! Reads tools and tool choice.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::super::openai::body::{invalid, missing};
use super::custom::{self, CUSTOM};
use crate::canonical::{FunctionTool, HostedTool, SearchPlace, Tool, ToolChoice, WebSearch};
use crate::dialect::{DialectId, TranslateError};

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a tool object")]
struct KindIn {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a function tool object")]
struct FunctionIn<'a> {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(default)]
    strict: Option<bool>,
}

/// The chat API's shape, which clients send here, too.
#[derive(Debug, Deserialize)]
struct NestedIn<'a> {
    #[serde(borrow)]
    function: FunctionIn<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a web search tool object")]
struct SearchIn {
    search_context_size: Option<String>,
    user_location: Option<SearchPlace>,
    filters: Option<FiltersIn>,
    external_web_access: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct FiltersIn {
    allowed_domains: Option<IgnoredAny>,
    blocked_domains: Option<IgnoredAny>,
}

/// All shapes of `tool_choice` that are objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a string or an object")]
struct ChoiceIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    function: Option<NameIn>,
    mode: Option<String>,
    tools: Option<Vec<ChoiceIn>>,
}

#[derive(Debug, Deserialize)]
struct NameIn {
    name: String,
}

/// Reads one entry of `tools`; `place` names it in an error.
pub(in super::super) fn decode_tool(raw: &RawValue, place: &str) -> Result<Tool, TranslateError> {
    let wrong = |e: serde_json::Error| invalid(place, &e);
    let KindIn { kind } = serde_json::from_str(raw.get()).map_err(wrong)?;
    match kind.as_deref() {
        Some("function") => {
            let flat = serde_json::from_str::<FunctionIn<'_>>(raw.get());
            let function = flat.or_else(|error| {
                let nested = serde_json::from_str::<NestedIn<'_>>(raw.get());
                nested.map(|nested| nested.function).map_err(|_| error)
            });
            Ok(Tool::Function(function.map_err(wrong)?.into_function()))
        }
        Some(CUSTOM) => custom::decode(raw).map_err(wrong),
        Some(kind) if kind.starts_with("web_search") => {
            let search: SearchIn = serde_json::from_str(raw.get()).map_err(wrong)?;
            Ok(Tool::WebSearch(WebSearch {
                bounds: search.bounds(),
                max_uses: None,
                context_size: search.search_context_size,
                place: search.user_location,
                raw: Some((DialectId::OpenAiResponses, raw.to_owned().into())),
            }))
        }
        Some(kind) => Ok(Tool::Hosted(HostedTool {
            origin: DialectId::OpenAiResponses,
            what: kind.to_owned(),
            raw: raw.to_owned().into(),
        })),
        None => Err(missing(format!("{place}.type"))),
    }
}

/// Reads `tool_choice`; what it says about tools that OpenAI runs is named in `unmapped`.
pub(in super::super) fn decode_choice(
    raw: &[u8],
    unmapped: &mut Vec<String>,
) -> Result<Option<ToolChoice>, serde_json::Error> {
    if raw.first() == Some(&b'"') {
        let mode: Cow<'_, str> = serde_json::from_slice(raw)?;
        return Ok(mode_of(&mode));
    }
    let choice: ChoiceIn = serde_json::from_slice(raw)?;
    if choice.kind.as_deref() == Some("allowed_tools") {
        let required = choice.mode.as_deref() == Some("required");
        let tools = choice.tools.unwrap_or_default();
        let count = tools.len();
        let names: Vec<String> = tools.into_iter().filter_map(ChoiceIn::into_name).collect();
        if names.len() < count {
            unmapped.push("tool_choice.allowed_tools".to_owned());
        }
        return Ok(Some(ToolChoice::Allowed { names, required }));
    }
    let kind = choice.kind.clone().unwrap_or_default();
    if let Some(name) = choice.into_name() {
        return Ok(Some(ToolChoice::Tool(name)));
    }
    let mode = mode_of(&kind);
    if mode.is_none() {
        unmapped.push(format!("tool_choice.{kind}"));
    }
    Ok(mode)
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
    /// The name of a function or custom tool; other tools are named by their type.
    fn into_name(self) -> Option<String> {
        match self.kind.as_deref() {
            Some("function" | CUSTOM) | None => self
                .name
                .or_else(|| self.function.map(|function| function.name)),
            Some(_) => None,
        }
    }
}

// === impl FunctionIn ===

impl FunctionIn<'_> {
    fn into_function(self) -> FunctionTool {
        FunctionTool {
            name: self.name,
            description: self.description,
            parameters: self.parameters.map(|schema| schema.to_owned().into()),
            strict: self.strict,
            cache: None,
        }
    }
}

// === impl SearchIn ===

impl SearchIn {
    fn bounds(&self) -> Vec<String> {
        let filters = self.filters.as_ref();
        let bounds = [
            (
                filters.is_some_and(|f| f.allowed_domains.is_some()),
                "allowed_domains",
            ),
            (
                filters.is_some_and(|f| f.blocked_domains.is_some()),
                "blocked_domains",
            ),
            (
                self.external_web_access == Some(false),
                "external_web_access",
            ),
        ];
        let set = bounds.into_iter().filter(|(set, _)| *set);
        set.map(|(_, name)| name.to_owned()).collect()
    }
}
