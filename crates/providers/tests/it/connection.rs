//! Base URLs, keys and headers.

use std::fmt::Write as _;

use lockgate_core::{Environment, Secret};
use lockgate_providers::{ConnectError, Connection, ConnectionParams, Provider, ProviderTable};
use lockgate_wire::Operation;

use crate::environment;

fn provider(id: &str) -> Provider {
    Provider::clone(ProviderTable::built_in().get(id).unwrap())
}

fn connect(
    id: &str,
    params: &ConnectionParams<'_>,
    environment: &Environment,
) -> Result<Connection, ConnectError> {
    Connection::new(&provider(id), params, environment)
}

fn at(api_base: &str) -> ConnectionParams<'_> {
    ConnectionParams {
        api_base: Some(api_base),
        ..ConnectionParams::default()
    }
}

/// Where `id` with this base is asked to chat.
fn chat_url(id: &str, api_base: &str) -> String {
    let connection = connect(id, &at(api_base), &Environment::default()).unwrap();
    connection
        .uri(Operation::Chat, "m", false)
        .unwrap()
        .to_string()
}

/// All headers with their values in the open.
fn headers(connection: &Connection) -> String {
    let mut lines: Vec<String> = connection
        .headers()
        .iter()
        .filter(|(name, _)| *name != "user-agent")
        .map(|(name, value)| {
            let mark = if value.is_sensitive() {
                " (sensitive)"
            } else {
                ""
            };
            format!("{name}: {}{mark}", value.to_str().unwrap())
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// Provider, ways to write a base, where it is asked to chat.
const BASES: &[(&str, &[&str], &str)] = &[
    (
        "openai",
        &[
            "http://h:8000/v1",
            "http://h:8000/v1/",
            "http://h:8000/v1/chat/completions",
            "  http://h:8000/v1#x",
        ],
        "http://h:8000/v1/chat/completions",
    ),
    (
        "openai",
        &["http://h:8000", "HTTP://h:8000/"],
        "http://h:8000/chat/completions",
    ),
    (
        "openai",
        &["https://h/v1?api-version=1"],
        "https://h/v1/chat/completions?api-version=1",
    ),
    (
        "mistral",
        &["https://h", "https://h/", "https://h/v1"],
        "https://h/v1/chat/completions",
    ),
    (
        "datarobot",
        &[
            "https://h",
            "https://h/api/v2",
            "https://h/api/v2/genai/llmgw",
            "https://h/api/v2/genai/llmgw/chat/completions/",
        ],
        "https://h/api/v2/genai/llmgw/chat/completions",
    ),
    (
        "anthropic",
        &[
            "https://h",
            "https://h/",
            "https://h/v1",
            "https://h/v1/",
            "https://h/v1/messages",
        ],
        "https://h/v1/messages",
    ),
    (
        "anthropic",
        &["https://h/anthropic"],
        "https://h/anthropic/v1/messages",
    ),
    (
        "ollama",
        &[
            "http://h:11434",
            "http://h:11434/",
            "http://h:11434/api/chat",
        ],
        "http://h:11434/api/chat",
    ),
    (
        "gemini",
        &["https://h/v1beta", "https://h/v1beta/"],
        "https://h/v1beta/models/m:generateContent",
    ),
    (
        "gemini",
        &["https://h"],
        "https://h/models/m:generateContent",
    ),
    (
        "gemini",
        &["https://generativelanguage.googleapis.com/"],
        "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
    ),
    (
        "openai",
        &["http://[::1]:8000/v1"],
        "http://[::1]:8000/v1/chat/completions",
    ),
];

#[test]
fn a_base_may_be_written_in_many_ways() {
    for (id, bases, url) in BASES {
        for base in *bases {
            assert_eq!(chat_url(id, base), *url, "{id} at {base}");
        }
    }
}

#[test]
fn gemini_names_model_and_method_in_the_path() {
    let connection = connect(
        "gemini",
        &ConnectionParams::default(),
        &Environment::default(),
    )
    .unwrap();
    let mut out = String::new();
    for (operation, model, stream) in [
        (Operation::Chat, "gemini-2.5-flash", false),
        (Operation::Chat, "gemini-2.5-flash", true),
        (Operation::Chat, "models/gemini-2.5-flash", false),
        (Operation::Chat, "tunedModels/mine", false),
        (Operation::Embeddings, "gemini-embedding-001", false),
        (Operation::EmbeddingsSingle, "gemini-embedding-001", false),
        (Operation::CountTokens, "gemini-2.5-flash", false),
        (Operation::Chat, "a b?c#d%2F:x/é", false),
        (Operation::Chat, "../../v1/secret", false),
        (Operation::Chat, "", false),
        (Operation::Generate, "gemini-2.5-flash", false),
    ] {
        match connection.uri(operation, model, stream) {
            Ok(uri) => writeln!(out, "{uri}").unwrap(),
            Err(error) => writeln!(out, "{model:?}: error: {error}").unwrap(),
        }
    }
    let queried = connect(
        "gemini",
        &at("https://h/v1beta?key=k"),
        &Environment::default(),
    )
    .unwrap();
    let uri = queried.uri(Operation::Chat, "m", true).unwrap();
    writeln!(out, "{uri}").unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn operations_a_provider_lacks_have_no_url() {
    let nothing = Environment::default();
    let openai = connect("openai", &ConnectionParams::default(), &nothing).unwrap();
    let error = openai
        .uri(Operation::CountTokens, "m", false)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the provider has no count_tokens endpoint");
    let demo = connect("demo", &ConnectionParams::default(), &nothing).unwrap();
    assert!(demo.uri(Operation::Chat, "m", false).is_err());
    assert_eq!(demo.api_base(), "");
    assert_eq!(demo.models_uri(), None);
    assert_eq!(demo.missing_key(), None);
}

#[test]
fn models_are_listed_where_the_dialect_lists_them() {
    let nothing = Environment::default();
    for (id, url) in [
        ("openai", "https://api.openai.com/v1/models"),
        ("anthropic", "https://api.anthropic.com/v1/models"),
        (
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta/models",
        ),
        ("ollama", "http://localhost:11434/api/tags"),
    ] {
        let connection = connect(id, &ConnectionParams::default(), &nothing).unwrap();
        assert_eq!(connection.models_uri().unwrap().to_string(), url);
    }
}

#[test]
fn unusable_bases_are_refused_without_showing_credentials() {
    for base in [
        "localhost:8000",
        "ftp://h/v1",
        "http://",
        "http:///v1",
        "http://h:99999",
        "http://user:hunter2@/v1",
        "http://a b/",
        "unix:///run/x",
    ] {
        let error = connect("openai", &at(base), &Environment::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("provider `openai`: `") && error.contains("is not a base URL"),
            "{base}: {error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn deployment_then_environment_then_provider_name_the_base() {
    let set = environment(&[
        ("OPENAI_API_BASE", "http://second.test"),
        ("OPENAI_BASE_URL", "http://first.test/v1"),
    ]);
    let base = |params: &ConnectionParams<'_>, environment: &Environment| {
        connect("openai", params, environment)
            .unwrap()
            .api_base()
            .to_owned()
    };
    assert_eq!(base(&at("http://own.test/x/"), &set), "http://own.test/x");
    assert_eq!(
        base(&ConnectionParams::default(), &set),
        "http://first.test/v1"
    );
    assert_eq!(
        base(&ConnectionParams::default(), &Environment::default()),
        "https://api.openai.com/v1"
    );
    let region = environment(&[("AWS_REGION", "eu-west-1")]);
    let mantle = connect("bedrock_mantle", &ConnectionParams::default(), &region).unwrap();
    assert_eq!(
        mantle.api_base(),
        "https://bedrock-mantle.eu-west-1.api.aws/v1"
    );
}

#[test]
fn a_needed_base_that_is_missing_is_an_error() {
    let error = connect(
        "hosted_vllm",
        &ConnectionParams::default(),
        &Environment::default(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "provider `hosted_vllm` needs `api_base`, or the environment variable HOSTED_VLLM_API_BASE"
    );
}

#[test]
fn credentials_in_a_base_become_a_header_and_are_not_shown() {
    let connection = connect(
        "ollama",
        &at("https://me:p%40ss@h/ollama?token=t"),
        &Environment::default(),
    )
    .unwrap();
    assert_eq!(connection.api_base(), "https://h/ollama");
    assert_eq!(
        connection
            .uri(Operation::Chat, "m", true)
            .unwrap()
            .to_string(),
        "https://h/ollama/api/chat?token=t"
    );
    // base64 of `me:p@ss`
    assert_eq!(
        headers(&connection),
        "authorization: Basic bWU6cEBzcw== (sensitive)\ncontent-type: application/json"
    );
}

#[test]
fn each_provider_authenticates_its_way() {
    let key = Secret::from("sk-1");
    let oauth = Secret::from("sk-ant-oat01-x");
    let mut out = String::new();
    for (id, api_key, variables) in [
        (
            "openai",
            Some(&key),
            &[("OPENAI_ORGANIZATION", "org-env")][..],
        ),
        ("anthropic", Some(&key), &[]),
        ("anthropic", Some(&oauth), &[]),
        ("anthropic", None, &[("ANTHROPIC_AUTH_TOKEN", "token")]),
        ("gemini", None, &[("GOOGLE_API_KEY", "g-key\n")]),
        ("hosted_vllm", None, &[]),
        ("ollama", None, &[]),
        ("sarvam", Some(&key), &[]),
        ("openrouter", Some(&key), &[]),
        (
            "openrouter",
            Some(&key),
            &[("OR_SITE_URL", "https://site.test"), ("OR_APP_NAME", "App")],
        ),
    ] {
        let params = ConnectionParams {
            api_key,
            api_base: Some("http://h"),
            ..ConnectionParams::default()
        };
        let connection = connect(id, &params, &environment(variables)).unwrap();
        writeln!(out, "--- {id}\n{}", headers(&connection)).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn configured_headers_win_and_may_hold_credentials() {
    let configured = [
        ("Authorization".to_owned(), Secret::from("Token abc")),
        ("X-Tenant".to_owned(), Secret::from("t1")),
        (
            "anthropic-beta".to_owned(),
            Secret::from("files-api-2025-04-14"),
        ),
    ];
    let key = Secret::from("sk-ant-oat01-x");
    let params = ConnectionParams {
        api_key: Some(&key),
        organization: Some("org-1"),
        headers: &configured,
        ..ConnectionParams::default()
    };
    let connection = connect("anthropic", &params, &Environment::default()).unwrap();
    insta::assert_snapshot!(headers(&connection), @r"
    anthropic-beta: oauth-2025-04-20,files-api-2025-04-14
    anthropic-version: 2023-06-01
    authorization: Token abc (sensitive)
    content-type: application/json
    openai-organization: org-1
    x-tenant: t1 (sensitive)
    ");
    let debug = format!("{connection:?}");
    assert!(!debug.contains("abc") && !debug.contains("t1"), "{debug}");
}

#[test]
fn a_request_adds_its_betas_to_those_of_the_connection() {
    let key = Secret::from("sk-ant-oat01-x");
    let params = ConnectionParams {
        api_key: Some(&key),
        ..ConnectionParams::default()
    };
    let connection = connect("anthropic", &params, &Environment::default()).unwrap();
    let sent = connection.headers_with([
        ("anthropic-beta", "context-1m-2025-08-07, oauth-2025-04-20"),
        ("x-request-id", "1"),
        ("bad name", "x"),
        ("bad-value", "a\nb"),
    ]);
    assert_eq!(
        sent["anthropic-beta"],
        "oauth-2025-04-20,context-1m-2025-08-07"
    );
    assert_eq!(sent["x-request-id"], "1");
    assert_eq!(sent["authorization"], "Bearer sk-ant-oat01-x");
    assert!(!sent.contains_key("bad-value"));
}

#[test]
fn a_missing_key_is_told_when_it_would_be_needed() {
    let nothing = Environment::default();
    let missing = |id: &str, params: &ConnectionParams<'_>| {
        connect(id, params, &nothing)
            .unwrap()
            .missing_key()
            .map(ToString::to_string)
    };
    assert_eq!(
        missing("groq", &ConnectionParams::default()).unwrap(),
        "there is no key for provider `groq`: set `api_key`, or the environment variable \
         GROQ_API_KEY"
    );
    assert_eq!(
        missing("gemini", &ConnectionParams::default()).unwrap(),
        "there is no key for provider `gemini`: set `api_key`, or one of the environment \
         variables GEMINI_API_KEY and GOOGLE_API_KEY"
    );
    // A server of one's own may work without.
    assert_eq!(missing("openai", &at("http://localhost:8080/v1")), None);
    assert_eq!(missing("ollama", &ConnectionParams::default()), None);
    let configured = [("x-api-key".to_owned(), Secret::from("k"))];
    let by_header = ConnectionParams {
        headers: &configured,
        ..ConnectionParams::default()
    };
    assert_eq!(missing("anthropic", &by_header), None);
    assert!(missing("openai", &by_header).is_some());
}

#[test]
fn keys_and_headers_that_http_forbids_are_refused_without_showing_them() {
    let key = Secret::from("sk\n1");
    let params = ConnectionParams {
        api_key: Some(&key),
        ..ConnectionParams::default()
    };
    let error = connect("openai", &params, &Environment::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "provider `openai`: the key has characters that a header cannot carry"
    );
    let configured = [("x-token".to_owned(), Secret::from("hunter2\r\nx: y"))];
    let params = ConnectionParams {
        headers: &configured,
        ..ConnectionParams::default()
    };
    let error = connect("openai", &params, &Environment::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "provider `openai`: header `x-token` has a name or a value that HTTP forbids"
    );
}

#[test]
fn an_empty_configured_header_is_not_sent() {
    let configured = [("anthropic-version".to_owned(), Secret::from(""))];
    let params = ConnectionParams {
        headers: &configured,
        ..ConnectionParams::default()
    };
    let connection = connect("anthropic", &params, &Environment::default()).unwrap();
    assert!(!connection.headers().contains_key("anthropic-version"));
}

/// Account names in base URLs have no default.
#[test]
fn a_base_url_may_need_a_variable() {
    let none = ConnectionParams::default();
    let error = connect("cloudflare", &none, &Environment::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "provider `cloudflare` needs `api_base`, or one of the environment variables \
         CLOUDFLARE_API_BASE and CLOUDFLARE_ACCOUNT_ID"
    );
    for (id, variable, value, base) in [
        (
            "cloudflare",
            "CLOUDFLARE_ACCOUNT_ID",
            " abc ",
            "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1",
        ),
        (
            "databricks",
            "DATABRICKS_HOST",
            "https://adb-1.azuredatabricks.net/",
            "https://adb-1.azuredatabricks.net/serving-endpoints",
        ),
        (
            "databricks",
            "DATABRICKS_HOST",
            "adb-1.azuredatabricks.net",
            "https://adb-1.azuredatabricks.net/serving-endpoints",
        ),
        (
            "watsonx",
            "WX_REGION",
            "eu-de",
            "https://eu-de.ml.cloud.ibm.com",
        ),
    ] {
        let set = environment(&[(variable, value)]);
        let connection = connect(id, &none, &set).unwrap();
        assert_eq!(connection.api_base(), base);
        assert!(connection.missing_key().is_some(), "{id}");
    }
}

#[test]
fn snowflake_takes_tokens_as_litellm_has_them_written() {
    for key in ["pat/abc", "abc"] {
        let key = Secret::from(key);
        let params = ConnectionParams {
            api_key: Some(&key),
            ..at("https://org-account.snowflakecomputing.com/api/v2")
        };
        let connection = connect("snowflake", &params, &Environment::default()).unwrap();
        assert_eq!(connection.headers()["authorization"], "Bearer abc");
        let uri = connection.uri(Operation::Chat, "m", false).unwrap();
        assert_eq!(
            uri.to_string(),
            "https://org-account.snowflakecomputing.com/api/v2/cortex/v1/chat/completions"
        );
    }
}

#[test]
fn watsonx_names_method_and_deployment_in_the_path() {
    let connection = connect(
        "watsonx",
        &at("https://eu-de.ml.cloud.ibm.com/"),
        &Environment::default(),
    )
    .unwrap();
    let url = |model: &str, stream| {
        connection
            .uri(Operation::Chat, model, stream)
            .map(|uri| uri.path_and_query().unwrap().to_string())
    };
    let date = "version=2024-03-13";
    assert_eq!(
        url("ibm/granite-3", false).unwrap(),
        format!("/ml/v1/text/chat?{date}")
    );
    assert_eq!(
        url("deployment/d 1", true).unwrap(),
        format!("/ml/v1/deployments/d%201/text/chat_stream?{date}")
    );
    for climbing in ["deployment/../x", "deployment/..", "deployment/"] {
        assert!(url(climbing, false).is_err(), "{climbing}");
    }
    assert!(connection.uri(Operation::Embeddings, "m", false).is_err());
    let dated = connect(
        "watsonx",
        &at("https://h/ml/v1/text/chat?version=2025-01-01"),
        &Environment::default(),
    )
    .unwrap();
    let uri = dated.uri(Operation::Chat, "m", false).unwrap();
    assert_eq!(
        uri.to_string(),
        "https://h/ml/v1/text/chat?version=2025-01-01"
    );
}

#[test]
fn a_key_in_the_settings_is_the_providers() {
    for (setting, provider) in [
        ("ai21_key", "ai21"),
        ("amazon_nova_api_key", "amazon_nova"),
        ("anthropic_key", "anthropic"),
        ("azure_key", "azure"),
        ("baseten_key", "baseten"),
        ("bytez_key", "bytez"),
        ("clarifai_key", "clarifai"),
        ("cloudflare_api_key", "cloudflare"),
        ("cohere_key", "cohere"),
        ("cometapi_key", "cometapi"),
        ("databricks_key", "databricks"),
        ("datarobot_key", "datarobot"),
        ("gradient_ai_api_key", "gradient_ai"),
        ("groq_key", "groq"),
        ("heroku_key", "heroku"),
        ("huggingface_key", "huggingface"),
        ("inception_key", "inception"),
        ("infinity_key", "infinity"),
        ("lemonade_key", "lemonade"),
        ("llama_api_key", "meta_llama"),
        ("maritalk_key", "maritalk"),
        ("nebius_key", "nebius"),
        ("novita_api_key", "novita"),
        ("ollama_key", "ollama"),
        ("openai_key", "text-completion-openai"),
        ("openai_key", "openai"),
        ("openai_like_key", "openai_like"),
        ("openrouter_key", "openrouter"),
        ("ovhcloud_key", "ovhcloud"),
        ("snowflake_key", "snowflake"),
        ("togetherai_api_key", "together_ai"),
        ("vercel_ai_gateway_key", "vercel_ai_gateway"),
        ("wandb_key", "wandb"),
        ("xai_key", "xai"),
    ] {
        let table = ProviderTable::built_in();
        let provider = table.get(provider).unwrap();
        // Whatever the environment has, the setting comes before it.
        let process: Environment = provider
            .key_env
            .iter()
            .map(|variable| (variable.clone(), "of-the-process".to_owned()))
            .collect();
        let text = format!("litellm_settings: {{{setting}: of-the-settings}}");
        let loaded = lockgate_core::config::load_str(&text, "config.yaml", &process).unwrap();
        let params = ConnectionParams {
            api_base: Some("http://own.test/v1"),
            ..ConnectionParams::default()
        };
        let connection = Connection::new(provider, &params, &loaded.config.environment).unwrap();
        let sent = connection.headers().values();
        let sent: Vec<&str> = sent.map(|value| value.to_str().unwrap()).collect();
        assert!(
            sent.iter().any(|value| value.ends_with("of-the-settings")),
            "{setting}: {sent:?}"
        );
    }
}

#[test]
fn resources_stand_beside_the_responses_of_a_provider() {
    for (id, base, path, query, there) in [
        (
            "openai",
            None,
            "/files",
            "limit=2",
            "https://api.openai.com/v1/files?limit=2",
        ),
        (
            "openai",
            Some("http://own.example/api?tenant=1"),
            "/files/file-1",
            "a=b",
            "http://own.example/api/files/file-1?tenant=1&a=b",
        ),
        (
            "azure",
            Some("https://r.openai.azure.com"),
            "/batches",
            "",
            "https://r.openai.azure.com/openai/v1/batches",
        ),
        (
            "anthropic",
            None,
            "/files",
            "",
            "https://api.anthropic.com/v1/files",
        ),
    ] {
        let params = ConnectionParams {
            api_base: base,
            api_key: Some(&Secret::new("k")),
            ..ConnectionParams::default()
        };
        let connection = connect(id, &params, &Environment::default()).unwrap();
        let uri = connection.openai_uri(path, query).unwrap();
        assert_eq!(uri.to_string(), there);
        assert!(connection.openai_uri("/files/../x", "").is_err());
    }
}

#[test]
fn a_response_stands_below_the_others() {
    let params = ConnectionParams {
        api_base: Some("https://r.openai.azure.com"),
        api_version: Some("2025-03-01-preview"),
        api_key: Some(&Secret::new("k")),
        ..ConnectionParams::default()
    };
    let azure = connect("azure", &params, &Environment::default()).unwrap();
    let uri = azure.responses_uri("/resp_1/cancel", "a=b").unwrap();
    assert_eq!(
        uri.to_string(),
        "https://r.openai.azure.com/openai/responses/resp_1/cancel?api-version=2025-03-01-preview&a=b"
    );
}

#[test]
fn a_path_of_vertex_ai_names_its_host() {
    let params = ConnectionParams {
        api_key: Some(&Secret::new("k")),
        ..ConnectionParams::default()
    };
    let vertex = connect("vertex_ai", &params, &Environment::default()).unwrap();
    for (location, host) in [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
    ] {
        let path = format!(
            "/v1/projects/p/locations/{location}/publishers/google/models/g:generateContent"
        );
        let uri = vertex.resource_uri(&path, "").unwrap();
        assert_eq!(uri.to_string(), format!("https://{host}{path}"));
    }
    // Nothing but a location is put into a host's name.
    for odd in ["evil.example%2F", "a@b", "", "A"] {
        let path = format!("/v1/projects/p/locations/{odd}/x");
        let uri = vertex.resource_uri(&path, "").unwrap();
        let host = uri.host().unwrap();
        assert!(host.ends_with("aiplatform.googleapis.com"), "{host}");
        assert!(!host.contains("evil") && !host.contains('@'), "{host}");
    }
}
