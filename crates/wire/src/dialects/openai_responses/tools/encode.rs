//! Writes tools and tool choice.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::super::super::openai::body::with_properties;
use super::custom;
use crate::canonical::{FunctionTool, Loss, RawJson, SearchPlace, Tool, ToolChoice, WebSearch};
use crate::dialect::DialectId;

/// What an upstream is offered.
#[derive(Debug, Default)]
pub(in super::super) struct Offer<'a> {
    pub(in super::super) tools: Vec<ToolOut<'a>>,
    functions: Vec<&'a str>,
    custom: Vec<String>,
}

/// A tool for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in super::super) enum ToolOut<'a> {
    /// A function.
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        parameters: Cow<'a, RawJson>,
        strict: bool,
    },
    /// Web search, from another dialect's.
    Search {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        search_context_size: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_location: Option<Location<'a>>,
    },
    /// A tool as it came, or as it had to be rewritten.
    Raw(Cow<'a, RawJson>),
}

#[derive(Debug, Serialize)]
pub(in super::super) struct Location<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
}

/// `tool_choice` for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in super::super) enum ChoiceOut<'a> {
    /// Any, none, or one of its choosing.
    Mode(&'static str),
    /// This one.
    Named(NamedOut<'a>),
    /// One of these.
    Allowed {
        #[serde(rename = "type")]
        kind: &'static str,
        mode: &'static str,
        tools: Vec<NamedOut<'a>>,
    },
}

#[derive(Debug, Serialize)]
pub(in super::super) struct NamedOut<'a> {
    r#type: &'static str,
    name: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KindIn {
    r#type: Option<String>,
}

/// The tools for an upstream.
pub(in super::super) fn offer<'a>(tools: &'a [Tool], losses: &mut Vec<Loss>) -> Offer<'a> {
    let mut offer = Offer {
        custom: custom::custom_names(tools),
        ..Offer::default()
    };
    let mut lose = |loss: Loss| {
        if !losses.contains(&loss) {
            losses.push(loss);
        }
    };
    for tool in tools {
        let written = match tool {
            Tool::Function(function) => {
                if function.cache.is_some() {
                    lose(Loss::hint("cache_control"));
                }
                offer.functions.push(&function.name);
                ToolOut::function(function)
            }
            Tool::WebSearch(search) => {
                if let Some(raw) = kept(search) {
                    ToolOut::Raw(Cow::Borrowed(raw))
                } else {
                    if search.max_uses.is_some() {
                        lose(Loss::hint("tools[].web_search.max_uses"));
                    }
                    search.lost_bounds().for_each(&mut lose);
                    ToolOut::search(search)
                }
            }
            Tool::Hosted(hosted) => match (hosted.origin, custom::encode(hosted)) {
                (_, Some(custom)) => ToolOut::Raw(Cow::Owned(custom)),
                // Clients of the chat API send this API's tools there.
                (DialectId::OpenAiResponses | DialectId::OpenAiChat, None) => {
                    ToolOut::Raw(Cow::Borrowed(&hosted.raw))
                }
                _ => {
                    lose(Loss::param(format!("tools[].{}", hosted.what)));
                    continue;
                }
            },
        };
        offer.tools.push(written);
    }
    offer
}

/// The search as one of OpenAI's APIs wrote it, if it is a tool.
fn kept(search: &WebSearch) -> Option<&RawJson> {
    let (origin, raw) = search.raw.as_ref()?;
    let own = matches!(origin, DialectId::OpenAiResponses | DialectId::OpenAiChat);
    let KindIn { r#type: kind } = serde_json::from_str(raw.get()).ok().filter(|_| own)?;
    kind.map(|_| raw)
}

// === impl Offer ===

impl<'a> Offer<'a> {
    /// `tool_choice`; `None` when it chooses what is not on offer.
    pub(in super::super) fn choice(&self, choice: &'a ToolChoice) -> Option<ChoiceOut<'a>> {
        Some(match choice {
            ToolChoice::Auto => ChoiceOut::Mode("auto"),
            ToolChoice::None => ChoiceOut::Mode("none"),
            ToolChoice::Required => ChoiceOut::Mode("required"),
            ToolChoice::Tool(name) => ChoiceOut::Named(self.named(name)?),
            ToolChoice::Allowed { names, required } => ChoiceOut::Allowed {
                kind: "allowed_tools",
                mode: if *required { "required" } else { "auto" },
                tools: names.iter().filter_map(|name| self.named(name)).collect(),
            },
        })
    }

    fn named(&self, name: &'a str) -> Option<NamedOut<'a>> {
        let r#type = if self.custom.iter().any(|custom| custom == name) {
            custom::CUSTOM
        } else if self.functions.contains(&name) {
            "function"
        } else {
            return None;
        };
        Some(NamedOut { r#type, name })
    }
}

// === impl ToolOut ===

impl<'a> ToolOut<'a> {
    fn function(tool: &'a FunctionTool) -> Self {
        Self::Function {
            kind: "function",
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: match &tool.parameters {
                Some(schema) => with_properties(schema),
                None => Cow::Owned(no_parameters()),
            },
            // Here alone strict is the default, and other APIs' schemas are not made for it.
            strict: tool.strict.unwrap_or(false),
        }
    }

    fn search(search: &'a WebSearch) -> Self {
        Self::Search {
            kind: "web_search",
            search_context_size: search.context_size.as_deref(),
            user_location: search.place.as_ref().map(Location::from),
        }
    }
}

/// The schema of a function without parameters; the member is required.
fn no_parameters() -> RawJson {
    #[derive(Serialize)]
    struct Schema {
        r#type: &'static str,
        properties: Properties,
    }

    #[derive(Serialize)]
    struct Properties {}

    let schema = Schema {
        r#type: "object",
        properties: Properties {},
    };
    // Two members of plain text always serialise.
    RawJson::from_value(&schema)
        .unwrap_or_else(|_| serde_json::value::RawValue::NULL.to_owned().into())
}

// === impl Location ===

impl<'a> From<&'a SearchPlace> for Location<'a> {
    fn from(place: &'a SearchPlace) -> Self {
        Self {
            r#type: "approximate",
            city: place.city.as_deref(),
            country: place.country.as_deref(),
            region: place.region.as_deref(),
            timezone: place.timezone.as_deref(),
        }
    }
}
