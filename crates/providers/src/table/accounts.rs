//! Services whose address names an account, or that differ from the API they are compatible with
//! in more than names.

use lockgate_wire::{DialectId, Operation};

use super::deviations as quirks;
use super::hosted::hosted;
use crate::spec::{Auth, KeyRule, OPENAI_COMPATIBLE, Operations, ProviderSpec, UrlStyle};

pub(super) const ROWS: &[ProviderSpec] = &[
    hosted(
        "bytez",
        "https://api.bytez.com/models/v2/openai/v1",
        &["BYTEZ_API_KEY"],
        &["BYTEZ_API_BASE"],
    )
    .quirks(quirks::MAX_TOKENS)
    .chat_only(),
    hosted(
        "cloudflare",
        "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
        &["CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"],
        &["CLOUDFLARE_API_BASE"],
    )
    .quirks(quirks::MAX_TOKENS),
    // LiteLLM's base URLs end with `/serving-endpoints`; that of the AI gateway ends otherwise.
    hosted(
        "databricks",
        "https://{DATABRICKS_HOST}/serving-endpoints",
        &["DATABRICKS_API_KEY", "DATABRICKS_TOKEN"],
        &["DATABRICKS_API_BASE"],
    )
    .quirks(quirks::DATABRICKS),
    // The key is the token that a login to Copilot leaves behind. The integration id is the one
    // the endpoint admits.
    hosted(
        "github_copilot",
        "https://api.githubcopilot.com",
        &["GITHUB_COPILOT_TOKEN"],
        &["GITHUB_COPILOT_API_BASE"],
    )
    .headers(&[
        (
            "copilot-integration-id",
            "{GITHUB_COPILOT_INTEGRATION_ID:vscode-chat}",
        ),
        (
            "editor-version",
            concat!("lockgate/", env!("CARGO_PKG_VERSION")),
        ),
    ]),
    hosted(
        "huggingface",
        "https://router.huggingface.co/v1",
        &["HF_TOKEN", "HUGGINGFACE_API_KEY"],
        &["HF_API_BASE", "HUGGINGFACE_API_BASE"],
    )
    .under("/v1")
    .quirks(quirks::HUGGINGFACE),
    ProviderSpec {
        id: "kimi-for-coding",
        base_url: Some("https://api.kimi.com/coding"),
        key_env: &["KIMI_API_KEY"],
        base_env: &["KIMI_API_BASE"],
        dialect: DialectId::Anthropic,
        auth: Auth::AnthropicKey,
        url: UrlStyle::Anthropic,
        operations: Operations::CHAT,
        headers: &[("anthropic-version", "2023-06-01")],
        ..OPENAI_COMPATIBLE
    },
    hosted(
        "maritalk",
        "https://chat.maritaca.ai/api",
        &["MARITALK_API_KEY"],
        &["MARITALK_API_BASE"],
    )
    .quirks(quirks::MAX_TOKENS)
    .chat_only(),
    // The endpoint that takes API keys; LiteLLM signs requests to the older one.
    hosted(
        "oci",
        "https://inference.generativeai.{OCI_REGION:us-ashburn-1}.oci.oraclecloud.com/openai/v1",
        &["OCI_GENAI_API_KEY"],
        &["OCI_API_BASE"],
    )
    .chat_only(),
    ProviderSpec {
        // LiteLLM marks programmatic access tokens; the endpoint knows them without.
        auth: Auth::BearerWithout("pat/"),
        ..hosted(
            "snowflake",
            "https://{SNOWFLAKE_ACCOUNT_ID}.snowflakecomputing.com",
            &["SNOWFLAKE_JWT", "SNOWFLAKE_PAT"],
            &["SNOWFLAKE_API_BASE"],
        )
        .under("/api/v2/cortex/v1")
        .chat_only()
    },
    ProviderSpec {
        // An IBM Cloud key must be exchanged for a token; the token is what is sent.
        url: UrlStyle::Watsonx,
        ..hosted(
            "watsonx",
            "https://{WATSONX_REGION|WX_REGION}.ml.cloud.ibm.com",
            &["WATSONX_TOKEN"],
            &["WATSONX_API_BASE", "WATSONX_URL", "WX_URL", "WML_URL"],
        )
        .quirks(quirks::WATSONX)
        .chat_only()
    },
];

/// Servers that operators run themselves.
pub(super) const SERVERS: &[ProviderSpec] = &[
    own_server(
        "llamacpp",
        "http://127.0.0.1:8080/v1",
        &["LLAMACPP_API_KEY"],
        &["LLAMACPP_API_BASE"],
    )
    .also(&[Operation::Completions]),
    own_server(
        "oobabooga",
        "http://127.0.0.1:5000/v1",
        &["OOBABOOGA_API_KEY"],
        &["OOBABOOGA_API_BASE"],
    )
    .under("/v1")
    .also(&[Operation::Completions]),
    own_server(
        "privatemode-ai",
        "http://localhost:8080/v1",
        &["PRIVATEMODE_API_KEY"],
        &["PRIVATEMODE_ENDPOINT"],
    ),
    own_server(
        "sglang",
        "http://127.0.0.1:30000/v1",
        &["SGLANG_API_KEY"],
        &["SGLANG_API_BASE"],
    )
    .also(&[Operation::Completions]),
    own_server(
        "triton",
        "http://localhost:9000/v1",
        &["TRITON_API_KEY"],
        &["TRITON_API_BASE"],
    ),
];

const fn own_server(
    id: &'static str,
    base_url: &'static str,
    key_env: &'static [&'static str],
    base_env: &'static [&'static str],
) -> ProviderSpec {
    ProviderSpec {
        key: KeyRule::Optional,
        ..hosted(id, base_url, key_env, base_env)
    }
}
