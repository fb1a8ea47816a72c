//! Deployments without a file.

use std::time::Duration;

use lockgate_core::Secret;
use lockgate_core::discover::{CliModel, KeyedProvider, cli_model_entry, discover};

use crate::environment;

const PROVIDERS: &[KeyedProvider<'_>] = &[
    KeyedProvider {
        key_names: &["OPENAI_API_KEY"],
        wildcard: "openai/*",
    },
    KeyedProvider {
        key_names: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
        wildcard: "anthropic/*",
    },
    KeyedProvider {
        key_names: &["GROQ_API_KEY"],
        wildcard: "groq/*",
    },
];

#[test]
fn a_provider_is_found_by_any_of_its_keys() {
    let environment = environment([
        ("ANTHROPIC_AUTH_TOKEN", "t"),
        ("GROQ_API_KEY", ""),
        ("OPENAI_API_KEY", "k"),
    ]);
    let found = discover(&environment, PROVIDERS);
    let names: Vec<(&str, &str)> = found
        .iter()
        .map(|entry| {
            (
                entry.model_name.as_str(),
                entry.litellm_params.model.as_str(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [("openai/*", "openai/*"), ("anthropic/*", "anthropic/*")]
    );
    assert_ne!(found[0].model_info.id, found[1].model_info.id);
    // The provider layer reads the key when it is needed; a copy here would outlive a rotation.
    assert!(found[0].litellm_params.api_key.is_none());
}

#[test]
fn the_command_line_makes_one_deployment() {
    let entry = cli_model_entry(CliModel {
        model: "ollama/llama3:8b".into(),
        alias: Some("llama".into()),
        api_base: Some("http://localhost:11434".into()),
        api_version: Some("v1".into()),
        headers: vec![("X-A".into(), Secret::new("b"))],
        temperature: Some(0.3),
        max_tokens: Some(64),
        request_timeout: Some(Duration::from_secs(9)),
        drop_params: true,
    });
    assert_eq!(entry.model_name, "llama");
    let params = &entry.litellm_params;
    assert_eq!(params.model, "ollama/llama3:8b");
    assert_eq!(
        params.api_base.as_ref().map(|base| base.as_str()),
        Some("http://localhost:11434")
    );
    assert_eq!(params.api_version.as_deref(), Some("v1"));
    assert_eq!(
        (params.timeout, params.drop_params),
        (Some(Duration::from_secs(9)), Some(true))
    );
    assert_eq!(params.headers[0].1.expose(), "b");
    assert_eq!(
        (&params.params["temperature"], &params.params["max_tokens"]),
        (&0.3.into(), &64.into())
    );
    assert_eq!(entry.model_info.id.len(), 64);

    let plain = cli_model_entry(CliModel {
        model: "gpt-4o".into(),
        ..CliModel::default()
    });
    assert_eq!(plain.model_name, "gpt-4o");
    assert!(plain.litellm_params.params.is_empty() && plain.litellm_params.drop_params.is_none());
}
