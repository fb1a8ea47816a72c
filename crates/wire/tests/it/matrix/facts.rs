//! A canonical request or answer as plain named facts, so that two of them can be compared.
//!
//! A fact has the name that a loss of it has: OpenAI's name for the field, without the index of
//! the message. What says the same in another shape (text cut differently into blocks, a system
//! message moved to the front, blanks) is the same fact.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockgate_wire::canonical::{
    Block, BlockKind, CacheControl, ChatRequest, ChatResponse, Choice, Logprobs, Media,
    MediaSource, Params, RawJson, Reasoning, ResponseFormat, Role, Tool, ToolChoice, Usage,
    WebSearch, split_thought_id,
};
use serde_json::Value;

/// The value of what is either said or not.
const SAID: &str = "said";
/// How the names of pieces of text begin.
const TEXT: &str = "text (";

/// Names of fields, each with its values in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts(pub(super) BTreeMap<String, Vec<String>>);

// === impl Facts ===

impl Facts {
    pub(super) fn of(request: &ChatRequest) -> Self {
        let mut facts = Self::default();
        facts.params(&request.params);
        for tool in &request.tools {
            facts.tool(tool);
        }
        for message in &request.messages {
            facts.some("messages[].name", &message.name);
            for block in &message.content {
                facts.block(message.role, block);
            }
        }
        for name in &request.unmapped {
            facts.add(&plain_name(name), SAID);
        }
        facts
    }

    pub(super) fn of_answer(answer: &ChatResponse) -> Self {
        let mut facts = Self::default();
        facts.usage(answer.usage.as_ref());
        let tier = answer.service_tier.as_ref();
        facts.some("service_tier", &tier.filter(|tier| *tier != "default"));
        for choice in &answer.choices {
            let mut own = Self::default();
            own.choice(choice);
            let prefix = if choice.index == 0 {
                ""
            } else {
                "choices[1..]."
            };
            for (name, values) in own.0 {
                let name = if prefix.is_empty() {
                    name
                } else {
                    prefix.to_owned()
                };
                facts.0.entry(name).or_default().extend(values);
            }
        }
        facts
    }

    fn choice(&mut self, choice: &Choice) {
        for block in &choice.content {
            self.block(Role::Assistant, block);
        }
        let refuses = |block: &Block| matches!(block.kind, BlockKind::Refusal { .. });
        if choice.content.iter().any(refuses) {
            self.add("refusal", SAID);
        }
        self.add("finish_reason", format!("{:?}", choice.finish));
        self.some("stop_sequence", &choice.stop_sequence);
        if let Some(logprobs) = &choice.logprobs {
            self.logprobs(logprobs);
        }
    }

    fn logprobs(&mut self, logprobs: &Logprobs) {
        for entry in &logprobs.content {
            let micro = (entry.token.logprob * 1e6).round();
            self.add("logprobs", format!("{} {micro}", entry.token.token));
            self.some("logprobs.bytes", &entry.token.bytes);
            for other in &entry.top {
                let micro = (other.logprob * 1e6).round();
                self.add("top_logprobs", format!("{} {micro}", other.token));
            }
        }
    }

    fn usage(&mut self, usage: Option<&Usage>) {
        let usage = usage.copied().unwrap_or_default();
        for (name, count) in [
            ("usage.input_tokens", usage.input_tokens),
            ("usage.output_tokens", usage.output_tokens),
            ("usage.cache_read", usage.cache_read),
            ("usage.cache_write", usage.cache_write),
            ("usage.cache_write_1h", usage.cache_write_1h),
            ("usage.reasoning", usage.reasoning),
            ("usage.audio", usage.audio_input + usage.audio_output),
        ] {
            if count > 0 {
                self.add(name, count.to_string());
            }
        }
    }

    /// The names of the facts in which what was `got` differs from what was said.
    pub(super) fn differences<'a>(&'a self, got: &'a Self) -> Vec<&'a str> {
        let names: BTreeSet<&String> = self.0.keys().chain(got.0.keys()).collect();
        let differs = |name: &&String| {
            let (sent, got) = (self.values(name), got.values(name));
            if name.starts_with(TEXT) {
                // There may be more, as where a document had to become text.
                !sent.iter().all(|piece| got.concat().contains(piece))
            } else {
                sent != got
            }
        };
        let differing = names.into_iter().filter(differs);
        differing.map(String::as_str).collect()
    }

    /// The values of a fact; none when it is not said.
    pub(super) fn values(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        let values = self.0.entry(name.to_owned()).or_default();
        values.push(value.into());
    }

