//! Azure AI Foundry: URLs, headers and dialects by model and host.

use std::fmt::Write as _;

use lockgate_core::Environment;
use lockgate_providers::{Credentials, ProviderTable};
use lockgate_wire::{DialectId, Operation};

use super::{chat, connect, sent, show, url};

#[test]
fn bases() {
    let mut out = String::new();
    for (model, base) in [
        ("azure_ai/mistral-large", "https://r.services.ai.azure.com"),
        (
            "azure_ai/mistral-large",
            "https://r.services.ai.azure.com/models",
        ),
        (
            "azure_ai/mistral-large",
            "https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "azure_ai/gpt-5",
            "https://r.services.ai.azure.com/openai/v1/",
        ),
        ("azure_ai/cohere", "https://x.eastus2.models.ai.azure.com"),
        (
            "azure_ai/cohere",
            "https://x.eastus2.models.ai.azure.com/v1/chat/completions",
        ),
        (
            "azure_ai/claude-sonnet-4-5",
            "https://r.services.ai.azure.com",
        ),
        (
            "azure_ai/claude-sonnet-4-5",
            "https://r.services.ai.azure.com/anthropic",
        ),
        (
            "azure_ai/claude-sonnet-4-5",
            "https://r.services.ai.azure.com/anthropic/v1/messages",
        ),
        (
            "azure_ai/claude-sonnet-4-5",
            "https://r.services.ai.azure.com/models",
        ),
    ] {
        let params = format!("api_key: k, api_base: '{base}'");
        writeln!(out, "{model} {base}\n  {}", chat(model, &params)).unwrap();
    }
    let base = "api_key: k, api_base: 'https://r.services.ai.azure.com', api_version: v1";
    writeln!(out, "{base}\n  {}", chat("azure_ai/m", base)).unwrap();
    let embeddings = "api_key: k, api_base: 'https://r.services.ai.azure.com'";
    let uri = url("azure_ai/m", embeddings, Operation::Embeddings, false);
    writeln!(out, "embeddings\n  {uri}").unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn keys_travel_by_host_and_model() {
    let mut out = String::new();
    for (model, base) in [
        ("azure_ai/m", "https://r.services.ai.azure.com"),
        ("azure_ai/m", "https://x.eastus2.models.ai.azure.com"),
        (
            "azure_ai/claude-opus-4-1",
            "https://r.services.ai.azure.com",
        ),
    ] {
        let params = format!("api_key: k, api_base: '{base}'");
        let (connection, name) = connect(
            model,
            &params,
            &Environment::default(),
            &Credentials::default(),
        );
        let headers = show(&sent(&connection, &name).unwrap());
        writeln!(out, "{model} {base}\n{headers}\n").unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_model_decides_the_dialect() {
    let table = ProviderTable::built_in();
    for (model, dialect, name) in [
        (
            "azure_ai/claude-sonnet-4-5",
            DialectId::Anthropic,
            "claude-sonnet-4-5",
        ),
        (
            "azure_ai/mistral-large",
            DialectId::OpenAiChat,
            "mistral-large",
        ),
        (
            "vertex_ai/gemini-2.5-pro",
            DialectId::Gemini,
            "gemini-2.5-pro",
        ),
        ("vertex_ai/gemini/1234", DialectId::Gemini, "1234"),
        (
            "vertex_ai/claude-opus-4@20250514",
            DialectId::Anthropic,
            "claude-opus-4@20250514",
        ),
        (
            "vertex_ai_beta/claude-opus-4@20250514",
            DialectId::Anthropic,
            "claude-opus-4@20250514",
        ),
        (
            "vertex_ai/meta/llama-4-maas",
            DialectId::OpenAiChat,
            "meta/llama-4-maas",
        ),
        (
            "vertex_ai/mistral-large-2411",
            DialectId::OpenAiChat,
            "mistral-large-2411",
        ),
        ("azure/o_series/mine", DialectId::OpenAiChat, "mine"),
    ] {
        let resolved = table.resolve(model, None, None).unwrap();
        assert_eq!(resolved.provider.dialect, dialect, "{model}");
        assert_eq!(resolved.model, name, "{model}");
    }
    assert!(table.resolve("azure/o_series/", None, None).is_err());
}
