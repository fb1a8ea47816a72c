//! Tools on offer, tool choice and tool calls.
//!
//! Source: API reference, `ToolV2`, `ToolCallV2`, `tool_choice`, `strict_tools`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::losses::Losses;
use super::read;
use crate::canonical::{
    Block, BlockKind, ChatRequest, FunctionTool, HostedTool, Loss, RawJson, Tool, ToolChoice,
    split_thought_id,
};
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a tool object")]
struct ToolIn<'a> {
    r#type: Option<String>,
    #[serde(borrow)]
    function: Option<FunctionIn<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a function object")]
struct FunctionIn<'a> {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, borrow)]
    parameters: Option<&'a RawValue>,
}

/// A call, in a message or at the start of its stream; any part may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a tool call object")]
pub(super) struct CallIn<'a> {
    pub(super) id: Option<String>,
    #[serde(borrow)]
    pub(super) function: Option<CalledIn<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a function object")]
pub(super) struct CalledIn<'a> {
    pub(super) name: Option<String>,
    /// JSON text; some servers put the object itself.
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// A tool for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct ToolOut<'a> {
    r#type: &'static str,
    function: FunctionOut<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// Required, unlike elsewhere.
    parameters: ParametersOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ParametersOut<'a> {
    Own(&'a RawJson),
    Empty {
        r#type: &'static str,
        properties: Nothing,
    },
}

#[derive(Debug, Serialize)]
struct Nothing {}

/// A call as it is written.
#[derive(Debug, Serialize)]
pub(super) struct CallOut<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CalledOut<'a>,
}

#[derive(Debug, Serialize)]
struct CalledOut<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// What of a request concerns its tools, for an upstream.
#[derive(Debug, Default)]
pub(super) struct Offer<'a> {
    pub(super) tools: Vec<ToolOut<'a>>,
    pub(super) strict: Option<bool>,
    pub(super) choice: Option<&'static str>,
}

/// Reads `tools`.
pub(super) fn decode(body: &JsonObject) -> Result<Vec<Tool>, TranslateError> {
    let raws: Option<Vec<&RawValue>> = read::member(body, "tools")?;
    let raws = raws.into_iter().flatten().enumerate();
    raws.map(|(at, raw)| decode_one(raw, at)).collect()
}

fn decode_one(raw: &RawValue, at: usize) -> Result<Tool, TranslateError> {
    let tool: ToolIn<'_> = read::part(raw, &format_args!("tools[{at}]"))?;
    match (tool.function, tool.r#type) {
        (Some(function), _) => Ok(Tool::Function(FunctionTool {
            name: function.name,
            description: function.description,
            parameters: function.parameters.map(|raw| raw.to_owned().into()),
            ..FunctionTool::default()
        })),
        (None, Some(what)) if what != "function" => Ok(Tool::Hosted(HostedTool {
            origin: DialectId::Cohere,
            what,
            raw: RawJson::from(raw.to_owned()),
        })),
        (None, _) => Err(read::required(format!("tools[{at}].function"))),
    }
}

/// Reads `tool_choice`.
pub(super) fn decode_choice(body: &JsonObject) -> Result<Option<ToolChoice>, TranslateError> {
    let Some(choice) = read::member::<String>(body, "tool_choice")? else {
        return Ok(None);
    };
    match choice.to_ascii_uppercase().as_str() {
        "REQUIRED" => Ok(Some(ToolChoice::Required)),
        "NONE" => Ok(Some(ToolChoice::None)),
        _ => Err(read::invalid(
            "tool_choice",
            format_args!("must be `REQUIRED` or `NONE`, not `{choice}`"),
        )),
    }
}

