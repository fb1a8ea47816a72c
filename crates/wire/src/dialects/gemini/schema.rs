//! Schemas: JSON Schema, and the `OpenAPI` 3.0 subset that `Schema` fields take.

use serde_json::{Map, Value};

use super::proto::camel;
use crate::canonical::RawJson;

/// Members of `Schema` that JSON Schema has under the same name and with the same meaning.
const SHARED: &[&str] = &[
    "title",
    "description",
    "default",
    "pattern",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
];

/// Members whose value is a number, though int64 ones are written as strings.
const NUMERIC: &[&str] = &[
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
];

/// Formats that `Schema` knows; others are refused.
const FORMATS: &[&str] = &["date-time", "int32", "int64", "float", "double"];

/// At most so many nodes are written: references can blow a small schema up without end.
const MAX_NODES: usize = 10_000;

/// References are followed so deep, since each level costs stack.
const MAX_REFERENCES: usize = 32;

/// An `OpenAPI` schema as JSON Schema. What is JSON Schema already stays as it was written.
pub(super) fn to_json_schema(raw: &RawJson) -> RawJson {
    let Ok(mut value) = serde_json::from_str::<Value>(raw.get()) else {
        return raw.clone();
    };
    let original = value.clone();
    lower(&mut value);
    if value == original {
        return raw.clone();
    }
    RawJson::from_value(&value).unwrap_or_else(|_| raw.clone())
}

/// JSON Schema as an `OpenAPI` schema; `None` when it says nothing about the arguments.
pub(super) fn to_openapi(raw: &RawJson) -> Option<RawJson> {
    let root: Value = serde_json::from_str(raw.get()).ok()?;
    let mut raiser = Raiser {
        root: &root,
        open: Vec::new(),
        nodes: 0,
    };
    let schema = raiser.raise(&root);
    // An object without properties is refused; a function without arguments has no schema.
    let empty = schema.get("properties").is_none() && schema.get("anyOf").is_none();
    let object = schema.get("type").is_none_or(|kind| kind == "OBJECT");
    if empty && object {
        return None;
    }
    RawJson::from_value(&schema).ok()
}

/// Rewrites one `OpenAPI` schema and all in it.
fn lower(schema: &mut Value) {
    let Value::Object(map) = schema else {
        return;
    };
    let mut out = Map::new();
    for (key, mut value) in std::mem::take(map) {
        let key = camel(&key).into_owned();
        match &*key {
            "properties" | "$defs" | "definitions" | "defs" | "patternProperties" => {
                if let Value::Object(named) = &mut value {
                    named.values_mut().for_each(lower);
                }
            }
            "items"
            | "additionalProperties"
            | "anyOf"
            | "oneOf"
            | "allOf"
            | "prefixItems"
            | "not" => match &mut value {
                Value::Array(list) => list.iter_mut().for_each(lower),
                single => lower(single),
            },
            "type" => lower_type(&mut value),
            "format" if value == "enum" => continue,
            // Only Gemini has it, and the order of the properties says the same.
            "propertyOrdering" => continue,
            numeric if NUMERIC.contains(&numeric) => {
                if let Some(number) = value.as_str().and_then(|text| text.parse::<u64>().ok()) {
                    value = number.into();
                }
            }
            _ => {}
        }
        if key != "type" || !value.is_null() {
            out.insert(key, value);
        }
    }
    if out.remove("nullable") == Some(Value::Bool(true)) {
        allow_null(&mut out);
    }
    *map = out;
}

fn lower_type(value: &mut Value) {
    match value {
        Value::String(name) if name == "TYPE_UNSPECIFIED" => *value = Value::Null,
        Value::String(name) => name.make_ascii_lowercase(),
        Value::Array(names) => names.iter_mut().for_each(lower_type),
        _ => {}
    }
}

/// Says `nullable` the way JSON Schema does.
fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(kind @ Value::String(_)) = schema.get_mut("type") {
        *kind = Value::Array(vec![kind.take(), "null".into()]);
    } else if let Some(Value::Array(variants)) = schema.get_mut("anyOf") {
        variants.push(serde_json::json!({"type": "null"}));
    }
}

/// Writes JSON Schema as `OpenAPI`.
struct Raiser<'a> {
    root: &'a Value,
    /// The references being followed, so that a schema that contains itself ends.
    open: Vec<&'a str>,
    nodes: usize,
}

impl<'a> Raiser<'a> {
    fn raise(&mut self, schema: &'a Value) -> Value {
        self.nodes += 1;
        let Value::Object(map) = schema else {
            return Value::Object(Map::new());
        };
        if self.nodes > MAX_NODES {
            return serde_json::json!({"type": "OBJECT"});
        }
        let mut out = Map::new();
        if let Some(Value::String(path)) = map.get("$ref") {
            out = self.follow(path);
        }
        if let Some(Value::Array(parts)) = map.get("allOf") {
            for part in parts {
                let part = self.raise(part);
                merge(&mut out, part);
            }
        }
        for key in SHARED {
            if let Some(value) = map.get(*key) {
                out.insert((*key).to_owned(), value.clone());
            }
        }
        if let Some(Value::String(format)) = map.get("format")
            && FORMATS.contains(&&**format)
        {
            out.insert("format".to_owned(), format.as_str().into());
        }
        self.raise_type(map, &mut out);
        self.raise_children(map, &mut out);
        self.raise_variants(map, &mut out);
        raise_enum(map, &mut out);
        Value::Object(out)
    }

