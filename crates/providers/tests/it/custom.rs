//! Providers from the configuration file, and from the environment alone.

use lockgate_core::config::{BaseUrl, CustomAuth, CustomDialect, CustomProvider, Origin};
use lockgate_core::{Environment, Secret};
use lockgate_providers::{Connection, ConnectionParams, Provider, ProviderTable, discover};
use lockgate_wire::{DialectId, Operation};

use crate::environment;

fn row(id: &str) -> CustomProvider {
    CustomProvider {
        id: id.to_owned(),
        base_url: Some(BaseUrl::new("https://llm.acme.test/v1")),
        api_key_env: vec!["ACME_KEY".to_owned()],
        api_base_env: vec!["ACME_BASE".to_owned()],
        dialect: CustomDialect::Openai,
        auth: CustomAuth::Bearer,
        quirks: Vec::new(),
        headers: Vec::new(),
        origin: Origin {
            file: "config.yaml".into(),
            line: 1,
            column: 1,
            path: "custom_providers[0]".to_owned(),
        },
    }
}

fn table(rows: &[CustomProvider]) -> ProviderTable {
    let (table, errors) = ProviderTable::new(rows);
    assert_eq!(errors, []);
    table
}

#[test]
fn a_row_is_a_provider() {
    let mut acme = row("acme");
    acme.quirks = vec!["rename max_completion_tokens max_tokens".to_owned()];
    acme.headers = vec![("x-key".to_owned(), Secret::from("{api_key}!"))];
    let table = table(&[acme]);
    let found = table.resolve("acme/big/model", None, None).unwrap();
    assert_eq!(found.model, "big/model");
    assert_eq!(found.provider.quirks.len(), 1);
    let connection = Connection::new(
        &found.provider,
        &ConnectionParams::default(),
        &environment(&[("ACME_KEY", "k")]),
    )
    .unwrap();
    assert_eq!(connection.headers()["authorization"], "Bearer k");
    assert_eq!(connection.headers()["x-key"], "k!");
    assert_eq!(connection.api_base(), "https://llm.acme.test/v1");
    // Its host tells it, too.
    let by_host = table.resolve("m", None, Some("https://llm.acme.test/v1/"));
    assert_eq!(by_host.unwrap().provider.id, "acme");
}

#[test]
fn a_row_overrides_the_built_in_one_also_where_it_was_not_served() {
    let table = table(&[row("groq"), row("azure")]);
    let groq = table.resolve("groq/m", None, None).unwrap();
    assert_eq!(
        groq.provider.base_url.as_deref(),
        Some("https://llm.acme.test/v1")
    );
    assert!(groq.provider.quirks.is_empty());
    assert!(
        table
            .resolve("m", None, Some("https://api.groq.com/openai/v1"))
            .is_err(),
        "the old host is no longer this provider's"
    );
    assert_eq!(
        table.resolve("azure/m", None, None).unwrap().provider.id,
        "azure"
    );
}

#[test]
fn a_row_may_speak_any_dialect() {
    for (dialect, id, url) in [
        (
            CustomDialect::Openai,
            DialectId::OpenAiChat,
            "https://llm.acme.test/v1/chat/completions",
        ),
        (
            CustomDialect::Anthropic,
            DialectId::Anthropic,
            "https://llm.acme.test/v1/messages",
        ),
        (
            CustomDialect::Gemini,
            DialectId::Gemini,
            "https://llm.acme.test/v1/models/m:generateContent",
        ),
        (
            CustomDialect::Ollama,
            DialectId::Ollama,
            "https://llm.acme.test/v1/api/chat",
        ),
    ] {
        let provider = Provider::try_from(&CustomProvider {
            dialect,
            ..row("acme")
        })
        .unwrap();
        assert_eq!(provider.dialect, id);
        let connection = Connection::new(
            &provider,
            &ConnectionParams::default(),
            &Environment::default(),
        )
        .unwrap();
        let uri = connection.uri(Operation::Chat, "m", false).unwrap();
        assert_eq!(uri.to_string(), url);
        assert!(connection.missing_key().is_some());
    }
}

#[test]
fn a_key_travels_as_the_row_says() {
    for (auth, header, value) in [
        (CustomAuth::Bearer, "authorization", "Bearer k"),
        (CustomAuth::XApiKey, "x-api-key", "k"),
        (CustomAuth::ApiKey, "api-key", "k"),
        (CustomAuth::XGoogApiKey, "x-goog-api-key", "k"),
    ] {
        let provider = Provider::try_from(&CustomProvider {
            auth,
            ..row("acme")
        })
        .unwrap();
        let set = environment(&[("ACME_KEY", "k")]);
        let connection = Connection::new(&provider, &ConnectionParams::default(), &set).unwrap();
        assert_eq!(connection.headers()[header], value);
    }
    let keyless = Provider::try_from(&CustomProvider {
        auth: CustomAuth::None,
        ..row("acme")
    })
    .unwrap();
    let connection = Connection::new(
        &keyless,
        &ConnectionParams::default(),
        &Environment::default(),
    )
    .unwrap();
    assert_eq!(connection.missing_key(), None);
    assert!(!connection.headers().contains_key("authorization"));
}

#[test]
fn unusable_rows_are_reported_and_left_out() {
    let mut quirky = row("quirky");
    quirky.quirks = vec!["rename max_tokens".to_owned()];
    let mut unknown = row("unknown");
    unknown.quirks = vec!["frobnicate".to_owned()];
    let (table, errors) = ProviderTable::new(&[row("a/b"), row(""), quirky, unknown, row("fine")]);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(errors.join("\n"), @r"
    custom provider `a/b`: an id is not empty and has no `/`, `*` or space
    custom provider ``: an id is not empty and has no `/`, `*` or space
    custom provider `quirky`: `rename max_tokens` is not a quirk: expected `rename FROM TO`
    custom provider `unknown`: there is no quirk `frobnicate`
    ");
    assert!(table.get("fine").is_some());
    assert!(table.get("quirky").is_none());
}

#[test]
fn keys_in_the_environment_make_providers() {
    let set = environment(&[
        ("OPENAI_API_KEY", "k"),
        ("ANTHROPIC_API_KEY", ""),
        ("GOOGLE_API_KEY", "k"),
        ("DASHSCOPE_API_KEY", "k"),
        ("HOSTED_VLLM_API_KEY", "k"),
        ("LM_STUDIO_API_KEY", "k"),
        ("LM_STUDIO_API_BASE", "http://localhost:1234/v1"),
        ("PATH", "/bin"),
    ]);
    let found: Vec<String> = discover(&ProviderTable::built_in(), &set)
        .into_iter()
        .map(|found| format!("{} by {}", found.provider, found.variable))
        .collect();
    assert_eq!(
        found,
        [
            "dashscope by DASHSCOPE_API_KEY",
            "gemini by GOOGLE_API_KEY",
            "lm_studio by LM_STUDIO_API_KEY",
            "openai by OPENAI_API_KEY",
        ]
    );
}