/// What is offered of `request`'s tools. A choice of tools by name is kept by offering no others.
pub(super) fn offer<'a>(request: &'a ChatRequest, losses: &mut Losses) -> Offer<'a> {
    let choice = request.params.tool_choice.as_ref();
    let mut tools = Vec::new();
    let (mut strict, mut loose) = (false, false);
    for tool in &request.tools {
        match tool {
            Tool::Function(function) if is_offered(choice, &function.name) => {
                losses.hint_if(function.cache.is_some(), "cache_control");
                strict |= function.strict == Some(true);
                loose |= function.strict != Some(true);
                tools.push(ToolOut::new(function));
            }
            Tool::Function(_) => {}
            Tool::WebSearch(_) => losses.add(Loss::param("web_search_options")),
            Tool::Hosted(tool) => losses.add(Loss::param(format!("tools[].{}", tool.what))),
        }
    }
    // To hold the model to all schemas would hold it to some that nobody wrote for that.
    losses.hint_if(strict && loose, "tools[].function.strict");
    let one_call = request.params.parallel_tool_calls == Some(false) && !tools.is_empty();
    losses.param_if(one_call, "parallel_tool_calls");
    Offer {
        strict: (strict && !loose).then_some(true),
        choice: choice.and_then(choice_name).filter(|_| !tools.is_empty()),
        tools,
    }
}

/// `tool_choice`; to let the model choose is not said.
pub(super) fn choice_name(choice: &ToolChoice) -> Option<&'static str> {
    match choice {
        ToolChoice::Auto
        | ToolChoice::Allowed {
            required: false, ..
        } => None,
        ToolChoice::None => Some("NONE"),
        ToolChoice::Required | ToolChoice::Tool(_) | ToolChoice::Allowed { required: true, .. } => {
            Some("REQUIRED")
        }
    }
}

fn is_offered(choice: Option<&ToolChoice>, name: &str) -> bool {
    match choice {
        None | Some(ToolChoice::Auto | ToolChoice::Required | ToolChoice::None) => true,
        Some(ToolChoice::Tool(chosen)) => chosen == name,
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
    }
}

/// An id for a call that came without one. It differs from turn to turn as the answer's id does.
pub(super) fn made_id(name: &str, seed: &str, index: usize) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    (seed, index).hash(&mut hasher);
    format!("{name}_{:016x}", hasher.finish())
}

// === impl CallIn ===

impl CallIn<'_> {
    /// The call; `seed` and `index` make its id where it has none. `None` without a function.
    pub(super) fn into_block(self, seed: &str, index: usize) -> Option<Block> {
        let function = self.function?;
        let arguments = function.arguments();
        let name = function.name.unwrap_or_default();
        let id = self.id.filter(|id| !id.is_empty());
        Some(Block::new(BlockKind::ToolUse {
            id: id.unwrap_or_else(|| made_id(&name, seed, index)),
            name,
            arguments,
        }))
    }
}

// === impl CalledIn ===

impl CalledIn<'_> {
    /// The arguments, or this piece of them, as text.
    pub(super) fn arguments(&self) -> String {
        match self.arguments.map(RawValue::get) {
            None | Some("null") => String::new(),
            Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
            Some(object) => object.to_owned(),
        }
    }
}

// === impl ToolOut ===

impl<'a> ToolOut<'a> {
    fn new(tool: &'a FunctionTool) -> Self {
        let parameters = match &tool.parameters {
            Some(schema) => ParametersOut::Own(schema),
            None => ParametersOut::Empty {
                r#type: "object",
                properties: Nothing {},
            },
        };
        Self {
            r#type: "function",
            function: FunctionOut {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters,
            },
        }
    }
}

// === impl CallOut ===

impl<'a> CallOut<'a> {
    /// A call in an answer, with its id as it is.
    pub(super) fn new(id: &'a str, name: &'a str, arguments: &'a str) -> Self {
        let arguments = if arguments.is_empty() {
            "{}"
        } else {
            arguments
        };
        Self::begun(id, name, arguments)
    }

    /// A call in the history that an upstream gets, without what others put into its id.
    pub(super) fn past(id: &'a str, name: &'a str, arguments: &'a str) -> Self {
        Self::new(split_thought_id(id).0, name, arguments)
    }

    /// A call with as much of its arguments as there is.
    pub(super) fn begun(id: &'a str, name: &'a str, arguments: &'a str) -> Self {
        Self {
            id,
            r#type: "function",
            function: CalledOut { name, arguments },
        }
    }
}
