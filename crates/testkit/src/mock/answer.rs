//! What the mock says, before any dialect puts it into words of its own.

use memchr::memmem;
use serde_json::Value;

use super::script::{Flavour, Script};

/// Input tokens every answer reports.
pub(super) const INPUT_TOKENS: usize = 12;
/// Seconds since 1970 at which every answer was made.
pub(super) const CREATED: u64 = 1_760_000_000;
/// The same moment as text.
pub(super) const CREATED_TEXT: &str = "2025-10-09T08:53:20Z";

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) model: String,
    pub(super) parts: Vec<Part>,
    pub(super) finish: Finish,
    pub(super) output_tokens: usize,
    pub(super) reasoning_tokens: usize,
}

/// One part of an answer, in the pieces in which it is streamed.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Thinking(Vec<String>),
    Text(Vec<String>),
    Tool(ToolCall),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ToolCall {
    pub(super) position: usize,
    pub(super) name: &'static str,
    pub(super) arguments: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    Stop,
    Length,
    Tools,
}

/// An error a dialect has its own body for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Status(u16),
    ContextWindow,
    ContentPolicy,
}

const TOOLS: [ToolCall; 2] = [
    ToolCall {
        position: 0,
        name: "get_weather",
        arguments: &["{\"city\":", "\"Paris\"", ",\"unit\":\"celsius\"}"],
    },
    ToolCall {
        position: 1,
        name: "get_time",
        arguments: &["{\"timezone\":\"Euro", "pe/Paris\"}"],
    },
];

// === impl Answer ===

impl Answer {
    /// The answer `script` asks for; `echo` is the last user text of the request.
    pub(super) fn new(model: &str, script: &Script, echo: &str) -> Self {
        let text = Part::Text(match (script.flavour, script.chunks) {
            (Flavour::Echo, _) => echo.split_inclusive(' ').map(str::to_owned).collect(),
            (_, None) => ["Hello", " from the", " mock."].map(str::to_owned).to_vec(),
            (_, Some(chunks)) => (0..chunks).map(|chunk| format!("t{chunk} ")).collect(),
        });
        let thinking = Part::Thinking(
            ["The user", " greets me;", " I greet back."]
                .map(str::to_owned)
                .to_vec(),
        );
        let (parts, finish) = match script.flavour {
            Flavour::Text | Flavour::Echo => (vec![text], Finish::Stop),
            Flavour::Length => (vec![text], Finish::Length),
            Flavour::Reasoning => (vec![thinking, text], Finish::Stop),
            Flavour::Tools | Flavour::Agent => (TOOLS.map(Part::Tool).to_vec(), Finish::Tools),
        };
        let tokens = |part: &Part| part.pieces();
        let reasoning = |part: &&Part| matches!(part, Part::Thinking(_));
        Self {
            model: model.to_owned(),
            finish,
            output_tokens: parts.iter().map(tokens).sum(),
            reasoning_tokens: parts.iter().filter(reasoning).map(tokens).sum(),
            parts,
        }
    }

    pub(super) fn text(&self) -> String {
        self.joined(|part| match part {
            Part::Text(pieces) => Some(pieces),
            _ => None,
        })
    }

    pub(super) fn thinking(&self) -> String {
        self.joined(|part| match part {
            Part::Thinking(pieces) => Some(pieces),
            _ => None,
        })
    }

    pub(super) fn tools(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::Tool(call) => Some(call),
            _ => None,
        })
    }

    fn joined(&self, pick: impl Fn(&Part) -> Option<&Vec<String>>) -> String {
        self.parts
            .iter()
            .filter_map(pick)
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

// === impl Part ===

impl Part {
    fn pieces(&self) -> usize {
        match self {
            Self::Thinking(pieces) | Self::Text(pieces) => pieces.len(),
            Self::Tool(call) => call.arguments.len() + 1,
        }
    }
}

// === impl ToolCall ===

impl ToolCall {
    pub(super) fn arguments_text(&self) -> String {
        self.arguments.concat()
    }

    pub(super) fn arguments_object(&self) -> Value {
        serde_json::from_str(&self.arguments_text()).unwrap_or(Value::Null)
    }
}

/// The last user text of a request in any dialect; empty when there is none.
pub(super) fn last_user_text(body: &[u8]) -> String {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return String::new();
    };
    let prompt = ["prompt", "input"];
    if let Some(prompt) = prompt.iter().find_map(|name| request[*name].as_str()) {
        return prompt.to_owned();
    }
    let turns = ["messages", "contents", "input"]
        .iter()
        .find_map(|name| request[*name].as_array());
    let user = turns
        .into_iter()
        .flatten()
        .rfind(|turn| turn["role"] == "user" || turn["role"].is_null());
    let Some(user) = user else {
        return String::new();
    };
    match &user["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => texts(parts),
        _ => user["parts"]
            .as_array()
            .map(|parts| texts(parts))
            .unwrap_or_default(),
    }
}

/// Whether a request in any dialect has the result of a tool call.
pub(super) fn has_tool_results(body: &[u8]) -> bool {
    // A quoted name inside a JSON string has its quotes escaped, so it never matches.
    let marks: [&[u8]; 6] = [
        b"\"tool_call_id\"",
        b"\"tool_name\"",
        b"\"function_call_output\"",
        b"\"tool_result\"",
        b"\"functionResponse\"",
        b"\"toolResult\"",
    ];
    marks.iter().any(|mark| memmem::find(body, mark).is_some())
}

fn texts(parts: &[Value]) -> String {
    parts
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect()
}