    pub(super) fn some<T: std::fmt::Debug>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.add(name, format!("{value:?}"));
        }
    }

    /// A piece of text, in which blanks do not count.
    fn text(&mut self, name: &str, text: &str) {
        let text: String = text.split_whitespace().collect();
        if !text.is_empty() {
            self.add(&format!("{TEXT}{name})"), text);
        }
    }

    fn params(&mut self, params: &Params) {
        self.some("max_tokens", &params.max_tokens);
        self.some("temperature", &params.temperature);
        self.some("top_p", &params.top_p);
        self.some("top_k", &params.top_k);
        self.some("min_p", &params.min_p);
        self.some("stop", &params.stop);
        self.some("seed", &params.seed);
        self.some("presence_penalty", &params.presence_penalty);
        self.some("frequency_penalty", &params.frequency_penalty);
        self.some("repetition_penalty", &params.repetition_penalty);
        self.some("n", &params.n.filter(|&n| n != 1));
        self.some("logprobs", &params.logprobs.filter(|&wanted| wanted));
        self.some("top_logprobs", &params.top_logprobs.filter(|&n| n > 0));
        self.some("logit_bias", &params.logit_bias.as_ref().map(plain));
        self.some("user", &params.user);
        // The models call several tools at once unless told not to.
        self.some(
            "parallel_tool_calls",
            &params.parallel_tool_calls.filter(|&may| !may),
        );
        let choice = params.tool_choice.as_ref();
        self.some("tool_choice", &choice.filter(|c| **c != ToolChoice::Auto));
        self.response_format(params.response_format.as_ref());
        self.reasoning(params.reasoning.as_ref());
        let tier = params.service_tier.as_ref();
        self.some("service_tier", &tier.filter(|tier| *tier != "auto"));
        self.some("verbosity", &params.verbosity);
        let modalities = params.modalities.as_ref();
        self.some("modalities", &modalities.filter(|m| *m != &["text"]));
        self.some("keep_alive", &params.keep_alive.as_ref().map(plain));
        for (name, _) in &params.extra {
            self.add(&plain_name(name), SAID);
        }
    }

    fn response_format(&mut self, format: Option<&ResponseFormat>) {
        const NAME: &str = "response_format";
        match format {
            None | Some(ResponseFormat::Text) => {}
            Some(ResponseFormat::JsonObject) => self.add(NAME, "json_object"),
            Some(ResponseFormat::JsonSchema {
                name,
                description,
                schema,
                strict,
            }) => {
                self.add(NAME, schema.as_ref().map(plain).unwrap_or_default());
                self.some("response_format.json_schema.name", name);
                self.some("response_format.json_schema.description", description);
                self.some("response_format.json_schema.strict", strict);
            }
        }
    }

    fn reasoning(&mut self, reasoning: Option<&Reasoning>) {
        let Some(reasoning) = reasoning else { return };
        let wanted = reasoning.wanted();
        self.some("reasoning_effort", &wanted);
        if wanted == Some(true) {
            self.some("reasoning_effort (level)", &reasoning.to_effort());
        }
        let shown = reasoning
            .include
            .filter(|&shown| shown && wanted != Some(false));
        self.some("reasoning.summary", &shown);
    }

    fn tool(&mut self, tool: &Tool) {
        match tool {
            Tool::Function(function) => {
                self.add("tools[].function", &function.name);
                let said = function.description.as_ref().filter(|d| !d.is_empty());
                self.some("tools[].function.description", &said);
                let parameters = function.parameters.as_ref().map(plain);
                self.add(
                    "tools[].function.parameters",
                    parameters.unwrap_or_else(|| "{\"properties\":{},\"type\":\"object\"}".into()),
                );
                let strict = function.strict.filter(|&strict| strict);
                self.some("tools[].function.strict", &strict);
                self.cache(&function.name, function.cache.as_ref());
            }
            Tool::WebSearch(search) => self.web_search(search),
            Tool::Hosted(tool) => self.add(&format!("tools[].{}", tool.what), SAID),
        }
    }

    fn web_search(&mut self, search: &WebSearch) {
        self.add("web_search_options", SAID);
        self.some("tools[].web_search.max_uses", &search.max_uses);
        self.some(
            "web_search_options.search_context_size",
            &search.context_size,
        );
        self.some("web_search_options.user_location", &search.place);
        for bound in &search.bounds {
            self.add(&format!("tools[].web_search.{bound}"), SAID);
        }
    }

    fn cache(&mut self, behind: &str, marker: Option<&CacheControl>) {
        if let Some(marker) = marker {
            let ttl = marker.ttl.as_deref().unwrap_or("5m");
            self.add("cache_control", format!("{behind} {ttl}"));
        }
    }

    fn order(&mut self, what: &str) {
        let values = self.0.entry("order".to_owned()).or_default();
        if values.last().is_none_or(|last| last != what) {
            values.push(what.to_owned());
        }
    }

    fn block(&mut self, role: Role, block: &Block) {
        let speaker = match role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        match &block.kind {
            BlockKind::Text { text, citations } => {
                self.text(speaker, text);
                if speaker != "system" && !text.trim().is_empty() {
                    self.order(speaker);
                }
                let cited = citations.as_ref().map(RawJson::get);
                if cited.is_some_and(|list| list != "[]") {
                    self.add("messages[].annotations", SAID);
                }
            }
            BlockKind::Refusal { text } => {
                self.text(speaker, text);
                self.order(speaker);
            }
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => {
                let (id, thought) = split_thought_id(id);
                self.add(
                    "messages[].tool_calls",
                    format!("{name} {}", json(arguments)),
                );
                self.add("messages[].tool_calls[].id", id);
                self.order(&format!("call {id}"));
                if let Some(thought) = thought {
                    self.add("messages[].thinking_blocks", thought);
                }
            }
            BlockKind::ToolResult {
                id,
                content,
                is_error,
                ..
            } => {
                let (id, _) = split_thought_id(id);
                self.add("messages[].tool_call_id", id);
                self.order(&format!("result {id}"));
                for piece in content {
                    match &piece.kind {
                        BlockKind::Text { text, .. } => self.text("user", text),
                        // What a tool shows is the same to the model behind its result.
                        _ => self.block(Role::User, piece),
                    }
                }
                if *is_error {
                    self.add("messages[].is_error", id);
                }
            }
            other => self.rest(other),
        }
        self.cache(speaker, block.cache.as_ref());
    }

    fn rest(&mut self, block: &BlockKind) {
        match block {
            BlockKind::Image(media) => self.media("messages[].image_url", media),
            BlockKind::Document(media) => self.document(media),
            BlockKind::Audio(media) => self.media("messages[].input_audio", media),
            BlockKind::Video(media) => self.media("messages[].video_url", media),
            BlockKind::Thinking { text, signature } => {
                let text: String = text.split_whitespace().collect();
                if !text.is_empty() {
                    self.add("messages[].reasoning_content", text);
                }
                if let Some(signature) = signature {
                    self.add("messages[].thinking_blocks", signature);
                }
            }
            BlockKind::RedactedThinking { data } => self.add("messages[].thinking_blocks", data),
            BlockKind::Opaque { origin, what, .. } => {
                self.add(&format!("messages[].{what}"), origin.as_str());
            }
            _ => {}
        }
    }

    /// Where an API has no documents, those that are text may become text of the turn.
    fn document(&mut self, media: &Media) {
        self.some("messages[].file.filename", &media.title);
        let is_text = media
            .mime
            .as_deref()
            .is_some_and(|m| m.starts_with("text/"));
        match &media.source {
            MediaSource::Text(text) => self.text("user", text),
            MediaSource::Base64(data) if is_text => {
                let text = STANDARD.decode(data).unwrap();
                self.text("user", std::str::from_utf8(&text).unwrap());
            }
            _ => self.media("messages[].file", media),
        }
    }

    fn media(&mut self, name: &str, media: &Media) {
        let source = match &media.source {
            MediaSource::Base64(data) => {
                self.some(&format!("{name}.mime"), &media.mime);
                format!("data {data}")
            }
            MediaSource::Url(url) => format!("url {url}"),
            MediaSource::File(id) => format!("file {id}"),
            MediaSource::Text(text) => format!("text {text}"),
        };
        self.add(name, source);
        let detail = media.detail.as_ref().filter(|detail| *detail != "auto");
        self.some(&format!("{name}.detail"), &detail);
    }
}

/// A member's name without the place and the spelling that a dialect gives it.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.trim_start_matches("additionalModelRequestFields.");
    let mut plain = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !name.contains(['.', '[']) {
            plain.push('_');
            plain.push(c.to_ascii_lowercase());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// JSON with sorted members and no blanks.
pub(super) fn plain(raw: &RawJson) -> String {
    json(raw.get())
}

/// As [`plain`], of arguments: nothing is an empty object, and what is no JSON is a member of one.
pub(super) fn json(text: &str) -> String {
    if text.trim().is_empty() {
        return "{}".to_owned();
    }
    let value = serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| serde_json::json!({ "arguments": text }));
    sorted(&value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> =
                members.iter().map(|(k, v)| (k, sorted(v))).collect();
            members
                .into_iter()
                .map(|(k, v)| (k.clone(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
