//! Writes tools and tool choice.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::super::super::openai::body::with_properties;
use crate::canonical::{
    CacheControl, FunctionTool, RawJson, SearchPlace, Tool, ToolChoice, WebSearch,
};
use crate::dialect::DialectId;

/// A tool for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ToolOut<'a> {
    /// A function.
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: FunctionOut<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControlOut<'a>>,
    },
    /// A tool of this dialect, as it came.
    Raw(&'a RawJson),
}

/// A function for an upstream.
#[derive(Debug, Serialize)]
pub(crate) struct FunctionOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Cow<'a, RawJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// A `cache_control` marker for an upstream.
#[derive(Debug, Serialize)]
pub(crate) struct CacheControlOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ChoiceOut<'a> {
    Mode(&'static str),
    Named(NamedOut<'a>),
    Allowed {
        #[serde(rename = "type")]
        kind: &'static str,
        allowed_tools: AllowedOut<'a>,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum NamedOut<'a> {
    Function { function: NameOut<'a> },
    Custom { custom: NameOut<'a> },
}

#[derive(Debug, Serialize)]
struct NameOut<'a> {
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct AllowedOut<'a> {
    mode: &'static str,
    tools: Vec<NamedOut<'a>>,
}

/// The only part of a custom tool that is looked into.
#[derive(Debug, Deserialize)]
struct CustomIn {
    custom: NameIn,
}

#[derive(Debug, Deserialize)]
struct NameIn {
    name: String,
}

// === impl ToolOut ===

impl<'a> ToolOut<'a> {
    /// The name of a function.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Function { function, .. } => Some(function.name),
            Self::Raw(_) => None,
        }
    }

    /// A function tool; its cache marker only where the upstream takes one.
    pub(crate) fn function(tool: &'a FunctionTool, with_cache: bool) -> Self {
        let cache = tool.cache.as_ref().filter(|_| with_cache);
        Self::Function {
            kind: "function",
            function: FunctionOut {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters: tool.parameters.as_ref().map(with_properties),
                strict: tool.strict,
            },
            cache_control: cache.map(CacheControlOut::from),
        }
    }
}

/// Writes `web_search_options`.
pub(crate) fn encode_web_search(search: &WebSearch) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    struct OptionsOut<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        search_context_size: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_location: Option<LocationOut<'a>>,
    }

    #[derive(Serialize)]
    struct LocationOut<'a> {
        r#type: &'static str,
        approximate: &'a SearchPlace,
    }

    /// The same search as a tool has a type, as `web_search_options` it has none.
    #[derive(Deserialize)]
    struct KindIn {
        #[serde(rename = "type", default)]
        kind: Option<String>,
    }

    if let Some((DialectId::OpenAiChat, raw)) = &search.raw {
        let kept: KindIn = serde_json::from_str(raw.get())?;
        if kept.kind.is_none() {
            return Ok(raw.get().as_bytes().to_vec());
        }
    }
    serde_json::to_vec(&OptionsOut {
        search_context_size: search.context_size.as_deref(),
        user_location: search.place.as_ref().map(|approximate| LocationOut {
            r#type: "approximate",
            approximate,
        }),
    })
}

/// Writes `tool_choice`; `custom` are the names of custom tools, which are chosen differently.
pub(crate) fn encode_choice(
    choice: &ToolChoice,
    custom: &[String],
) -> Result<Vec<u8>, serde_json::Error> {
    let named = |name| NamedOut::new(name, custom);
    serde_json::to_vec(&match choice {
        ToolChoice::Auto => ChoiceOut::Mode("auto"),
        ToolChoice::None => ChoiceOut::Mode("none"),
        ToolChoice::Required => ChoiceOut::Mode("required"),
        ToolChoice::Tool(name) => ChoiceOut::Named(named(name)),
        ToolChoice::Allowed { names, required } => ChoiceOut::Allowed {
            kind: "allowed_tools",
            allowed_tools: AllowedOut {
                mode: if *required { "required" } else { "auto" },
                tools: names.iter().map(|name| named(name)).collect(),
            },
        },
    })
}

/// The names of the custom tools (free text in, no schema) among `tools`.
pub(crate) fn custom_names(tools: &[Tool]) -> Vec<String> {
    let hosted = tools.iter().filter_map(|tool| match tool {
        Tool::Hosted(hosted)
            if hosted.origin == DialectId::OpenAiChat && hosted.what == "custom" =>
        {
            serde_json::from_str::<CustomIn>(hosted.raw.get()).ok()
        }
        _ => None,
    });
    hosted.map(|tool| tool.custom.name).collect()
}

// === impl NamedOut ===

impl<'a> NamedOut<'a> {
    fn new(name: &'a str, custom: &[String]) -> Self {
        if custom.iter().any(|known| known == name) {
            Self::Custom {
                custom: NameOut { name },
            }
        } else {
            Self::Function {
                function: NameOut { name },
            }
        }
    }
}

// === impl CacheControlOut ===

impl<'a> From<&'a CacheControl> for CacheControlOut<'a> {
    fn from(marker: &'a CacheControl) -> Self {
        Self {
            kind: "ephemeral",
            ttl: marker.ttl.as_deref(),
        }
    }
}
