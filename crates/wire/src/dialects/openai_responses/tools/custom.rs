//! Custom tools: free text in instead of JSON.
//!
//! OpenAI's two APIs write them differently. In canonical form they are kept as the chat API
//! writes them, with their own members in an object of their own, so that each can read the
//! other's.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::canonical::{HostedTool, RawJson, Tool};
use crate::dialect::DialectId;

/// The type of a custom tool.
pub(super) const CUSTOM: &str = "custom";

/// A custom tool as it is here.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "a custom tool object")]
struct Flat<'a> {
    #[serde(rename = "type", default = "custom")]
    kind: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

/// A custom tool as the chat API has it.
#[derive(Debug, Serialize, Deserialize)]
struct Nested<'a> {
    #[serde(rename = "type", default = "custom")]
    kind: String,
    #[serde(borrow)]
    custom: Inner<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner<'a> {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

/// What the input must look like: a grammar's members stand beside its type, or in `grammar`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    syntax: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    grammar: Option<&'a RawValue>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Grammar {
    #[serde(skip_serializing_if = "Option::is_none")]
    syntax: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
}

fn custom() -> String {
    CUSTOM.to_owned()
}

/// Reads a custom tool.
pub(super) fn decode(raw: &RawValue) -> Result<Tool, serde_json::Error> {
    let flat: Flat<'_> = serde_json::from_str(raw.get())?;
    let mut format = flat.format;
    let mut grammar = None;
    if let Some(format) = &mut format
        && format.kind == "grammar"
        && format.grammar.is_none()
    {
        grammar = Some(serde_json::value::to_raw_value(&Grammar {
            syntax: format.syntax.take(),
            definition: format.definition.take(),
        })?);
    }
    if let (Some(format), Some(grammar)) = (&mut format, &grammar) {
        format.grammar = Some(grammar);
    }
    let nested = Nested {
        kind: custom(),
        custom: Inner {
            name: flat.name,
            description: flat.description,
            format,
        },
    };
    Ok(Tool::Hosted(HostedTool {
        origin: DialectId::OpenAiChat,
        what: custom(),
        raw: RawJson::from_value(&nested)?,
    }))
}

/// Writes a custom tool; `None` when `tool` is none.
pub(super) fn encode(tool: &HostedTool) -> Option<RawJson> {
    let nested = read(tool)?;
    let mut format = nested.custom.format;
    if let Some(format) = &mut format
        && let Some(grammar) = format.grammar.take()
    {
        let grammar: Grammar = serde_json::from_str(grammar.get()).unwrap_or_default();
        (format.syntax, format.definition) = (grammar.syntax, grammar.definition);
    }
    RawJson::from_value(&Flat {
        kind: custom(),
        name: nested.custom.name,
        description: nested.custom.description,
        format,
    })
    .ok()
}

/// The names of the custom tools among `tools`.
pub(in super::super) fn custom_names(tools: &[Tool]) -> Vec<String> {
    let hosted = tools.iter().filter_map(|tool| match tool {
        Tool::Hosted(hosted) => read(hosted),
        _ => None,
    });
    hosted.map(|tool| tool.custom.name).collect()
}

/// The names of the custom tools in `tools` as it is written here.
pub(in super::super) fn flat_names(tools: &RawJson) -> Vec<String> {
    let tools: Vec<&RawValue> = serde_json::from_str(tools.get()).unwrap_or_default();
    let flat = tools.into_iter().filter_map(|raw| {
        let tool: Flat<'_> = serde_json::from_str(raw.get()).ok()?;
        (tool.kind == CUSTOM).then_some(tool.name)
    });
    flat.collect()
}

fn read(tool: &HostedTool) -> Option<Nested<'_>> {
    if tool.origin != DialectId::OpenAiChat || tool.what != CUSTOM {
        return None;
    }
    serde_json::from_str(tool.raw.get()).ok()
}
