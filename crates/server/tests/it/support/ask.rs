//! Requests: the same question in each dialect.

use serde_json::{Value, json};

use super::Dialect;

/// A question to a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) model: &'a str,
    pub(crate) stream: bool,
    /// Offer the two tools.
    pub(crate) tools: bool,
    /// Ask for reasoning.
    pub(crate) reasoning: bool,
}

/// A plain question.
pub(crate) fn simple(model: &str, stream: bool) -> Ask<'_> {
    Ask {
        model,
        stream,
        tools: false,
        reasoning: false,
    }
}

/// Name and only parameter of the tools on offer.
const TOOLS: [(&str, &str); 2] = [("get_weather", "city"), ("get_time", "timezone")];

// === impl Ask ===

impl Ask<'_> {
    /// Path and body in `dialect`.
    pub(crate) fn request(&self, dialect: Dialect) -> (String, Value) {
        let body = match dialect {
            Dialect::OpenAi => self.openai(),
            Dialect::Anthropic => self.anthropic(),
            Dialect::Gemini => self.gemini(),
            Dialect::Ollama => self.ollama(),
            Dialect::Responses => self.responses(),
            Dialect::Bedrock => self.bedrock(),
            Dialect::Cohere => self.cohere(),
        };
        (dialect.chat_path(self.model, self.stream), body)
    }

    fn openai(&self) -> Value {
        let mut body = json!({
            "model": self.model,
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Say hello." },
            ],
            "max_tokens": 2048,
        });
        if self.stream {
            body["stream"] = json!(true);
            body["stream_options"] = json!({ "include_usage": true });
        }
        if self.reasoning {
            body["reasoning_effort"] = json!("low");
        }
        if self.tools {
            body["tools"] = tools(
                |name, schema| json!({ "type": "function", "function": { "name": name, "description": "A tool.", "parameters": schema } }),
            );
        }
        body
    }

    fn responses(&self) -> Value {
        let mut body = json!({
            "model": self.model,
            "instructions": "Be brief.",
            "input": [{ "role": "user", "content": "Say hello." }],
            "max_output_tokens": 2048,
        });
        if self.stream {
            body["stream"] = json!(true);
        }
        if self.reasoning {
            body["reasoning"] = json!({ "effort": "low", "summary": "auto" });
        }
        if self.tools {
            body["tools"] = tools(
                |name, schema| json!({ "type": "function", "name": name, "description": "A tool.", "parameters": schema }),
            );
        }
        body
    }

    fn bedrock(&self) -> Value {
        let mut body = json!({
            "system": [{ "text": "Be brief." }],
            "messages": [{ "role": "user", "content": [{ "text": "Say hello." }] }],
            "inferenceConfig": { "maxTokens": 2048 },
        });
        if self.reasoning {
            body["additionalModelRequestFields"] =
                json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } });
        }
        if self.tools {
            let tools = tools(
                |name, schema| json!({ "toolSpec": { "name": name, "description": "A tool.", "inputSchema": { "json": schema } } }),
            );
            body["toolConfig"] = json!({ "tools": tools });
        }
        body
    }

    fn cohere(&self) -> Value {
        let mut body = json!({
            "model": self.model,
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Say hello." },
            ],
            "max_tokens": 2048,
        });
        if self.stream {
            body["stream"] = json!(true);
        }
        if self.reasoning {
            body["thinking"] = json!({ "type": "enabled", "token_budget": 1024 });
        }
        if self.tools {
            body["tools"] = tools(
                |name, schema| json!({ "type": "function", "function": { "name": name, "description": "A tool.", "parameters": schema } }),
            );
        }
        body
    }

    fn anthropic(&self) -> Value {
        let mut body = json!({
            "model": self.model,
            "system": "Be brief.",
            "messages": [{ "role": "user", "content": "Say hello." }],
            "max_tokens": 2048,
        });
        if self.stream {
            body["stream"] = json!(true);
        }
        if self.reasoning {
            body["thinking"] = json!({ "type": "enabled", "budget_tokens": 1024 });
        }
        if self.tools {
            body["tools"] = tools(
                |name, schema| json!({ "name": name, "description": "A tool.", "input_schema": schema }),
            );
        }
        body
    }

    fn gemini(&self) -> Value {
        let mut body = json!({
            "systemInstruction": { "parts": [{ "text": "Be brief." }] },
            "contents": [{ "role": "user", "parts": [{ "text": "Say hello." }] }],
            "generationConfig": { "maxOutputTokens": 2048 },
        });
        if self.reasoning {
            body["generationConfig"]["thinkingConfig"] =
                json!({ "includeThoughts": true, "thinkingBudget": 1024 });
        }
        if self.tools {
            let declarations = tools(
                |name, schema| json!({ "name": name, "description": "A tool.", "parameters": schema }),
            );
            body["tools"] = json!([{ "functionDeclarations": declarations }]);
        }
        body
    }

    fn ollama(&self) -> Value {
        let mut body = json!({
            "model": self.model,
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Say hello." },
            ],
            "stream": self.stream,
            "options": { "num_predict": 2048 },
        });
        if self.reasoning {
            body["think"] = json!(true);
        }
        if self.tools {
            body["tools"] = tools(
                |name, schema| json!({ "type": "function", "function": { "name": name, "description": "A tool.", "parameters": schema } }),
            );
        }
        body
    }
}

fn tools(write: impl Fn(&str, Value) -> Value) -> Value {
    let tool = |(name, parameter): &(&str, &str)| {
        let schema = json!({
            "type": "object",
            "properties": { *parameter: { "type": "string" } },
            "required": [parameter],
        });
        write(name, schema)
    };
    TOOLS.iter().map(tool).collect()
}
