//! Tools on offer and tool calls, which Ollama writes with arguments as an object.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::canonical::{FunctionTool, HostedTool, RawJson, Tool};
use crate::dialect::{DialectId, TranslateError};
use crate::json;

/// A call as it is read; the id is absent before Ollama 0.12.10.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WireToolCall {
    pub(super) id: Option<String>,
    pub(super) function: WireFunction,
}

/// The function that a call names.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WireFunction {
    pub(super) name: String,
    arguments: Option<Box<RawValue>>,
}

/// A call as it is written.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct OutToolCall<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    function: OutFunction<'a>,
}

#[derive(Debug, Clone, serde::Serialize)]
struct OutFunction<'a> {
    index: usize,
    name: &'a str,
    arguments: ArgumentsObject<'a>,
}

/// Arguments as an object. Text that is no object is wrapped, `{"arguments": ...}`, so that
/// nothing of it is lost: as a value when it is JSON, as a string when it is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArgumentsObject<'a>(pub(super) &'a str);

/// A tool on offer as it is written.
#[derive(Debug, serde::Serialize)]
pub(super) struct OutTool<'a> {
    r#type: &'static str,
    function: OutToolFunction<'a>,
}

#[derive(Debug, serde::Serialize)]
struct OutToolFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Parameters<'a>,
}

#[derive(Debug)]
struct Parameters<'a>(Option<&'a RawJson>);

#[derive(Debug, serde::Deserialize)]
struct WireTool {
    r#type: Option<String>,
    function: Option<WireToolFunction>,
}

#[derive(Debug, serde::Deserialize)]
struct WireToolFunction {
    name: String,
    description: Option<String>,
    parameters: Option<Box<RawValue>>,
}

// === impl WireToolCall ===

impl WireToolCall {
    /// The arguments as JSON text. Some servers write them as OpenAI does, as a string.
    pub(super) fn arguments(&self) -> Cow<'_, str> {
        let Some(raw) = &self.function.arguments else {
            return Cow::Borrowed("");
        };
        json::unquote(raw.get().as_bytes()).unwrap_or_else(|| json::compact(raw.get()))
    }

    /// The call's id: its own, or one made from what is said about it, so that reading the same
    /// answer twice gives the same id. `stamp` and `index` keep equal calls apart.
    pub(super) fn id_or_made(&self, stamp: &str, index: usize) -> String {
        match self.id.as_deref() {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => {
                let index = index.to_string();
                let parts = [stamp, &index, &self.function.name, &self.arguments()];
                format!("call_{:016x}", fingerprint(&parts, 0))
            }
        }
    }
}

// === impl OutToolCall ===

impl<'a> OutToolCall<'a> {
    /// A call, `index` being its place among the calls of its message.
    pub(super) fn new(id: &'a str, index: usize, name: &'a str, arguments: &'a str) -> Self {
        Self {
            id,
            function: OutFunction {
                index,
                name,
                arguments: ArgumentsObject(arguments),
            },
        }
    }
}

// === impl ArgumentsObject ===

impl Serialize for ArgumentsObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parsed = serde_json::from_str::<&RawValue>(self.0);
        match parsed {
            Ok(raw) if raw.get().starts_with('{') => one_line(raw).serialize(serializer),
            Ok(raw) if raw.get() != "null" => wrap(serializer, &one_line(raw)),
            Err(_) if !self.0.trim_ascii().is_empty() => wrap(serializer, self.0),
            _ => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

fn wrap<S: Serializer>(
    serializer: S,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("arguments", value)?;
    map.end()
}

/// `raw` without line breaks, which would end a line of a stream early. Valid JSON has them
/// between its tokens only.
fn one_line(raw: &RawValue) -> Cow<'_, RawValue> {
    if memchr::memchr2(b'\n', b'\r', raw.get().as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    RawValue::from_string(raw.get().replace(['\n', '\r'], " "))
        .map_or(Cow::Borrowed(raw), Cow::Owned)
}

// === impl OutTool ===

impl<'a> OutTool<'a> {
    /// A function on offer.
    pub(super) fn new(tool: &'a FunctionTool) -> Self {
        Self {
            r#type: "function",
            function: OutToolFunction {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters: Parameters(tool.parameters.as_ref()),
            },
        }
    }
}

// === impl Parameters ===

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(schema) = self.0 {
            return schema.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "object")?;
        map.serialize_entry("properties", &std::collections::BTreeMap::<&str, u8>::new())?;
        map.end()
    }
}

/// Reads the `tools` of a request.
pub(super) fn decode(tools: Vec<&RawValue>) -> Result<Vec<Tool>, TranslateError> {
    tools
        .into_iter()
        .enumerate()
        .map(|(i, raw)| decode_one(i, raw))
        .collect()
}

fn decode_one(i: usize, raw: &RawValue) -> Result<Tool, TranslateError> {
    let invalid = |e: &dyn std::fmt::Display| {
        TranslateError::invalid_param(format!("tools[{i}]"), format!("`tools[{i}]`: {e}"))
    };
    let tool: WireTool = serde_json::from_str(raw.get()).map_err(|e| invalid(&e))?;
    match (tool.function, tool.r#type) {
        (Some(function), _) => Ok(Tool::Function(FunctionTool {
            name: function.name,
            description: function.description,
            parameters: function.parameters.map(RawJson::from),
            ..FunctionTool::default()
        })),
        (None, Some(what)) if what != "function" => Ok(Tool::Hosted(HostedTool {
            origin: DialectId::Ollama,
            what,
            raw: RawJson::from(raw.to_owned()),
        })),
        (None, _) => Err(invalid(&"`function` is required")),
    }
}

/// FNV-1a over `parts` with a separator between them: stable across builds, unlike the standard
/// library's hasher.
pub(super) fn fingerprint(parts: &[&str], seed: u64) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let seeded = seed.to_le_bytes().into_iter().fold(OFFSET, step);
    parts
        .iter()
        .fold(seeded, |hash, part| step(part.bytes().fold(hash, step), 0))
}
