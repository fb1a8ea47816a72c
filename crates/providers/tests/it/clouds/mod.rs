//! Azure, AWS, Google Cloud, and services that give tokens for keys: URLs, signatures, tokens.

mod aws;
mod azure;
mod foundry;
mod google;
mod script;
mod signing;
mod tokens;
mod vertex;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use lockgate_core::config::{CloudParams, Config, load_str};
use lockgate_core::{Environment, Secret};
use lockgate_providers::{
    Auth, Connection, ConnectionParams, Credentials, KeyRule, OPENAI_COMPATIBLE, Provider,
    ProviderSpec, ProviderTable, UrlStyle,
};
use lockgate_wire::Operation;

/// 2024-05-06, 07:08:09 UTC.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_979_289)
}

/// Amazon Bedrock, as far as URL and authentication go.
const BEDROCK: ProviderSpec = ProviderSpec {
    id: "bedrock",
    key_env: &["AWS_BEARER_TOKEN_BEDROCK"],
    key: KeyRule::Optional,
    auth: Auth::Aws,
    url: UrlStyle::Bedrock,
    ..OPENAI_COMPATIBLE
};

/// One deployment of a configuration file.
fn config(model: &str, params: &str) -> Config {
    let yaml =
        format!("model_list: [{{model_name: m, litellm_params: {{model: '{model}', {params}}}}}]");
    let loaded = load_str(&yaml, "config.yaml", &Environment::default()).unwrap();
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.config
}

/// The connection that a deployment with these parameters makes, and its model there.
fn connect(
    model: &str,
    params: &str,
    environment: &Environment,
    credentials: &Credentials,
) -> (Connection, String) {
    let config = config(model, params);
    let params = &config.models[0].litellm_params;
    let (provider, model) = match model.strip_prefix("bedrock/") {
        Some(model) => (Provider::from(&BEDROCK).into(), model.to_owned()),
        None => {
            let resolved = ProviderTable::built_in()
                .resolve(model, None, None)
                .unwrap();
            (resolved.provider, resolved.model)
        }
    };
    let params = ConnectionParams {
        model: Some(&model),
        credentials: Some(credentials),
        ..ConnectionParams::from(params)
    };
    let connection = Connection::new(&provider, &params, environment).unwrap();
    (connection, model)
}

/// Where a deployment is asked to chat, or why it cannot be.
fn url(model: &str, params: &str, operation: Operation, stream: bool) -> String {
    let environment = Environment::default();
    let (connection, model) = connect(model, params, &environment, &Credentials::default());
    match connection.uri(operation, &model, stream) {
        Ok(uri) => uri.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn chat(model: &str, params: &str) -> String {
    url(model, params, Operation::Chat, false)
}

/// The headers of a request, credentials in the open.
fn sent(connection: &Connection, model: &str) -> Result<HeaderMap, String> {
    let uri = connection
        .uri(Operation::Chat, model, false)
        .map_err(|e| e.to_string())?;
    let mut headers = connection.headers().clone();
    headers.remove("user-agent");
    connection
        .authorize_at(now(), &Method::POST, &uri, &mut headers, b"{}")
        .map_err(|e| e.to_string())?;
    Ok(headers)
}

fn show(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| {
            let secret = if value.is_sensitive() {
                " (sensitive)"
            } else {
                ""
            };
            format!("{name}: {}{secret}", value.to_str().unwrap())
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn deployments_with_the_same_credentials_share_one_source() {
    let environment = crate::environment(&[("AZURE_API_BASE", "https://r.openai.azure.com")]);
    let credentials = Credentials::default();
    let identity = "tenant_id: t, client_id: c, client_secret: s";
    for (model, params) in [
        ("azure/a", identity),
        ("azure/b", identity),
        (
            "azure/c",
            "tenant_id: t, client_id: c, client_secret: other",
        ),
        ("azure/d", "tenant_id: tc, client_id: '', client_secret: s"),
        ("azure/e", "api_key: k"),
    ] {
        connect(model, params, &environment, &credentials);
    }
    assert_eq!(credentials.all().len(), 3);
}

#[test]
fn a_reload_keeps_credentials_and_drops_those_that_are_gone() {
    let environment = crate::environment(&[("AZURE_API_BASE", "https://r.openai.azure.com")]);
    let before = Credentials::default();
    let params = |secret: &str| format!("tenant_id: t, client_id: c, client_secret: {secret}");
    connect("azure/a", &params("kept"), &environment, &before);
    connect("azure/b", &params("gone"), &environment, &before);
    let mut after = Credentials::after(Some(&before));
    connect("azure/a", &params("kept"), &environment, &after);
    connect("azure/c", &params("new"), &environment, &after);
    after.settle();
    let keys = |credentials: &Credentials| -> Vec<_> {
        credentials
            .all()
            .iter()
            .map(|credential| credential.key())
            .collect()
    };
    let (before_keys, after_keys) = (keys(&before), keys(&after));
    assert_eq!(after_keys.len(), 2);
    let kept: Vec<_> = before
        .all()
        .into_iter()
        .filter(|c| after_keys.contains(&c.key()))
        .collect();
    assert_eq!((kept.len(), before_keys.len()), (1, 2));
    assert!(
        after
            .all()
            .iter()
            .any(|credential| std::sync::Arc::ptr_eq(credential, &kept[0])),
        "the same credential, with its lease"
    );
    // A changed variable is another source: what it names may be another identity.
    let changed = environment.with([("AZURE_AUTHORITY_HOST".to_owned(), "h".to_owned())]);
    connect("azure/a", &params("kept"), &changed, &after);
    assert_eq!(after.all().len(), 3);
}

#[test]
fn nothing_secret_is_printed() {
    let environment = crate::environment(&[]);
    let credentials = Credentials::default();
    let (connection, _) = connect(
        "bedrock/m",
        "aws_access_key_id: AKIDSECRET, aws_secret_access_key: HUSHHUSH",
        &environment,
        &credentials,
    );
    let printed = format!("{connection:?} {credentials:?}");
    assert!(
        !printed.contains("AKIDSECRET") && !printed.contains("HUSHHUSH"),
        "{printed}"
    );
    let params = CloudParams {
        azure: lockgate_core::config::AzureParams {
            client_secret: Some(Secret::new("HUSHHUSH")),
            ..Default::default()
        },
        ..CloudParams::default()
    };
    assert!(!format!("{params:?}").contains("HUSHHUSH"));
}
