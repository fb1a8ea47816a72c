//! What differs by the model: thinking and schemas.

use super::*;

/// What a reasoning request becomes for a model.
fn thinking(model: &str, reasoning: Reasoning) -> Value {
    let mut request = decode_json(&json!({"contents": ["Hi"]}));
    request.params.reasoning = Some(reasoning);
    let (body, losses) = encode(&request, model);
    match losses.first() {
        Some(loss) => json!(loss.what),
        None => body["generationConfig"]["thinkingConfig"].clone(),
    }
}

fn effort(effort: Effort) -> Reasoning {
    Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    }
}

fn budget(tokens: u64) -> Reasoning {
    Reasoning {
        budget_tokens: Some(tokens),
        ..Reasoning::default()
    }
}

fn switched_on() -> Reasoning {
    Reasoning {
        enabled: Some(true),
        ..Reasoning::default()
    }
}

#[test]
fn budgets_stay_in_the_range_of_the_model() {
    for (model, reasoning, include, expected) in [
        ("gemini-2.5-flash", effort(Effort::None), false, 0),
        ("gemini-2.5-pro", effort(Effort::None), false, 128),
        ("gemini-2.5-flash", effort(Effort::Minimal), true, 1),
        ("gemini-2.5-pro", effort(Effort::Minimal), true, 128),
        ("gemini-2.5-flash-lite", effort(Effort::Minimal), true, 512),
        ("gemini-2.5-flash", effort(Effort::Low), true, 1024),
        ("gemini-2.5-pro", effort(Effort::High), true, 4096),
        ("gemini-2.5-flash", budget(60_000), true, 24_576),
        ("gemini-2.5-flash", budget(0), false, 0),
        ("gemini-2.5-flash", switched_on(), true, -1),
        ("my-tuned-model", budget(60_000), true, 60_000),
    ] {
        let asked = format!("{model} {reasoning:?}");
        let expected = json!({"includeThoughts": include, "thinkingBudget": expected});
        assert_eq!(thinking(model, reasoning), expected, "{asked}");
    }
}

#[test]
fn levels_are_those_that_the_model_has() {
    for (model, reasoning, include, expected) in [
        (
            "models/gemini-3-flash-preview",
            effort(Effort::None),
            false,
            "MINIMAL",
        ),
        ("gemini-3.7-flash", effort(Effort::Minimal), true, "LOW"),
        ("gemini-3.1-pro-preview", effort(Effort::None), false, "LOW"),
        (
            "gemini-3.1-pro-preview",
            effort(Effort::Medium),
            true,
            "MEDIUM",
        ),
        ("gemini-3-pro-preview", effort(Effort::Medium), true, "HIGH"),
        ("gemini-4-argon", effort(Effort::Max), true, "HIGH"),
        ("gemini-flash-latest", budget(2000), true, "MEDIUM"),
    ] {
        let asked = format!("{model} {reasoning:?}");
        let expected = json!({"includeThoughts": include, "thinkingLevel": expected});
        assert_eq!(thinking(model, reasoning), expected, "{asked}");
    }
}

#[test]
fn thinking_is_left_to_the_model_or_refused() {
    for (model, reasoning, expected) in [
        (
            "gemini-3-flash",
            switched_on(),
            json!({"includeThoughts": true}),
        ),
        (
            "gemini-2.0-flash",
            effort(Effort::Low),
            json!("reasoning_effort"),
        ),
        (
            "gemma-3-27b-it",
            effort(Effort::Low),
            json!("reasoning_effort"),
        ),
        ("gemini-1.5-pro", effort(Effort::None), Value::Null),
        ("gemini-2.5-flash", Reasoning::default(), Value::Null),
    ] {
        let asked = format!("{model} {reasoning:?}");
        assert_eq!(thinking(model, reasoning), expected, "{asked}");
    }
}

/// The function schema that `model` is sent for `schema`.
fn schema_for(model: &str, schema: &Value) -> Value {
    let mut request = decode_json(&json!({"contents": ["Hi"]}));
    request.tools.push(Tool::Function(FunctionTool {
        name: "f".to_owned(),
        parameters: Some(raw(schema)),
        ..FunctionTool::default()
    }));
    encode(&request, model).0["tools"][0]["functionDeclarations"][0].take()
}

#[test]
fn schemas_reach_gemini_2_word_for_word_and_older_models_in_their_subset() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {
            "node": {"type": "object", "properties": {
                "label": {"type": "string", "minLength": 1, "format": "uri"},
                "next": {"$ref": "#/$defs/node"},
            }},
        },
        "type": "object",
        "properties": {
            "node": {"$ref": "#/$defs/node", "description": "The first node"},
            "kind": {"const": "list"},
            "level": {"enum": [1, 2, null], "type": "integer"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "size": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 9},
            "value": {"type": ["integer", "string"]},
            "tags": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "number"}]}},
            "both": {"allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                {"properties": {"b": true}, "required": ["b"]},
            ]},
        },
        "required": ["node", "gone"],
        "additionalProperties": false,
        "strict": true,
    });
    let verbatim = schema_for("gemini-2.0-flash", &schema);
    assert_eq!(verbatim["parametersJsonSchema"], schema);
    snapshot(
        "gemini_schema_openapi",
        &schema_for("gemma-3-27b-it", &schema),
    );
    let empty = schema_for(
        "gemma-3-27b-it",
        &json!({"type": "object", "properties": {}}),
    );
    assert_eq!(empty, json!({"name": "f"}));
}

#[test]
fn schemas_that_refer_to_themselves_without_end_stay_small() {
    let mut defs = serde_json::Map::new();
    for n in 0..60 {
        let next = format!("#/$defs/d{}", n + 1);
        defs.insert(
            format!("d{n}"),
            json!({"type": "object", "properties": {"a": {"$ref": next}, "b": {"$ref": next}}}),
        );
    }
    defs.insert("d60".to_owned(), json!({"type": "string"}));
    let schema =
        json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": defs});
    let size = schema_for("gemini-1.5-pro", &schema).to_string().len();
    assert!(size < 1_000_000, "{size}");
}

#[test]
fn a_response_schema_goes_where_the_model_looks_for_it() {
    let request = decode(fixture("requests/structured_output.json"));
    let (body, _) = encode(&request, "gemini-1.5-pro");
    assert_eq!(
        body["generationConfig"],
        json!({
            "responseMimeType": "application/json",
            "responseSchema": {
                "type": "OBJECT",
                "properties": {
                    "name": {"type": "STRING"},
                    "born": {"type": "INTEGER", "nullable": true},
                },
                "required": ["name", "born"],
            },
        })
    );
}

#[test]
fn gemma_is_told_its_instructions_by_the_user() {
    let request = ChatRequest {
        messages: vec![
            Message::text(Role::System, "Be terse."),
            Message::text(Role::User, "Hi"),
        ],
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, "models/gemma-3-27b-it");
    assert_eq!(
        body,
        json!({"contents": [{"role": "user", "parts": [{"text": "Be terse."}, {"text": "Hi"}]}]})
    );
}
