//! Answers in JSON: native output schemas, and the reserved tools that stand in for them.
//!
//! A model without structured outputs is made to call a tool whose input is the answer. The
//! tool's name alone tells the reader of the answer to turn the call back into text, so nothing
//! need be remembered between request and answer.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::canonical::RawJson;
use crate::json::JsonObject;

/// The tool whose input is the answer. The name is LiteLLM's; a client's own tool of this name
/// would be taken for it.
pub(crate) const JSON_TOOL: &str = "json_tool_call";

/// The same for answers that are no object: a tool's input must be one, so the answer is its
/// only member, `value`.
pub(crate) const JSON_VALUE_TOOL: &str = "json_tool_call_value";

/// What the model is told about either tool.
pub(crate) const JSON_TOOL_HINT: &str =
    "Gives the final answer: the input of this tool is shown to the user as the whole reply.";

/// String formats that output schemas may use (structured outputs, JSON Schema limitations).
const FORMATS: [&str; 10] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
];

const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{}}"#;

/// Keywords that say nothing about the value.
const REMARKS: [&str; 7] = [
    "$schema",
    "$id",
    "$comment",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// The schema as `output_config.format` takes it, or `None` when it cannot be said there without
/// changing what it allows: open objects, recursion, boolean schemas.
///
/// Limits that the API does not know (`minimum`, `pattern`) move into the description, where the
/// model reads them.
pub(crate) fn native(schema: &RawJson) -> Option<Value> {
    let schema: Value = serde_json::from_str(schema.get()).ok()?;
    if is_recursive(&schema) {
        return None;
    }
    narrow(&schema)
}

fn narrow(schema: &Value) -> Option<Value> {
    let schema = schema.as_object()?;
    let mut out = Map::new();
    let mut said = Vec::new();
    for (key, value) in schema {
        let value = match key.as_str() {
            "type" | "required" | "description" | "title" | "default" | "const" => value.clone(),
            "enum"
                if value
                    .as_array()?
                    .iter()
                    .all(|v| !v.is_object() && !v.is_array()) =>
            {
                value.clone()
            }
            "$ref" if value.as_str()?.starts_with('#') => value.clone(),
            "properties" | "$defs" | "definitions" => narrow_each(value)?,
            "items" => narrow(value)?,
            "anyOf" | "oneOf" => narrow_all(value)?,
            "allOf" if value.as_array()?.len() == 1 => narrow_all(value)?,
            "format" if FORMATS.contains(&value.as_str()?) => value.clone(),
            "minItems" if matches!(value.as_u64(), Some(0 | 1)) => value.clone(),
            "additionalProperties" if *value == Value::Bool(false) => continue,
            "enum" | "$ref" | "allOf" | "additionalProperties" | "patternProperties" => {
                return None;
            }
            remark if REMARKS.contains(&remark) => continue,
            _ => {
                said.push(format!("{key}: {value}"));
                continue;
            }
        };
        let key = if key == "oneOf" { "anyOf" } else { key };
        out.insert(key.to_owned(), value);
    }
    if is_object(schema) {
        if !schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
            return None;
        }
        out.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    describe(&mut out, &said);
    Some(Value::Object(out))
}

fn narrow_each(schemas: &Value) -> Option<Value> {
    let narrowed = schemas
        .as_object()?
        .iter()
        .map(|(name, schema)| Some((name.clone(), narrow(schema)?)))
        .collect::<Option<Map<_, _>>>()?;
    Some(Value::Object(narrowed))
}

fn narrow_all(schemas: &Value) -> Option<Value> {
    let narrowed = schemas.as_array()?.iter().map(narrow);
    narrowed.collect::<Option<Vec<_>>>().map(Value::Array)
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        _ => schema.contains_key("properties"),
    }
}

fn describe(schema: &mut Map<String, Value>, said: &[String]) {
    if said.is_empty() {
        return;
    }
    let said = format!("Constraints: {}.", said.join(", "));
    let text = match schema.get("description").and_then(Value::as_str) {
        Some(description) => format!("{description}\n{said}"),
        None => said,
    };
    schema.insert("description".to_owned(), Value::String(text));
}

/// Whether a definition refers to itself, directly or through others.
fn is_recursive(schema: &Value) -> bool {
    fn refs<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                out.extend(map.get("$ref").and_then(Value::as_str));
                map.iter()
                    .filter(|(key, _)| *key != "$defs" && *key != "definitions")
                    .for_each(|(_, value)| refs(value, out));
            }
            Value::Array(items) => items.iter().for_each(|item| refs(item, out)),
            _ => {}
        }
    }
    fn loops<'a>(root: &'a Value, at: &'a Value, path: &mut Vec<&'a str>) -> bool {
        let mut found = Vec::new();
        refs(at, &mut found);
        found.into_iter().any(|name| {
            if name == "#" || path.contains(&name) {
                return true;
            }
            let Some(target) = name.strip_prefix('#').and_then(|p| root.pointer(p)) else {
                return false;
            };
            path.push(name);
            let looped = loops(root, target, path);
            path.pop();
            looped
        })
    }
    loops(schema, schema, &mut Vec::new())
}

/// The reserved tool that takes answers of this schema: its name and its input schema.
pub(crate) fn answer_tool(schema: Option<&RawJson>) -> (&'static str, RawJson) {
    let parsed = schema.and_then(|s| serde_json::from_str::<Value>(s.get()).ok());
    match parsed {
        Some(Value::Object(root)) if !root.is_empty() && !is_plain_object(&root) => {
            (JSON_VALUE_TOOL, wrap(root))
        }
        Some(Value::Object(_)) => (JSON_TOOL, input_schema(schema).into_owned()),
        _ => (JSON_TOOL, input_schema(None).into_owned()),
    }
}

