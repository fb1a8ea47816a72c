//! Tools on offer and the choice among them.
//!
//! Source: messages API reference, `ToolUnionParam` and `ToolChoiceParam`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::block::{Unmapped, WireCache};
use super::read;
use super::schema::input_schema;
use crate::canonical::{
    BlockKind, FunctionTool, HostedTool, Loss, Message, RawJson, SearchPlace, Tool, ToolChoice,
    WebSearch,
};
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;

const WEB_SEARCH: &str = "web_search_";

/// Types of tools that this API's servers run or define, without their dates.
const HOSTED: [&str; 10] = [
    "bash_",
    "browser_toolset_",
    "code_execution_",
    "computer_",
    "memory_",
    "mcp_toolset",
    "text_editor_",
    "tool_search_tool_",
    "web_fetch_",
    WEB_SEARCH,
];

/// Hosted tools that are still behind a beta header, with it.
const BETAS: [(&str, &str); 5] = [
    ("computer_20241022", "computer-use-2024-10-22"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("code_execution_20250522", "code-execution-2025-05-22"),
    ("mcp_toolset", "mcp-client-2025-11-20"),
];

/// Members of a custom tool that no other dialect has.
const TOOL_ADVICE: [&str; 4] = [
    "allowed_callers",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
];

#[derive(Debug, Default, Deserialize)]
struct WireTool {
    r#type: Option<String>,
    name: Option<String>,
    description: Option<String>,
    input_schema: Option<RawJson>,
    strict: Option<bool>,
    max_uses: Option<u64>,
    user_location: Option<SearchPlace>,
    allowed_domains: Option<IgnoredAny>,
    blocked_domains: Option<IgnoredAny>,
    cache_control: Option<WireCache>,
}

#[derive(Debug, Default, Deserialize)]
struct WireChoice {
    r#type: Option<String>,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

/// A tool as it is written for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OutTool<'a> {
    Custom {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: Cow<'a, RawJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
    WebSearch {
        r#type: &'static str,
        name: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        max_uses: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_location: Option<OutLocation<'a>>,
    },
    Raw(&'a RawJson),
}

/// Where the user is, as a search tool has it.
#[derive(Debug, Serialize)]
pub(super) struct OutLocation<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    place: &'a SearchPlace,
}

/// `tool_choice` as it is written for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct OutChoice<'a> {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disable_parallel_tool_use: Option<bool>,
}

// === impl OutChoice ===

impl<'a> OutChoice<'a> {
    pub(super) fn of(r#type: &'static str) -> Self {
        Self {
            r#type,
            name: None,
            disable_parallel_tool_use: None,
        }
    }

    pub(super) fn tool(name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..Self::of("tool")
        }
    }
}

/// Reads `tools`.
pub(super) fn decode(
    body: &JsonObject,
    unmapped: &mut Unmapped,
) -> Result<Vec<Tool>, TranslateError> {
    let Some(raw) = body.get("tools").filter(|raw| *raw != b"null") else {
        return Ok(Vec::new());
    };
    let mut tools = Vec::new();
    for (at, item) in read::items(raw, &"tools")?.into_iter().enumerate() {
        let path = format!("tools.{at}");
        let raw = RawJson::from(item.to_owned());
        let tool: WireTool = read::part(item.get().as_bytes(), &path)?;
        tools.push(match tool.r#type.as_deref() {
            None | Some("custom") => custom(tool, &raw, &path, unmapped)?,
            Some(what) if what.starts_with(WEB_SEARCH) => Tool::WebSearch(WebSearch {
                max_uses: tool.max_uses,
                context_size: None,
                bounds: bounds(&tool),
                place: tool.user_location,
                raw: Some((DialectId::Anthropic, raw)),
            }),
            Some(what) => Tool::Hosted(HostedTool {
                origin: DialectId::Anthropic,
                what: what.to_owned(),
                raw,
            }),
        });
    }
    Ok(tools)
}

fn bounds(tool: &WireTool) -> Vec<String> {
    let allowed = tool.allowed_domains.map(|_| "allowed_domains".to_owned());
    let blocked = tool.blocked_domains.map(|_| "blocked_domains".to_owned());
    allowed.into_iter().chain(blocked).collect()
}

fn custom(
    tool: WireTool,
    raw: &RawJson,
    path: &str,
    unmapped: &mut Unmapped,
) -> Result<Tool, TranslateError> {
    if let Ok(object) = JsonObject::parse(Bytes::copy_from_slice(raw.get().as_bytes()), usize::MAX)
    {
        for member in TOOL_ADVICE.into_iter().filter(|m| object.is_set(m)) {
            unmapped.add(format!("tools[].{member}"));
        }
    }
    Ok(Tool::Function(FunctionTool {
        name: tool
            .name
            .ok_or_else(|| read::required(format!("{path}.name")))?,
        description: tool.description,
        parameters: tool.input_schema,
        strict: tool.strict,
        cache: tool.cache_control.map(WireCache::into_canonical),
    }))
}

