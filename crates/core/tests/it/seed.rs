//! The configuration this product was started for.

use lockgate_core::Fallback;

use crate::{environment, load_in, report};

const SEED: &str = include_str!("../fixtures/seed.yaml");

#[test]
fn the_seed_configuration_loads_without_a_word() {
    let environment = environment([
        ("LITELLM_PROXY_MASTER_KEY", "sk-master-of-the-house"),
        ("OPENAI_API_KEY", "sk-openai"),
        ("ANTHROPIC_API_KEY", "sk-ant"),
        ("GOOGLE_API_KEY", "AIza"),
    ]);
    let loaded = load_in(SEED, &environment);
    assert_eq!(report(&loaded), "");
    let config = &loaded.config;
    let names: Vec<&str> = config
        .models
        .iter()
        .map(|model| model.model_name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "mac-gpt-oss-balanced",
            "qwen3-0.6b-incluster",
            "external-llama3",
            "gpt-4o",
            "claude-3-sonnet",
            "gemini-pro",
            "mac-gpt-oss-creative",
            "mac-gpt-oss-precise",
            "gpt-4-with-fallback",
        ]
    );
    let master_key = config.general.master_key.as_ref().expect("a master key");
    assert_eq!(master_key.expose(), "sk-master-of-the-house");

    let balanced = &config.models[0].litellm_params;
    assert_eq!(balanced.model, "ollama/gpt-oss:20b");
    let base = balanced.api_base.as_ref().expect("a base URL");
    assert_eq!(base.as_str(), "http://host.lima.internal:11434");
    assert_eq!(balanced.params.get("temperature"), Some(&0.7.into()));
    assert_eq!(config.models[6].litellm_params.params["temperature"], 0.9);
    assert_eq!(config.models[7].litellm_params.params["temperature"], 0.3);
    assert_eq!(config.models[1].litellm_params.model, "ollama/qwen3:0.6b");

    let key = |index: usize| {
        config.models[index]
            .litellm_params
            .api_key
            .as_ref()
            .map(|key| key.expose())
    };
    assert_eq!(
        (key(3), key(4), key(5)),
        (Some("sk-openai"), Some("sk-ant"), Some("AIza"))
    );
    assert_eq!(config.models[3].litellm_params.model, "gpt-4o");

    let [Fallback::Inline(fallback)] = config.models[8].litellm_params.fallbacks.as_slice() else {
        panic!("one fallback with its own parameters");
    };
    assert_eq!(fallback.litellm_params.model, "ollama/llama3:8b");
    assert_eq!(
        fallback
            .litellm_params
            .api_base
            .as_ref()
            .map(|base| base.as_str()),
        Some("http://host.lima.internal:11434")
    );
    assert_eq!(fallback.model_info.id.len(), 64);
}

#[test]
fn without_its_secrets_the_seed_still_serves_and_says_what_is_missing() {
    let loaded = load_in(SEED, &environment([]));
    assert_eq!(loaded.config.models.len(), 9);
    assert!(loaded.config.general.master_key.is_none());
    insta::assert_snapshot!(report(&loaded));
}