/// A schema that may stand as a tool's input as it is: the API refuses others at the root.
fn is_plain_object(root: &Map<String, Value>) -> bool {
    let combined = ["anyOf", "oneOf", "allOf", "$ref", "enum", "const"];
    let typed = root.get("type").is_none_or(|t| t == "object");
    typed && !combined.iter().any(|key| root.contains_key(*key))
}

/// Puts the schema under `value`; definitions stay at the root, where its references point.
fn wrap(mut root: Map<String, Value>) -> RawJson {
    let definitions: Vec<(&str, Option<Value>)> = ["$defs", "definitions"]
        .into_iter()
        .map(|key| (key, root.remove(key)))
        .collect();
    root.remove("$schema");
    let mut outer = json!({
        "type": "object",
        "properties": { "value": root },
        "required": ["value"],
    });
    for (key, value) in definitions {
        if let Some(value) = value {
            outer[key] = value;
        }
    }
    RawJson::from_value(&outer).unwrap_or_else(|_| input_schema(None).into_owned())
}

/// A schema as a tool's input must have it: an object schema, without the `$schema` of another draft.
pub(crate) fn input_schema(schema: Option<&RawJson>) -> Cow<'_, RawJson> {
    if let Some(schema) = schema
        && let Ok(mut object) =
            JsonObject::parse(Bytes::copy_from_slice(schema.get().as_bytes()), usize::MAX)
    {
        let is_object = object.get_str("type").as_deref() == Some("object");
        if is_object && !object.contains("$schema") {
            return Cow::Borrowed(schema);
        }
        object.remove("$schema");
        object.set_str("type", "object");
        if object.keys().count() == 1 {
            object.set("properties", "{}");
        }
        let text = String::from_utf8_lossy(&object.to_bytes()).into_owned();
        if let Ok(schema) = RawJson::parse(text) {
            return Cow::Owned(schema);
        }
    }
    Cow::Owned(empty_schema())
}

fn empty_schema() -> RawJson {
    RawJson::parse(EMPTY_SCHEMA)
        .unwrap_or_else(|_| RawJson::from(serde_json::value::RawValue::NULL.to_owned()))
}

/// The answer out of the input of [`JSON_VALUE_TOOL`]; the input itself when it has no `value`.
pub(crate) fn unwrap_value(input: &str) -> String {
    #[derive(Deserialize)]
    struct Wrapped {
        value: RawJson,
    }
    match serde_json::from_str::<Wrapped>(input) {
        Ok(wrapped) => wrapped.value.get().to_owned(),
        Err(_) => input.to_owned(),
    }
}

/// What to tell a model that can neither be held to a schema nor forced to call a tool.
pub(crate) fn instruction(schema: Option<&RawJson>) -> String {
    let mut text =
        "Reply with one JSON value and nothing else: no text around it, no code fence.".to_owned();
    match schema {
        Some(schema) => {
            text.push_str(" It must match this JSON Schema:\n");
            text.push_str(schema.get());
        }
        None => text.push_str(" The value must be an object."),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: &Value) -> RawJson {
        RawJson::from_value(value).unwrap()
    }

    #[test]
    fn closes_objects_and_describes_limits() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {
                "age": {"type": "integer", "minimum": 0, "description": "In years"},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "kind": {"oneOf": [{"const": "a"}, {"type": "null"}]},
                "owner": {"$ref": "#/$defs/person"}
            },
            "required": ["age"],
            "$defs": {"person": {
                "type": "object",
                "properties": {"mail": {"type": "string", "format": "email", "minLength": 3}},
                "additionalProperties": false
            }}
        });
        let native = native(&raw(&schema)).unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&native).unwrap());
    }

    #[test]
    fn refuses_what_would_change_its_meaning() {
        for schema in [
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}, "additionalProperties": true}),
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
            json!({"type": "array", "items": true}),
            json!({"$ref": "https://example.com/schema.json"}),
            json!({
                "$ref": "#/$defs/node",
                "$defs": {"node": {
                    "type": "object",
                    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}
                }}
            }),
        ] {
            assert_eq!(native(&raw(&schema)), None, "{schema}");
        }
    }

    #[test]
    fn wraps_answers_that_are_no_object() {
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "number"}}});
        let (name, schema) = answer_tool(Some(&raw(&list)));
        assert_eq!(name, JSON_VALUE_TOOL);
        assert_eq!(
            serde_json::from_str::<Value>(schema.get()).unwrap(),
            json!({
                "type": "object",
                "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/n"}}},
                "required": ["value"],
                "$defs": {"n": {"type": "number"}}
            })
        );
        assert_eq!(unwrap_value(r#"{"value": [1, 2]}"#), "[1, 2]");
        assert_eq!(unwrap_value("[1"), "[1");
    }

    #[test]
    fn an_object_schema_is_the_input_itself() {
        let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let (name, schema) = answer_tool(Some(&raw(&object)));
        assert_eq!((name, schema), (JSON_TOOL, raw(&object)));
        let (name, schema) = answer_tool(None);
        assert_eq!(name, JSON_TOOL);
        assert_eq!(schema.get(), r#"{"type":"object","properties":{}}"#);
    }
}
