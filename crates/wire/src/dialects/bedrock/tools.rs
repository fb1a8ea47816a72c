//! `toolConfig`: the tools on offer and the choice among them.
//!
//! Source: service model, `ToolConfiguration`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::block::CachePoint;
use super::family::Family;
use super::piece::CachePointOut;
use super::report::{Report, Unmapped};
use crate::canonical::{
    BlockKind, FunctionTool, HostedTool, Message, RawJson, Tool, ToolChoice, WebSearch,
};
use crate::claude::schema::input_schema;
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;
use crate::read;

/// System tools that search the web.
const SEARCHES: [&str; 1] = ["nova_grounding"];

/// Anthropic's own tools that Bedrock offers beside `toolConfig`, without their dates.
const CLAUDE_TOOLS: [&str; 4] = ["bash_", "computer_", "memory_", "text_editor_"];

/// Those still behind a beta, with it.
const BETAS: [(&str, &str); 3] = [
    ("_20241022", "computer-use-2024-10-22"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireConfig {
    tools: Option<Vec<RawJson>>,
    tool_choice: Option<WireChoice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTool {
    tool_spec: Option<WireSpec>,
    system_tool: Option<Named>,
    cache_point: Option<CachePoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSpec {
    name: Option<String>,
    description: Option<String>,
    input_schema: Option<WireSchema>,
    strict: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
struct WireSchema {
    json: Option<RawJson>,
}

#[derive(Debug, Default, Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct WireChoice {
    auto: Option<serde::de::IgnoredAny>,
    any: Option<serde::de::IgnoredAny>,
    tool: Option<Named>,
}

/// `toolConfig`, as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config<'a> {
    pub(super) tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<ChoiceOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ToolOut<'a> {
    ToolSpec(SpecOut<'a>),
    SystemTool {
        name: &'a str,
    },
    CachePoint(CachePointOut),
    #[serde(untagged)]
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpecOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: SchemaOut<'a>,
}

#[derive(Debug, Serialize)]
struct SchemaOut<'a> {
    json: Cow<'a, RawJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ChoiceOut<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}

/// Anthropic's own tools, which stand in `additionalModelRequestFields`.
#[derive(Debug, Default)]
pub(super) struct Beside<'a> {
    pub(super) tools: Vec<&'a RawJson>,
    pub(super) betas: Vec<&'static str>,
}

// === impl ToolOut ===

impl<'a> ToolOut<'a> {
    /// A function as it is offered.
    pub(super) fn function(
        name: &'a str,
        description: Option<&'a str>,
        schema: Cow<'a, RawJson>,
    ) -> Self {
        Self::ToolSpec(SpecOut {
            name,
            description: description.filter(|text| !text.is_empty()),
            input_schema: SchemaOut { json: schema },
        })
    }
}

/// Reads `toolConfig`.
pub(super) fn decode(
    body: &JsonObject,
    unmapped: &mut Unmapped,
) -> Result<(Vec<Tool>, Option<ToolChoice>), TranslateError> {
    let config: WireConfig = read::member(body, "toolConfig")?.unwrap_or_default();
    let mut tools: Vec<Tool> = Vec::new();
    for (at, item) in config.tools.iter().flatten().enumerate() {
        let path = format!("toolConfig.tools.{at}");
        let tool: WireTool = read::part(item.get().as_bytes(), &path)?;
        if let Some(spec) = tool.tool_spec {
            tools.push(Tool::Function(function(spec, &path)?));
        } else if let Some(point) = tool.cache_point {
            match tools.last_mut() {
                Some(Tool::Function(function)) => function.cache = Some(point.into_canonical()),
                _ => unmapped.add("cachePoint"),
            }
        } else {
            tools.push(system_tool(tool.system_tool, item));
        }
    }
    let choice = match config.tool_choice {
        None => None,
        Some(WireChoice { any: Some(_), .. }) => Some(ToolChoice::Required),
        Some(WireChoice {
            tool: Some(named), ..
        }) => {
            let missing = || read::required("toolConfig.toolChoice.tool.name");
            Some(ToolChoice::Tool(named.name.ok_or_else(missing)?))
        }
        Some(WireChoice { auto: Some(_), .. }) => Some(ToolChoice::Auto),
        Some(_) => {
            return Err(read::invalid(
                "toolConfig.toolChoice",
                "must be one of auto, any, tool",
            ));
        }
    };
    Ok((tools, choice))
}

fn function(spec: WireSpec, path: &str) -> Result<FunctionTool, TranslateError> {
    Ok(FunctionTool {
        name: spec
            .name
            .ok_or_else(|| read::required(format!("{path}.toolSpec.name")))?,
        description: spec.description,
        parameters: spec.input_schema.and_then(|schema| schema.json),
        strict: spec.strict,
        cache: None,
    })
}

fn system_tool(named: Option<Named>, raw: &RawJson) -> Tool {
    let name = named.and_then(|named| named.name).unwrap_or_default();
    if SEARCHES.contains(&name.as_str()) {
        return Tool::WebSearch(WebSearch {
            raw: Some((DialectId::Bedrock, raw.clone())),
            ..WebSearch::default()
        });
    }
    Tool::Hosted(HostedTool {
        origin: DialectId::Bedrock,
        what: name,
        raw: raw.clone(),
    })
}

/// Writes the tools on offer: with an allow list only those on it, and the only tool allowed
/// where the family can be made to call some tool but not a certain one.
pub(super) fn encode<'a>(
    tools: &'a [Tool],
    choice: Option<&ToolChoice>,
    family: Family,
    report: &mut Report,
) -> (Vec<ToolOut<'a>>, Beside<'a>) {
    let allowed = |name: &str| match choice {
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|n| n == name),
        Some(ToolChoice::Tool(only)) if family.forced() && !family.forced_tool() => only == name,
        _ => true,
    };
    let mut out = Vec::with_capacity(tools.len());
    let mut beside = Beside::default();
    for tool in tools {
        match tool {
            Tool::Function(function) if allowed(&function.name) => {
                if function.strict == Some(true) {
                    // Strict schemas may use a part of JSON Schema only, and few per request.
                    report.hint("tools[].function.strict");
                }
                let schema = parameters(function.parameters.as_ref(), family);
                let description = function.description.as_deref();
                out.push(ToolOut::function(&function.name, description, schema));
                let point = CachePointOut::new(function.cache.as_ref(), true, family, report);
                out.extend(point.map(ToolOut::CachePoint));
            }
            Tool::Function(_) => {}
            Tool::WebSearch(search) => match family.search() {
                Some(name) => {
                    search.lost_bounds().for_each(|loss| report.add(loss));
                    out.push(ToolOut::SystemTool { name });
                }
                None => report.param("web_search_options"),
            },
            Tool::Hosted(hosted) if hosted.origin == DialectId::Bedrock => {
                out.push(ToolOut::Raw(&hosted.raw));
            }
            Tool::Hosted(hosted) if family.is_claude() && is_claude_tool(hosted) => {
                beside.tools.push(&hosted.raw);
                let beta = BETAS.iter().find(|(part, _)| hosted.what.contains(part));
                if let Some((_, beta)) = beta
                    && !beside.betas.contains(beta)
                {
                    beside.betas.push(beta);
                }
            }
            Tool::Hosted(hosted) => report.param(&format!("tools[].{}", hosted.what)),
        }
    }
    (out, beside)
}

/// OpenAI clients may name Anthropic's own tools; LiteLLM passes those on, so do we.
fn is_claude_tool(hosted: &HostedTool) -> bool {
    let known = CLAUDE_TOOLS.iter().any(|t| hosted.what.starts_with(t));
    known && matches!(hosted.origin, DialectId::Anthropic | DialectId::OpenAiChat)
}

/// Tools of the names that the history calls, for a request that offers none: the API refuses
/// tool blocks without tools.
pub(super) fn from_history(messages: &[Message]) -> Vec<ToolOut<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for block in messages.iter().flat_map(|message| &message.content) {
        if let BlockKind::ToolUse { name, .. } = &block.kind
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    let offered = |name| ToolOut::function(name, None, input_schema(None));
    names.into_iter().map(offered).collect()
}

/// A schema as the family takes it: Nova refuses `additionalProperties` at the root.
fn parameters(schema: Option<&RawJson>, family: Family) -> Cow<'_, RawJson> {
    let schema = input_schema(schema);
    if !family.is_nova() {
        return schema;
    }
    let text = schema.get().to_owned();
    let closed = JsonObject::parse(text.into(), usize::MAX)
        .ok()
        .filter(|object| object.contains("additionalProperties"));
    let open = closed.and_then(|mut object| {
        object.remove("additionalProperties");
        RawJson::parse(String::from_utf8_lossy(&object.to_bytes())).ok()
    });
    open.map_or(schema, Cow::Owned)
}
