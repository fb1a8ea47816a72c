//! What keys are exchanged for, and who does it.

use crate::exchange::{Exchanged, TokenExchange};

/// How tokens begin that are JSON in base64 (JWT, JWE); keys do not.
const JSON_TOKEN: &str = "eyJ";

/// IBM Cloud, "Generating an IBM Cloud IAM token by using an API key".
pub(super) const IBM_CLOUD: TokenExchange = TokenExchange {
    name: "IBM Cloud",
    secret: Exchanged::Key {
        ready: JSON_TOKEN,
        files: &[],
    },
    url: "{WATSONX_IAM_URL:https://iam.cloud.ibm.com/identity/token}",
    headers: &[],
    form: &[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", "{key}"),
    ],
    advice: "set `api_key` (WATSONX_APIKEY) to an IBM Cloud API key, or WATSONX_TOKEN to a token",
};

/// Databricks, "Authorize service principal access with OAuth".
pub(super) const DATABRICKS: TokenExchange = TokenExchange {
    name: "Databricks",
    secret: Exchanged::Client {
        id: "DATABRICKS_CLIENT_ID",
        secret: "DATABRICKS_CLIENT_SECRET",
    },
    url: "{origin}/oidc/v1/token",
    headers: &[("authorization", "Basic {basic}")],
    form: &[("grant_type", "client_credentials"), ("scope", "all-apis")],
    advice: "set `api_key` (DATABRICKS_API_KEY), or `client_id` and `client_secret` \
         (DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET)",
};

/// `GigaChat` API reference, "Get access token". A token lasts half an hour.
pub(super) const GIGACHAT: TokenExchange = TokenExchange {
    name: "GigaChat",
    secret: Exchanged::Key {
        ready: JSON_TOKEN,
        files: &[],
    },
    url: "{GIGACHAT_AUTH_URL:https://ngw.devices.sberbank.ru:9443/api/v2/oauth}",
    headers: &[("authorization", "Basic {key}"), ("rquid", "{uuid}")],
    form: &[("scope", "{GIGACHAT_SCOPE:GIGACHAT_API_PERS}")],
    advice: "set `api_key` (GIGACHAT_CREDENTIALS) to the authorization key of the project",
};

/// GitHub's editors: what a login leaves behind is exchanged for a token of the session. The file is
/// the one that LiteLLM writes.
pub(super) const COPILOT: TokenExchange = TokenExchange {
    name: "GitHub Copilot",
    secret: Exchanged::Key {
        ready: "tid=",
        files: &[
            "{GITHUB_COPILOT_TOKEN_DIR}/{GITHUB_COPILOT_ACCESS_TOKEN_FILE:access-token}",
            "{HOME}/.config/litellm/github_copilot/{GITHUB_COPILOT_ACCESS_TOKEN_FILE:access-token}",
        ],
    },
    url: "{GITHUB_COPILOT_API_KEY_URL:https://api.github.com/copilot_internal/v2/token}",
    headers: &[
        ("authorization", "token {key}"),
        (
            "editor-version",
            concat!("lockgate/", env!("CARGO_PKG_VERSION")),
        ),
        (
            "user-agent",
            concat!("lockgate/", env!("CARGO_PKG_VERSION")),
        ),
    ],
    form: &[],
    advice: "set `api_key` (GITHUB_COPILOT_TOKEN) to the token of a login to GitHub, or put it into \
         the file",
};
