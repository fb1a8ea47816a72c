//! What is known about models by name.

use std::collections::BTreeSet;

use lockgate_providers::{
    Mode, PROVIDERS, context_window, known_model, known_models, max_output_tokens,
};

#[test]
fn every_provider_of_the_catalogue_has_its_models() {
    let total: usize = PROVIDERS
        .iter()
        .filter(|row| row.id != "ollama_chat" && row.id != "ai21_chat")
        .map(|row| known_models(row.id).len())
        .sum();
    assert!(total > 2_500, "{total} models");
    assert!(known_models("bedrock_converse").len() > 100);
}

#[test]
fn names_are_sorted_and_unique() {
    for row in PROVIDERS {
        let names: Vec<&str> = known_models(row.id)
            .iter()
            .map(|model| model.name)
            .collect();
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names, Vec::from_iter(unique), "{}", row.id);
    }
}

#[test]
fn wildcards_expand_to_what_the_provider_has() {
    let openai = known_models("openai");
    let mode = |name: &str| openai.iter().find(|model| model.name == name).unwrap().mode;
    assert_eq!(mode("gpt-4o"), Mode::Chat);
    assert_eq!(mode("text-embedding-3-small"), Mode::Embedding);
    assert_eq!(mode("o1-pro"), Mode::Responses);
    assert!(openai.iter().all(|model| !model.name.contains(['/', '*'])));
    assert_eq!(known_models("ollama_chat"), known_models("ollama"));
    assert_eq!(known_models("no-such"), []);
}

#[test]
fn limits_of_exact_names() {
    assert_eq!(max_output_tokens("openai", "gpt-4o"), Some(16_384));
    assert_eq!(context_window("openai", "gpt-4o"), Some(128_000));
    assert_eq!(
        max_output_tokens("anthropic", "claude-sonnet-4-5"),
        Some(64_000)
    );
    assert_eq!(context_window("groq", "openai/gpt-oss-120b"), Some(131_072));
}

#[test]
fn a_new_snapshot_has_the_limits_of_its_family() {
    assert_eq!(
        max_output_tokens("anthropic", "claude-opus-4-5-20991231"),
        max_output_tokens("anthropic", "claude-opus-4-5"),
    );
    assert_eq!(
        known_model("openai", "gpt-4o-2099-01-01").unwrap().name,
        "gpt-4o"
    );
    assert_eq!(known_model("openai", "unheard-of"), None);
}

#[test]
fn claude_models_that_are_no_longer_listed_still_have_a_limit() {
    for (model, limit) in [
        ("claude-3-7-sonnet-20250219", 64_000),
        ("claude-3-5-sonnet-20241022", 8_192),
        ("claude-3-opus-20240229", 4_096),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-opus-4-20250514", 32_000),
        ("claude-sonnet-4-20250514", 64_000),
    ] {
        assert_eq!(
            max_output_tokens("anthropic", model),
            Some(limit),
            "{model}"
        );
    }
    assert_eq!(max_output_tokens("anthropic", "unheard-of"), None);
}