    /// What a reference points to; an object of anything where it points back to itself.
    fn follow(&mut self, path: &'a str) -> Map<String, Value> {
        let target = path
            .strip_prefix('#')
            .filter(|_| self.open.len() < MAX_REFERENCES && !self.open.contains(&path))
            .and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else {
            return Map::from_iter([("type".to_owned(), "OBJECT".into())]);
        };
        self.open.push(path);
        let raised = self.raise(target);
        self.open.pop();
        match raised {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn raise_type(&mut self, map: &Map<String, Value>, out: &mut Map<String, Value>) {
        let names: Vec<&str> = match map.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if names.contains(&"null") {
            out.insert("nullable".to_owned(), true.into());
        }
        let mut others = names.iter().filter(|name| **name != "null");
        match (others.next(), others.next()) {
            (Some(name), None) => {
                out.insert("type".to_owned(), name.to_ascii_uppercase().into());
            }
            (Some(_), Some(_)) => {
                let variants = names
                    .iter()
                    .filter(|name| **name != "null")
                    .map(|name| serde_json::json!({"type": name.to_ascii_uppercase()}));
                out.insert("anyOf".to_owned(), variants.collect());
            }
            (None, _) => {}
        }
    }

    fn raise_children(&mut self, map: &'a Map<String, Value>, out: &mut Map<String, Value>) {
        if let Some(Value::Object(properties)) = map.get("properties")
            && !properties.is_empty()
        {
            let raised: Map<String, Value> = properties
                .iter()
                .map(|(name, schema)| (name.clone(), self.raise(schema)))
                .collect();
            if let Some(Value::Array(required)) = map.get("required") {
                let known: Vec<Value> = required
                    .iter()
                    .filter(|name| name.as_str().is_some_and(|n| raised.contains_key(n)))
                    .cloned()
                    .collect();
                if !known.is_empty() {
                    out.insert("required".to_owned(), known.into());
                }
            }
            out.insert("properties".to_owned(), raised.into());
            out.entry("type").or_insert_with(|| "OBJECT".into());
        }
        if let Some(items) = map.get("items") {
            let items = self.raise(items);
            out.insert("items".to_owned(), items);
            out.entry("type").or_insert_with(|| "ARRAY".into());
        } else if out.get("type").is_some_and(|kind| kind == "ARRAY") {
            out.entry("items").or_insert_with(|| serde_json::json!({}));
        }
    }

    fn raise_variants(&mut self, map: &'a Map<String, Value>, out: &mut Map<String, Value>) {
        let variants = map.get("anyOf").or_else(|| map.get("oneOf"));
        let Some(Value::Array(variants)) = variants else {
            return;
        };
        let is_null = |v: &&Value| v.get("type").is_some_and(|kind| kind == "null");
        if variants.iter().any(|v| is_null(&v)) {
            out.insert("nullable".to_owned(), true.into());
        }
        let mut raised: Vec<Value> = variants
            .iter()
            .filter(|v| !is_null(v))
            .map(|v| self.raise(v))
            .collect();
        if raised.len() == 1 {
            if let Some(only) = raised.pop() {
                merge(out, only);
            }
        } else if !raised.is_empty() {
            out.insert("anyOf".to_owned(), raised.into());
        }
    }
}

/// `enum` and `const`. Only strings can be enumerated; other values are told in the description.
fn raise_enum(map: &Map<String, Value>, out: &mut Map<String, Value>) {
    let mut values = match (map.get("enum"), map.get("const")) {
        (Some(Value::Array(values)), _) => values.clone(),
        (_, Some(value)) => vec![value.clone()],
        _ => return,
    };
    if values.contains(&Value::Null) {
        values.retain(|value| !value.is_null());
        out.insert("nullable".to_owned(), true.into());
    }
    if values.iter().all(Value::is_string) {
        out.insert("type".to_owned(), "STRING".into());
        out.insert("enum".to_owned(), values.into());
        return;
    }
    let list: Vec<String> = values.iter().map(Value::to_string).collect();
    let before = out.get("description").and_then(Value::as_str);
    let description = match before {
        Some(text) => format!("{text} One of: {}.", list.join(", ")),
        None => format!("One of: {}.", list.join(", ")),
    };
    out.insert("description".to_owned(), description.into());
}

/// Adds what `other` says and `out` does not; properties and required names add up.
fn merge(out: &mut Map<String, Value>, other: Value) {
    let Value::Object(other) = other else {
        return;
    };
    for (key, value) in other {
        match (out.get_mut(&key), value) {
            (Some(Value::Object(present)), Value::Object(more)) if key == "properties" => {
                present.extend(more);
            }
            (Some(Value::Array(present)), Value::Array(more)) if key == "required" => {
                present.extend(more);
            }
            (Some(_), _) => {}
            (None, value) => {
                out.insert(key, value);
            }
        }
    }
}
