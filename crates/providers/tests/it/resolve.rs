//! From model names to providers.

use lockgate_providers::{PROVIDERS, ProviderTable};
use lockgate_wire::DialectId;

/// `provider | model`, or the error.
fn resolve(model: &str, custom: Option<&str>, base: Option<&str>) -> String {
    match ProviderTable::built_in().resolve(model, custom, base) {
        Ok(found) => format!("{} | {}", found.provider.id, found.model),
        Err(error) => format!("error: {error}"),
    }
}

fn by_name(model: &str) -> String {
    resolve(model, None, None)
}

#[test]
fn every_prefix_selects_its_provider() {
    for row in PROVIDERS {
        assert_eq!(
            by_name(&format!("{}/some/model:7b", row.id)),
            format!("{} | some/model:7b", row.id)
        );
    }
}

#[test]
fn wildcards_are_targets() {
    assert_eq!(by_name("openai/*"), "openai | *");
    assert_eq!(by_name("groq/llama-*"), "groq | llama-*");
    assert_eq!(by_name("*"), "openai | *");
}

#[test]
fn a_word_before_the_name_asks_for_the_responses_api() {
    let dialect = |model: &str| {
        let found = ProviderTable::built_in()
            .resolve(model, None, None)
            .unwrap();
        (found.provider.dialect, found.model)
    };
    let responses = |name: &str| (DialectId::OpenAiResponses, name.to_owned());
    assert_eq!(dialect("openai/responses/gpt-5"), responses("gpt-5"));
    assert_eq!(dialect("openai/responses/*"), responses("*"));
    assert_eq!(
        dialect("hosted_vllm/responses/org/model"),
        responses("org/model")
    );
    assert_eq!(dialect("azure/responses/mine"), responses("mine"));
    assert_eq!(dialect("openai/gpt-5").0, DialectId::OpenAiChat);
    // Who does not have the API may have a model of that name.
    assert_eq!(
        dialect("groq/responses/x"),
        (DialectId::OpenAiChat, "responses/x".to_owned())
    );
    assert_eq!(by_name("openai/responses/gpt-5"), "openai | gpt-5");
    assert_eq!(
        by_name("openai/responses/"),
        "error: `openai/responses/` names no model: expected `provider/model`"
    );
}

#[test]
fn bare_names_tell_their_provider() {
    for (model, provider) in [
        ("gpt-4o", "openai"),
        ("gpt-5.2-codex", "openai"),
        ("gpt-3.5-turbo-16k", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("o1", "openai"),
        ("o3-mini", "openai"),
        ("o4-mini-2025-04-16", "openai"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc123", "openai"),
        ("text-embedding-3-small", "openai"),
        ("text-embedding-ada-002", "openai"),
        ("claude-sonnet-4-5", "anthropic"),
        ("claude-3-5-haiku-20241022", "anthropic"),
        ("gemini-2.5-flash", "gemini"),
        ("gemini-embedding-001", "gemini"),
    ] {
        assert_eq!(by_name(model), format!("{provider} | {model}"));
    }
}

#[test]
fn names_that_only_look_alike_do_not() {
    for model in [
        "o1mini",
        "o30",
        "gpt",
        "claude",
        "llama3",
        "my-gpt-4o",
        "omni",
    ] {
        assert!(by_name(model).starts_with("error: "), "{model}");
    }
}

#[test]
fn known_hosts_tell_the_provider() {
    for (base, provider) in [
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://API.GROQ.com/openai/v1/", "groq"),
        ("https://api.groq.com/openai/v1/chat/completions", "groq"),
        ("https://api.perplexity.ai", "perplexity"),
        ("https://api.deepseek.com/v1", "deepseek"),
        ("https://api.together.xyz/v1", "together_ai"),
        ("https://ollama.com", "ollama"),
        (
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "dashscope",
        ),
        (
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "dashscope",
        ),
    ] {
        assert_eq!(
            resolve("some/model", None, Some(base)),
            format!("{provider} | some/model"),
            "{base}"
        );
    }
}

/// Whoever may choose a base URL must not be able to collect a provider's key with it.
#[test]
fn hosts_are_compared_whole() {
    for base in [
        "https://evil.example/api.groq.com/openai/v1",
        "https://api.groq.com.evil.example/openai/v1",
        "https://api.groq.com@evil.example/openai/v1",
        "https://evil.example/?https://api.groq.com/openai/v1",
        "https://api.groq.com/openai/v1beta",
        "https://api.groq.com",
    ] {
        assert!(
            resolve("some-model", None, Some(base)).starts_with("error: "),
            "{base}"
        );
    }
}

#[test]
fn a_prefix_wins_over_the_host() {
    assert_eq!(
        resolve("openai/m", None, Some("https://api.groq.com/openai/v1")),
        "openai | m"
    );
}

#[test]
fn the_configured_provider_wins_over_all() {
    assert_eq!(resolve("gpt-4o", Some("groq"), None), "groq | gpt-4o");
    assert_eq!(resolve("groq/x/y", Some("groq"), None), "groq | x/y");
    // A prefix of another provider is part of the name: an `openai` server may serve `meta/llama`.
    assert_eq!(resolve("groq/x", Some("openai"), None), "openai | groq/x");
}

#[test]
fn errors_say_what_to_do() {
    insta::assert_snapshot!(
        [
            by_name("llama3"),
            by_name("my-org/llama3"),
            by_name(""),
            by_name("groq/"),
            by_name("watsonx/granite"),
            by_name("cohere/command-a"),
            by_name("vllm/facebook/opt-125m"),
            by_name("bedrock/anthropic.claude-3-sonnet-20240229-v1:0"),
            by_name("us.anthropic.claude-3-sonnet-20240229-v1:0"),
            by_name("gpt-3.5-turbo-instruct"),
            by_name("command-r-plus"),
            by_name(&format!("owner/llama-2-70b-chat:{}", "0".repeat(64))),
            resolve("m", Some("no-such"), None),
            resolve("m", Some("watsonx"), None),
        ]
        .join("\n")
    );
}
