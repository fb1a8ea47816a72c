//! Writes a request for an upstream.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::SerializeMap;

use super::super::blocks;
use super::super::content::{Content, FunctionCall, FunctionResponse, Part};
use super::super::losses::Losses;
use super::super::model::{self, Generation, Model};
use super::super::proto::{Fields, Many, camel};
use super::super::{config, media, signature, tools};
use crate::canonical::{
    Block, BlockKind, ChatRequest, Loss, Message, Params, RawJson, Role, no_instruction,
    signature_origin, split_thought_id,
};
use crate::dialect::{DialectId, EncodedRequest, Target, TranslateError};
use crate::operation::Operation;

/// Writes a request. Of a `countTokens` request only what is counted differs in form: it carries
/// the whole request, since its own `contents` would leave system and tools uncounted.
pub(in super::super) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let model = Model::parse(target.model);
    let mut losses = Losses::default();
    for what in &request.unmapped {
        losses.add(Loss::hint(what.clone()));
    }
    let conversation = Conversation::write(&request.messages, &model, &mut losses);
    let mut body = Body {
        model: None,
        conversation,
        fields: fields(request, &model, &mut losses),
        extra: Vec::new(),
    };
    body.add_extra(&request.params, &mut losses);
    let body = if target.operation == Operation::CountTokens {
        body.model = Some(model::resource(target.model));
        let body = serde_json::to_vec(&std::collections::BTreeMap::from([(
            "generateContentRequest",
            &body,
        )]));
        body.map_err(|e| TranslateError::invalid(e.to_string()))?
    } else {
        serde_json::to_vec(&body).map_err(|e| TranslateError::invalid(e.to_string()))?
    };
    Ok(EncodedRequest {
        body: Bytes::from(body),
        headers: Vec::new(),
        losses: losses.into_vec(),
    })
}

/// Everything beside the conversation.
fn fields(request: &ChatRequest, model: &Model, losses: &mut Losses) -> Fields {
    let params = &request.params;
    let mut out = Fields::default();
    let tools = tools::encode(&request.tools, model, losses);
    if !tools.is_empty() {
        out.put("tools", &tools);
        let choice = params.tool_choice.as_ref();
        out.put_some("toolConfig", choice.and_then(tools::encode_config).as_ref());
        losses.param_if(
            params.parallel_tool_calls == Some(false),
            "parallel_tool_calls",
        );
    }
    let config = config::encode(params, model, losses);
    if !config.is_empty() {
        out.put("generationConfig", &config);
    }
    let tier = params.service_tier.as_deref();
    let tier = tier.and_then(|tier| config::encode_tier(tier, losses));
    out.put_some("serviceTier", tier.as_ref());
    out
}

/// A `GenerateContentRequest`.
struct Body<'a> {
    model: Option<String>,
    conversation: Conversation<'a>,
    fields: Fields,
    extra: Vec<&'a (String, RawJson)>,
}

// === impl Body ===

impl<'a> Body<'a> {
    fn add_extra(&mut self, params: &'a Params, losses: &mut Losses) {
        for member in &params.extra {
            let name = camel(&member.0);
            let written = match &*name {
                "contents" => true,
                "systemInstruction" => self.conversation.system.is_some(),
                name => self.fields.contains(name),
            };
            if written {
                losses.add(Loss::hint(member.0.clone()));
            } else {
                self.extra.push(member);
            }
        }
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(model) = &self.model {
            map.serialize_entry("model", model)?;
        }
        map.serialize_entry("contents", &self.conversation.contents)?;
        if let Some(system) = &self.conversation.system {
            map.serialize_entry("systemInstruction", system)?;
        }
        for (name, value) in self.fields.iter() {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The turns and the system instruction.
struct Conversation<'a> {
    contents: Vec<Content<'a>>,
    system: Option<Content<'a>>,
}

// === impl Conversation ===

impl<'a> Conversation<'a> {
    fn write(messages: &'a [Message], model: &Model, losses: &mut Losses) -> Self {
        let mut contents: Vec<Content<'a>> = Vec::new();
        let mut system: Vec<Part<'a>> = Vec::new();
        let names = call_names(messages);
        for message in messages {
            losses.hint_if(message.name.is_some(), "messages[].name");
            let role = match message.role {
                Role::System | Role::Developer => {
                    write_system(message, &mut system, losses);
                    continue;
                }
                Role::User => "user",
                Role::Assistant => "model",
            };
            let mut turn = Turn::new(&names, model, losses);
            for block in &message.content {
                turn.block(block);
            }
            let parts = turn.finish();
            // The roles must alternate.
            match contents.last_mut() {
                _ if parts.is_empty() => {}
                Some(last) if last.role.as_deref() == Some(role) => last.parts.0.extend(parts),
                _ => contents.push(Content::new(role, parts)),
            }
        }
        if !model.has_system_instruction() && !system.is_empty() {
            let instruction = std::mem::take(&mut system);
            match contents.first_mut() {
                Some(first) if first.role.as_deref() == Some("user") => {
                    first.parts.0.splice(0..0, instruction);
                }
                _ => contents.insert(0, Content::new("user", instruction)),
            }
        }
        if contents.is_empty() && !system.is_empty() {
            // A system instruction alone is refused.
            contents.push(Content::new("user", vec![Part::text(".")]));
        }
        if model.generation >= Generation::Three {
            contents.iter_mut().for_each(sign_first_call);
        }
        Self {
            contents,
            system: (!system.is_empty()).then_some(Content {
                parts: Many(system),
                role: None,
            }),
        }
    }
}

fn write_system<'a>(message: &'a Message, system: &mut Vec<Part<'a>>, losses: &mut Losses) {
    for block in &message.content {
        losses.hint_if(block.cache.is_some(), "cache_control");
        match block.as_text() {
            Some(text) => system.push(Part::text(text)),
            None => losses.add(Loss::content(no_instruction(block))),
        }
    }
}

/// Gemini 3 checks that the first call of each turn is signed. A call that another model made
/// cannot be, and has the documented word instead.
fn sign_first_call(content: &mut Content<'_>) {
    if content.role.as_deref() != Some("model") {
        return;
    }
    let mut parts = content.parts.0.iter_mut();
    if let Some(first) = parts.find(|part| part.function_call.is_some())
        && first.thought_signature.is_none()
    {
        first.thought_signature = Some(Cow::Borrowed(signature::SKIP_VALIDATION));
    }
}

/// The tool's name for each call id, signatures aside.
fn call_names(messages: &[Message]) -> Vec<(&str, &str)> {
    let blocks = messages.iter().flat_map(|message| &message.content);
    blocks
        .filter_map(|block| match &block.kind {
            BlockKind::ToolUse { id, name, .. } => Some((split_thought_id(id).0, name.as_str())),
            _ => None,
        })
        .collect()
}

fn is_foreign(signature: &str) -> bool {
    signature_origin(signature).is_some_and(|origin| origin != DialectId::Gemini)
}

/// One message while it is written.
struct Turn<'a, 'w> {
    names: &'w [(&'a str, &'a str)],
    model: &'w Model,
    losses: &'w mut Losses,
    parts: Vec<Part<'a>>,
    /// Media of results that cannot stand inside them; they follow behind.
    behind: Vec<Part<'a>>,
    /// A signature that belongs to the next part.
    signature: Option<Cow<'a, str>>,
}

// === impl Turn ===

impl<'a, 'w> Turn<'a, 'w> {
    fn new(names: &'w [(&'a str, &'a str)], model: &'w Model, losses: &'w mut Losses) -> Self {
        Self {
            names,
            model,
            losses,
            parts: Vec::new(),
            behind: Vec::new(),
            signature: None,
        }
    }

