//! Custom tools of OpenAI's, free text in instead of JSON, for upstreams that have functions only.
//!
//! Such a tool becomes a function with one argument, [`INPUT`]; the writer of the client's answer
//! takes the text out again.

use serde::Deserialize;

use crate::canonical::{BlockKind, ChatRequest, FunctionTool, HostedTool, Loss, RawJson, Tool};
use crate::dialect::DialectId;

/// The function's only argument.
pub(crate) const INPUT: &str = "input";

/// The arguments of such a function.
const SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text"}},"required":["input"],"additionalProperties":false}"#;

/// A custom tool in canonical form: as OpenAI's chat API writes it.
#[derive(Debug, Deserialize)]
struct Nested {
    custom: Custom,
}

#[derive(Debug, Deserialize)]
struct Custom {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    format: Option<Format>,
}

#[derive(Debug, Deserialize)]
struct Format {
    #[serde(default)]
    grammar: Option<Grammar>,
}

#[derive(Debug, Deserialize)]
struct Grammar {
    #[serde(default)]
    syntax: String,
    #[serde(default)]
    definition: String,
}

/// Makes functions of the custom tools, and their calls calls of these.
pub(super) fn to_functions(chat: &mut ChatRequest) -> Option<Loss> {
    let mut names = Vec::new();
    let mut bound = false;
    for tool in &mut chat.tools {
        if let Tool::Hosted(hosted) = tool
            && let Some(custom) = read(hosted)
        {
            names.push(custom.name.clone());
            bound |= custom.format.as_ref().is_some_and(|f| f.grammar.is_some());
            *tool = Tool::Function(function(custom));
        }
    }
    let blocks = chat.messages.iter_mut().flat_map(|m| &mut m.content);
    for block in blocks {
        if let BlockKind::ToolUse {
            name, arguments, ..
        } = &mut block.kind
            && names.contains(name)
        {
            let members = std::collections::BTreeMap::from([(INPUT, &*arguments)]);
            if let Ok(wrapped) = RawJson::from_value(&members) {
                *arguments = wrapped.get().to_owned();
            }
        }
    }
    // The model is told the grammar, but not held to it.
    bound.then(|| Loss::hint("tools[].custom.format"))
}

fn read(tool: &HostedTool) -> Option<Custom> {
    if tool.origin != DialectId::OpenAiChat || tool.what != "custom" {
        return None;
    }
    let nested: Nested = serde_json::from_str(tool.raw.get()).ok()?;
    Some(nested.custom)
}

fn function(custom: Custom) -> FunctionTool {
    let mut description = custom.description.unwrap_or_default();
    if let Some(grammar) = custom.format.and_then(|format| format.grammar) {
        let Grammar { syntax, definition } = grammar;
        description.push_str(&format!(
            "\n\nThe input follows this grammar ({syntax}):\n{definition}"
        ));
    }
    FunctionTool {
        name: custom.name,
        description: Some(description).filter(|text| !text.is_empty()),
        parameters: RawJson::parse(SCHEMA).ok(),
        strict: None,
        cache: None,
    }
}
