//! Azure OpenAI: URLs, and tokens of Microsoft Entra ID.

use std::path::PathBuf;

use std::fmt::Write as _;
use std::time::Duration;

use lockgate_core::Environment;
use lockgate_providers::Credentials;
use lockgate_wire::Operation;

use super::script::{Script, only};
use super::{chat, connect, now, sent, show, url};

#[test]
fn bases_as_litellm_users_write_them() {
    let mut out = String::new();
    for params in [
        "api_base: 'https://r.openai.azure.com'",
        "api_base: 'https://r.openai.azure.com/'",
        "api_base: 'https://r.openai.azure.com/openai'",
        "api_base: 'https://r.openai.azure.com/openai/deployments/'",
        "api_base: 'https://r.openai.azure.com', api_version: '2024-10-21'",
        "api_base: 'https://r.openai.azure.com?api-version=2023-05-15'",
        "api_base: 'https://r.openai.azure.com/openai/deployments/own'",
        "api_base: 'https://r.openai.azure.com/openai/deployments/own/chat/completions?api-version=2024-06-01'",
        "api_base: 'https://r.openai.azure.com', api_version: v1",
        "api_base: 'https://r.openai.azure.com', api_version: latest",
        "api_base: 'https://r.openai.azure.com', api_version: preview",
        "api_base: 'https://r.openai.azure.com/openai/v1/'",
        "api_base: 'https://r.openai.azure.com/openai/v1', api_version: '2024-10-21'",
        "api_base: 'https://gateway.ai.cloudflare.com/v1/acc/gw/azure-openai/r', api_version: '2024-10-21'",
        "api_base: 'https://apim.example.com/team/a', api_version: '2024-10-21'",
    ] {
        writeln!(out, "{params}\n  {}", chat("azure/gpt-4o eu", params)).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_responses_api_is_the_resources() {
    let responses = |params: &str| url("azure/responses/mine", params, Operation::Responses, false);
    let dated = "https://r.openai.azure.com/openai/responses?api-version=2025-04-01-preview";
    for (params, expected) in [
        (
            "api_base: 'https://r.openai.azure.com'",
            "https://r.openai.azure.com/openai/v1/responses",
        ),
        (
            "api_base: 'https://r.openai.azure.com/openai/v1/', api_version: '2024-10-21'",
            "https://r.openai.azure.com/openai/v1/responses",
        ),
        (
            "api_base: 'https://r.openai.azure.com', api_version: preview",
            "https://r.openai.azure.com/openai/v1/responses?api-version=preview",
        ),
        (
            "api_base: 'https://r.openai.azure.com', api_version: '2025-04-01-preview'",
            dated,
        ),
        (
            "api_base: 'https://r.openai.azure.com?api-version=2025-04-01-preview'",
            dated,
        ),
        (
            "api_base: 'https://r.openai.azure.com/openai/deployments/own', api_version: '2025-04-01-preview'",
            dated,
        ),
    ] {
        assert_eq!(responses(params), expected, "{params}");
    }
}

#[test]
fn operations_and_series() {
    let base = "api_base: 'https://r.openai.azure.com', api_version: v";
    let embeddings = url("azure/emb", base, Operation::Embeddings, false);
    assert_eq!(
        embeddings,
        "https://r.openai.azure.com/openai/deployments/emb/embeddings?api-version=v"
    );
    for (model, path) in [
        ("azure/o_series/mine", "mine"),
        ("azure/gpt5_series/mine", "mine"),
        ("azure/a/b", "a%2Fb"),
    ] {
        let expected = format!(
            "https://r.openai.azure.com/openai/deployments/{path}/chat/completions?api-version=v"
        );
        assert_eq!(chat(model, base), expected);
    }
    assert_eq!(
        chat("azure/..", base),
        "error: `..` cannot be part of a URL"
    );
}

#[test]
fn the_version_comes_from_the_environment_too() {
    let environment = crate::environment(&[
        ("AZURE_API_BASE", "https://r.openai.azure.com"),
        ("AZURE_API_VERSION", "2024-10-21"),
        ("AZURE_API_KEY", "from-env"),
    ]);
    let (connection, model) = connect("azure/m", "rpm: 1", &environment, &Credentials::default());
    let uri = connection.uri(Operation::Chat, &model, false).unwrap();
    assert_eq!(uri.query(), Some("api-version=2024-10-21"));
    insta::assert_snapshot!(show(&sent(&connection, &model).unwrap()), @r"
    api-key: from-env (sensitive)
    content-type: application/json
    ");
}

const BASE: (&str, &str) = ("AZURE_API_BASE", "https://r.openai.azure.com");
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ.entra"}"#;

/// Asks for a token as a deployment with `params` does, and shows how.
fn exchange(params: &str, variables: &[(&str, &str)], answer: &str) -> String {
    let environment: Environment = variables.iter().copied().chain([BASE]).collect();
    let credentials = Credentials::default();
    let (connection, model) = connect("azure/m", params, &environment, &credentials);
    let script = Script::new(&[(200, answer)]);
    script.refresh(&credentials, now()).unwrap();
    let headers = sent(&connection, &model).unwrap();
    let rest = only(&credentials).due(now());
    format!("{}\n\n{}\ndue in {rest:?}", script.asked(), show(&headers))
}

#[test]
fn a_client_secret_is_exchanged() {
    insta::assert_snapshot!(exchange(
        "tenant_id: ten-1, client_id: cli-1, client_secret: 's3cr3t+&'",
        &[("AZURE_API_KEY", "not this")],
        TOKEN,
    ));
}

#[test]
fn a_user_with_a_password() {
    insta::assert_snapshot!(exchange(
        "client_id: cli-1, azure_username: u@x, azure_password: pw, azure_scope: 'api://x/.default'",
        &[("AZURE_AUTHORITY_HOST", "login.microsoftonline.us")],
        TOKEN,
    ));
}

#[test]
fn a_workload_identity_and_a_foreign_token() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lockgate-azure-federated");
    std::fs::write(&folder, "assertion.jwt\n").unwrap();
    let file = folder.to_str().unwrap();
    let pod = exchange(
        "rpm: 1",
        &[
            ("AZURE_FEDERATED_TOKEN_FILE", file),
            ("AZURE_TENANT_ID", "ten-1"),
            ("AZURE_CLIENT_ID", "cli-1"),
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
        ],
        TOKEN,
    );
    let foreign = exchange(
        "azure_ad_token: oidc/env/OUTSIDE, tenant_id: ten-1, client_id: cli-1",
        &[
            ("OUTSIDE", "assertion.jwt"),
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
        ],
        TOKEN,
    );
    assert_eq!(pod, foreign);
    insta::assert_snapshot!(pod);
}

/// The answers of managed identities have numbers in strings and a time instead of a duration.
#[test]
fn managed_identities() {
    let answer = r#"{"access_token":"eyJ.mi","expires_on":"1715065689","resource":"r"}"#;
    let machine = exchange("rpm: 1", &[("AZURE_CLIENT_ID", "user-assigned")], answer);
    let service = exchange(
        "rpm: 1",
        &[
            ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
            ("IDENTITY_HEADER", "853b9a84"),
        ],
        answer,
    );
    insta::assert_snapshot!(format!("{machine}\n---\n{service}"));
}

#[test]
fn a_token_that_is_given_needs_no_exchange() {
    let environment = crate::environment(&[BASE, ("AZURE_API_KEY", "not this")]);
    let credentials = Credentials::default();
    let (connection, model) = connect(
        "azure/m",
        "azure_ad_token: eyJ.own",
        &environment,
        &credentials,
    );
    let headers = sent(&connection, &model).unwrap();
    assert_eq!(headers["authorization"], "Bearer eyJ.own");
    assert_eq!(only(&credentials).due(now()), None);
}

#[test]
fn what_is_missing_is_told_with_what_to_set() {
    let environment = crate::environment(&[BASE]);
    let credentials = Credentials::default();
    let params = "tenant_id: t, client_id: c, client_secret: hush-hush";
    let (connection, model) = connect("azure/m", params, &environment, &credentials);
    let mut out = sent(&connection, &model).unwrap_err();

    let refused = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x"}"#;
    let script = Script::new(&[(401, refused), (200, TOKEN)]);
    let error = script.refresh(&credentials, now()).unwrap_err();
    write!(out, "\n\nlog: {error}\n\n").unwrap();
    out += &sent(&connection, &model).unwrap_err();
    assert!(!out.contains("hush-hush"));

    // Once there is one it works, and a later failure does not take it away before its end.
    script.refresh(&credentials, now()).unwrap();
    assert!(sent(&connection, &model).is_ok());
    let later = now() + Duration::from_secs(3000);
    script.refresh(&credentials, later).unwrap_err();
    assert!(sent(&connection, &model).is_ok());

    let over = Script::new(&[(200, r#"{"access_token":"x","expires_in":"0"}"#)]);
    over.refresh(&credentials, now()).unwrap();
    write!(out, "\n\n{}", sent(&connection, &model).unwrap_err()).unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn half_an_identity_is_told() {
    let environment = crate::environment(&[BASE]);
    let credentials = Credentials::default();
    connect("azure/m", "client_secret: s", &environment, &credentials);
    let error = Script::new(&[]).refresh(&credentials, now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a client secret needs `tenant_id` and `client_id` beside it"
    );
}
