//! The file means what PyYAML says it means.

use serde_json::{Value, json};

use crate::load;

/// Made by PyYAML itself: what it reads, as JSON.
const FIXTURES: &str = include_str!("../fixtures/pyyaml.json");

/// Puts a document where the configuration keeps it as it is.
fn read(document: &str) -> Value {
    let indented: String = document
        .split_inclusive('\n')
        .map(|line| {
            if line.trim().is_empty() {
                line.to_owned()
            } else {
                format!("        {line}")
            }
        })
        .collect();
    let text = format!(
        "model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/m\n      extra_body:\n{indented}"
    );
    let loaded = load(&text);
    let model = loaded.config.models.first().expect("the model");
    Value::Object(model.litellm_params.extra_body.as_map().clone())
}

/// JSON has no word for them; here they become null.
fn without_non_finite(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.contains_key("non_finite") => Value::Null,
        other => other.clone(),
    }
}

/// Equal as numbers, whatever their Rust type.
fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Value::Object(one), Value::Object(two)) => {
            one.keys().eq(two.keys())
                && one
                    .values()
                    .zip(two.values())
                    .all(|(one, two)| same(one, two))
        }
        (Value::Number(one), Value::Number(two)) => {
            one.is_f64() == two.is_f64() && one.to_string() == two.to_string()
        }
        _ => one == two,
    }
}

#[test]
fn scalars_resolve_as_in_pyyaml() {
    let fixtures: Value = serde_json::from_str(FIXTURES).expect("JSON");
    let scalars = fixtures["scalars"].as_array().expect("a list");
    assert!(scalars.len() > 150);
    let wrong: Vec<String> = scalars
        .iter()
        .filter_map(|fixture| {
            let written = fixture["yaml"].as_str().expect("text");
            let expected = without_non_finite(&fixture["json"]);
            let found = read(&format!("k: {written}\n"))["k"].clone();
            (!same(&found, &expected)).then(|| format!("{written}: {found}, PyYAML: {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_compose_as_in_pyyaml() {
    let fixtures: Value = serde_json::from_str(FIXTURES).expect("JSON");
    let wrong: Vec<String> = fixtures["documents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|fixture| fixture["name"] != "document_markers")
        .filter_map(|fixture| {
            let found = read(fixture["yaml"].as_str().expect("text"));
            let expected = &fixture["json"];
            (!same(&found, expected))
                .then(|| format!("{}: {found}, PyYAML: {expected}", fixture["name"]))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dates_that_do_not_exist_are_text() {
    // PyYAML stops with an error here; the gateway has no reason to.
    for date in [
        "2024-02-30",
        "2024-13-01",
        "0000-01-01",
        "2001-12-14T24:00:00",
    ] {
        assert_eq!(read(&format!("k: {date}\n"))["k"], json!(date));
    }
}

#[test]
fn numbers_beyond_64_bits_become_floats() {
    assert_eq!(
        read("k: 170141183460469231731687303715884105728\n")["k"],
        json!(1.7014118346046923e38)
    );
}
