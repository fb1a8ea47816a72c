//! Writes a request for an Ollama upstream, always for `/api/chat`.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::tools::OutTool;
use super::super::wire::{OutMessage, to_json};
use super::settings::{self, Object, Settings};
use super::{Losses, messages};
use crate::canonical::{ChatRequest, FunctionTool, Loss, Tool, ToolChoice};
use crate::dialect::{EncodedRequest, Target};

/// Writes `request`. Everything can be written in some way, so this cannot fail.
pub(in super::super) fn encode(request: &ChatRequest, target: &Target<'_>) -> EncodedRequest {
    let mut losses = Losses::default();
    let body = Body {
        model: target.model,
        messages: messages::encode(&request.messages, &mut losses),
        stream: target.stream,
        tools: tools(request, &mut losses),
        settings: Settings::of(&request.params, target.model),
    };
    settings::losses(request, &mut losses);
    for name in &request.unmapped {
        losses.add(Loss::hint(name.as_str()));
    }
    EncodedRequest {
        body: to_json(&body),
        headers: Vec::new(),
        losses: losses.into_vec(),
    }
}

struct Body<'a> {
    model: &'a str,
    messages: Vec<OutMessage<'a>>,
    stream: bool,
    tools: Vec<OutTool<'a>>,
    settings: Settings,
}

// === impl Body ===

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.model)?;
        map.serialize_entry("messages", &self.messages)?;
        if !self.tools.is_empty() {
            map.serialize_entry("tools", &self.tools)?;
        }
        map.serialize_entry("stream", &self.stream)?;
        for (name, value) in &self.settings.top {
            let written = matches!(name.as_str(), "model" | "messages" | "stream")
                || (name == "tools" && !self.tools.is_empty());
            if !written {
                map.serialize_entry(name, value)?;
            }
        }
        if !self.settings.options.is_empty() {
            map.serialize_entry("options", &Object(&self.settings.options))?;
        }
        map.end()
    }
}

/// The functions on offer. Ollama has no `tool_choice`: a choice is kept as far as withholding
/// the other tools keeps it.
fn tools<'a>(request: &'a ChatRequest, losses: &mut Losses) -> Vec<OutTool<'a>> {
    let choice = request.params.tool_choice.as_ref();
    let mut out = Vec::new();
    for tool in &request.tools {
        match tool {
            Tool::Function(tool) if is_offered(choice, &tool.name) => {
                function_losses(tool, losses);
                out.push(OutTool::new(tool));
            }
            Tool::Function(_) => {}
            Tool::WebSearch(_) => losses.add(Loss::param("web_search_options")),
            Tool::Hosted(tool) => losses.add(Loss::param(format!("tools[].{}", tool.what))),
        }
    }
    out
}

fn is_offered(choice: Option<&ToolChoice>, name: &str) -> bool {
    match choice {
        None | Some(ToolChoice::Auto | ToolChoice::Required) => true,
        Some(ToolChoice::None) => false,
        Some(ToolChoice::Tool(chosen)) => chosen == name,
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
    }
}

fn function_losses(tool: &FunctionTool, losses: &mut Losses) {
    if tool.strict == Some(true) {
        losses.add(Loss::hint("tools[].function.strict"));
    }
    if tool.cache.is_some() {
        losses.add(Loss::hint("cache_control"));
    }
}