    fn block(&mut self, block: &'a Block) {
        self.losses.hint_if(block.cache.is_some(), "cache_control");
        match &block.kind {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                self.push(Part::text(text));
            }
            BlockKind::Image(_)
            | BlockKind::Document(_)
            | BlockKind::Audio(_)
            | BlockKind::Video(_) => {
                if let Some(part) = media::to_part(&block.kind, self.model, self.losses) {
                    self.push(part);
                }
            }
            BlockKind::Thinking { text, signature } => match signature {
                Some(signature) if text.is_empty() && !is_foreign(signature) => {
                    self.flush_signature();
                    self.signature = Some(signature.into());
                }
                // Whoever thought it, Gemini does not read it; a foreign signature is refused.
                _ => {
                    let what = "messages[].thinking_blocks";
                    self.losses
                        .hint_if(!text.is_empty() || signature.is_some(), what);
                }
            },
            BlockKind::RedactedThinking { .. } => {
                self.losses.add(Loss::hint("messages[].thinking_blocks"));
            }
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => self.call(id, name, arguments),
            BlockKind::ToolResult {
                id,
                name,
                content,
                is_error,
            } => self.result(id, name.as_deref(), content, *is_error),
            BlockKind::Opaque { origin, what, raw } => match blocks::opaque_part(*origin, raw) {
                Some(part) => self.push(part),
                None => self.losses.add(Loss::content(format!("messages[].{what}"))),
            },
        }
    }

    fn push(&mut self, mut part: Part<'a>) {
        part.thought_signature = self.signature.take();
        self.parts.push(part);
    }

    /// Writes a signature whose part is not there as the API itself streams one: on an empty text.
    fn flush_signature(&mut self) {
        if let Some(signature) = self.signature.take() {
            self.parts.push(Part::signature(signature));
        }
    }

    fn call(&mut self, id: &'a str, name: &'a str, arguments: &str) {
        let (id, signature) = signature::split(id);
        if let Some(signature) = signature {
            self.flush_signature();
            self.signature = Some(signature.into());
        }
        self.push(Part {
            function_call: Some(FunctionCall {
                id: Some(id.into()),
                name: Some(name.into()),
                args: blocks::arguments_object(arguments),
            }),
            ..Part::default()
        });
    }

    fn result(&mut self, id: &'a str, name: Option<&'a str>, content: &'a [Block], error: bool) {
        let (id, _) = split_thought_id(id);
        let called = self.names.iter().find(|(call, _)| *call == id);
        let name = called.map(|(_, name)| *name).or(name).unwrap_or(id);
        let mut texts: Vec<&str> = Vec::new();
        let mut inside = Vec::new();
        for block in content {
            self.losses.hint_if(block.cache.is_some(), "cache_control");
            if let Some(text) = block.as_text() {
                texts.push(text);
                continue;
            }
            let Some(part) = media::to_part(&block.kind, self.model, self.losses) else {
                if matches!(block.kind, BlockKind::Opaque { .. }) {
                    self.losses.add(Loss::content("messages[].tool_result"));
                }
                continue;
            };
            // Results hold media since Gemini 3 ("Multimodal function responses").
            if self.model.generation >= Generation::Three && part.inline_data.is_some() {
                inside.push(part);
            } else {
                self.behind.push(part);
            }
        }
        self.flush_signature();
        self.parts.push(Part {
            function_response: Some(FunctionResponse {
                id: Some(id.into()),
                name: Some(name.into()),
                response: blocks::result_object(&texts.join("\n"), error),
                parts: Many(inside),
            }),
            ..Part::default()
        });
    }

    fn finish(mut self) -> Vec<Part<'a>> {
        self.flush_signature();
        self.parts.append(&mut self.behind);
        self.parts
    }
}
