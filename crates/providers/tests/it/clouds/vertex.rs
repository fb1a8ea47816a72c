//! Vertex AI: URLs by model and location, bodies, projects.

use std::fmt::Write as _;
use std::time::SystemTime;

use lockgate_core::Environment;
use lockgate_providers::{Call, Credentials, ProviderTable, apply};
use lockgate_wire::Operation;
use lockgate_wire::json::JsonObject;

use super::script::Script;
use super::{chat, connect, sent, show, url};

#[test]
fn urls_by_model_and_location() {
    let mut out = String::new();
    for (model, location) in [
        ("gemini-2.5-flash", "us-central1"),
        ("gemini-2.5-flash", "global"),
        ("gemini-2.5-flash", "eu"),
        ("4965075652664360960", "europe-west4"),
        ("gemini/4965075652664360960", "europe-west4"),
        ("claude-sonnet-4@20250514", "us-east5"),
        ("claude-sonnet-4-5", "global"),
        ("mistral-large@2411", "europe-west4"),
        ("codestral-2501", "us-central1"),
        ("jamba-1.5-large@001", "us-central1"),
        ("meta/llama-4-scout-17b-16e-instruct-maas", "us-east5"),
        ("openai/gpt-oss-120b-maas", "us-central1"),
        ("openai/5464397967697903616", "us-central1"),
    ] {
        let params = format!("vertex_project: p-1, vertex_location: {location}");
        let name = format!("vertex_ai/{model}");
        for stream in [false, true] {
            let uri = url(&name, &params, Operation::Chat, stream);
            writeln!(out, "{uri}").unwrap();
        }
    }
    let counted = "vertex_project: p-1, vertex_location: global";
    let uri = url(
        "vertex_ai/gemini-2.5-flash",
        counted,
        Operation::CountTokens,
        false,
    );
    writeln!(out, "{uri}").unwrap();
    for model in ["text-embedding-005", "gemini-embedding-001"] {
        let uri = url(
            &format!("vertex_ai/{model}"),
            counted,
            Operation::Embeddings,
            false,
        );
        writeln!(out, "{uri}").unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn bases_of_ones_own() {
    let mut out = String::new();
    for base in [
        "https://proxy.example.com/google",
        "https://proxy.example.com/v1beta1",
        "https://proxy.example.com/v1/projects/a/locations/b/publishers/google/models/m",
    ] {
        let params = format!("vertex_project: p-1, api_base: '{base}'");
        let uri = url("vertex_ai/gemini-2.5-flash", &params, Operation::Chat, true);
        writeln!(out, "{uri}").unwrap();
    }
    // An API key belongs to a project; without one in the configuration the path names none.
    writeln!(
        out,
        "{}",
        chat(
            "vertex_ai/gemini-2.5-flash",
            "api_key: k, vertex_location: global"
        )
    )
    .unwrap();
    writeln!(out, "{}", chat("vertex_ai/a/../b", "vertex_project: p-1")).unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn an_api_key_goes_into_googles_header() {
    let credentials = Credentials::default();
    let nothing = Environment::default();
    let (connection, model) = connect(
        "vertex_ai/gemini-2.5-flash",
        "api_key: k",
        &nothing,
        &credentials,
    );
    insta::assert_snapshot!(show(&sent(&connection, &model).unwrap()), @r"
    content-type: application/json
    x-goog-api-key: k (sensitive)
    ");
    assert_eq!(credentials.all().len(), 0);
}

/// Vertex AI, Claude: no model in the body, the version of the API instead.
#[test]
fn the_body_of_a_claude_call() {
    let resolved = ProviderTable::built_in()
        .resolve("vertex_ai/claude-sonnet-4@20250514", None, None)
        .unwrap();
    let body = r#"{"model":"claude-sonnet-4@20250514","max_tokens":5,"messages":[],"stream":true}"#;
    let mut body = JsonObject::parse(body.as_bytes().into(), 8).unwrap();
    let call = Call {
        operation: Operation::Chat,
        model: &resolved.model,
        drop_params: false,
    };
    apply(&resolved.provider.quirks, &mut body, &call);
    insta::assert_snapshot!(
        std::str::from_utf8(&body.to_bytes()).unwrap(),
        @r#"{"max_tokens":5,"messages":[],"stream":true,"anthropic_version":"vertex-2023-10-16"}"#
    );
}

/// Without `vertex_project` the credential's own project is called.
#[test]
fn the_project_may_be_the_credentials() {
    let environment = crate::environment(&[("GCE_METADATA_HOST", "metadata.test:80")]);
    let credentials = Credentials::default();
    let (connection, model) = connect(
        "vertex_ai/gemini-2.5-flash",
        "rpm: 1",
        &environment,
        &credentials,
    );
    let uri = || connection.uri(Operation::Chat, &model, false);
    assert_eq!(
        uri().unwrap_err().to_string().split(';').next(),
        Some("no Google Cloud credential: the first one has not arrived yet")
    );
    let token = r#"{"access_token":"ya29.m","expires_in":3599,"token_type":"Bearer"}"#;
    let script = Script::new(&[(200, token), (200, "metadata-project\n")]);
    script.refresh(&credentials, SystemTime::now()).unwrap();
    assert_eq!(
        uri().unwrap().path(),
        "/v1/projects/metadata-project/locations/us-central1/publishers/google/models/\
         gemini-2.5-flash:generateContent"
    );

    let script = Script::new(&[(200, token), (404, "")]);
    script.refresh(&credentials, SystemTime::now()).unwrap();
    assert_eq!(
        uri().unwrap_err().to_string(),
        "Vertex AI needs a project: set `vertex_project`, or VERTEXAI_PROJECT"
    );
}