/// Reads `tool_choice`; the second value is what it says about parallel calls.
pub(super) fn decode_choice(
    body: &JsonObject,
) -> Result<(Option<ToolChoice>, Option<bool>), TranslateError> {
    let Some(choice) = read::member::<WireChoice>(body, "tool_choice")? else {
        return Ok((None, None));
    };
    let parallel = choice.disable_parallel_tool_use.map(|disabled| !disabled);
    let chosen = match choice.r#type.as_deref() {
        Some("auto") => ToolChoice::Auto,
        Some("any") => ToolChoice::Required,
        Some("none") => ToolChoice::None,
        Some("tool") => ToolChoice::Tool(
            choice
                .name
                .ok_or_else(|| read::required("tool_choice.name"))?,
        ),
        Some(other) => {
            return Err(read::invalid(
                "tool_choice.type",
                format_args!("must be `auto`, `any`, `tool` or `none`, not `{other}`"),
            ));
        }
        None => return Err(read::required("tool_choice.type")),
    };
    Ok((Some(chosen), parallel))
}

/// Writes the tools on offer; with an allow list only those on it, since the API has no such
/// list of its own.
pub(super) fn encode<'a>(
    tools: &'a [Tool],
    choice: Option<&ToolChoice>,
    betas: &mut Vec<&'static str>,
    losses: &mut Vec<Loss>,
) -> Vec<OutTool<'a>> {
    let allowed = |name: &str| match choice {
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|n| n == name),
        _ => true,
    };
    let mut lose = |loss| {
        if !losses.contains(&loss) {
            losses.push(loss);
        }
    };
    let mut out = Vec::with_capacity(tools.len());
    for tool in tools {
        match tool {
            Tool::Function(function) if allowed(&function.name) => {
                if function.strict == Some(true) {
                    // Strict schemas may use a part of JSON Schema only, and few per request.
                    lose(Loss::hint("tools[].function.strict"));
                }
                out.push(OutTool::Custom {
                    name: &function.name,
                    description: function.description.as_deref(),
                    input_schema: input_schema(function.parameters.as_ref()),
                    cache_control: WireCache::of(function.cache.as_ref()),
                });
            }
            Tool::Function(_) => {}
            Tool::WebSearch(search) => {
                if !matches!(search.raw, Some((DialectId::Anthropic, _))) {
                    search.lost_bounds().for_each(&mut lose);
                }
                out.push(web_search(search));
            }
            Tool::Hosted(hosted) if is_own(hosted) => {
                let beta = BETAS.iter().find(|(what, _)| *what == hosted.what);
                betas.extend(beta.map(|(_, beta)| *beta));
                out.push(OutTool::Raw(&hosted.raw));
            }
            Tool::Hosted(hosted) => lose(Loss::param(format!("tools[].{}", hosted.what))),
        }
    }
    out
}

/// Tools of the names that the history calls, for a request that offers none: the API refuses
/// tool blocks without tools.
pub(super) fn from_history(messages: &[Message]) -> Vec<OutTool<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for block in messages.iter().flat_map(|message| &message.content) {
        if let BlockKind::ToolUse { name, .. } = &block.kind
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| OutTool::Custom {
            name,
            description: None,
            input_schema: input_schema(None),
            cache_control: None,
        })
        .collect()
}

/// OpenAI clients may name this API's own tools; LiteLLM passes those on, so do we.
fn is_own(hosted: &HostedTool) -> bool {
    hosted.origin == DialectId::Anthropic
        || (hosted.origin == DialectId::OpenAiChat
            && HOSTED.iter().any(|what| hosted.what.starts_with(what)))
}

fn web_search(search: &WebSearch) -> OutTool<'_> {
    if let Some((DialectId::Anthropic, raw)) = &search.raw {
        return OutTool::Raw(raw);
    }
    // The API bounds searches, OpenAI the context they fill (reference section 11.3).
    let by_size = match search.context_size.as_deref() {
        Some("low") => Some(1),
        Some("medium") => Some(5),
        Some("high") => Some(10),
        _ => None,
    };
    OutTool::WebSearch {
        r#type: "web_search_20250305",
        name: "web_search",
        max_uses: search.max_uses.or(by_size),
        user_location: search.place.as_ref().map(|place| OutLocation {
            r#type: "approximate",
            place,
        }),
    }
}
