//! The shape of the calls to every provider: one golden file each.
//!
//! What a client of the OpenAI API asks for is prepared as the engine prepares it: spliced or
//! translated, then the provider's quirks. A change to a row shows here as a change to its file.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Uri;
use lockgate_core::Environment;
use lockgate_providers::{
    Call, Connection, ConnectionParams, Credentials, PROVIDERS, Provider, ProviderSpec, Quirk,
    apply,
};
use lockgate_wire::canonical::Params;
use lockgate_wire::dialect::{RequestHead, Target};
use lockgate_wire::form::{FormPart, FormWriter, parts};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation, images, speech, transcription};
use serde_json::Value;

use crate::environment;

/// A conversation with what providers differ about.
const CHAT: &str = r#"{
    "model": "client-name",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "Weather in Rome?"}]},
        {"role": "assistant", "content": null, "reasoning_content": "Ask the tool.", "refusal": null,
         "tool_calls": [{"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
                        {"id": "b", "type": "function", "function": {"name": "time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "sunny"}]},
        {"role": "tool", "tool_call_id": "b", "content": "noon"},
        {"role": "assistant", "content": "Sunny."},
        {"role": "user", "content": "And now?"}
    ],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}],
    "tool_choice": "required",
    "max_completion_tokens": 100,
    "temperature": 1.7,
    "top_p": 0.9,
    "stop": ["END"],
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "reasoning_effort": "low",
    "user": "u1"
}"#;

const RERANK: &str = r#"{"model": "client-name", "query": "Which one is a river?", "documents": ["The Douro.", "A bridge."], "top_n": 1}"#;
const SPEECH: &str =
    r#"{"model": "client-name", "input": "Hello.", "voice": "alloy", "response_format": "opus"}"#;
const PICTURE: &str = r#"{"model": "client-name", "prompt": "a fox", "n": 1, "size": "1024x1024", "response_format": "b64_json"}"#;

/// The fields of a transcription and of a changed picture, each beside its file.
const TRANSCRIPTION: [(&str, &str); 3] = [
    ("model", "client-name"),
    ("language", "en"),
    ("response_format", "srt"),
];
const EDIT: [(&str, &str); 2] = [("model", "client-name"), ("prompt", "a hat")];

const EMBEDDINGS: &str = r#"{"model": "client-name", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 64}"#;

/// Models that quirks are for; elsewhere the name does not matter.
fn model_of(id: &str, operation: Operation) -> &'static str {
    match id {
        "bedrock" | "bedrock_converse" if operation == Operation::Embeddings => {
            "cohere.embed-english-v3"
        }
        "bedrock" | "bedrock_converse" if operation == Operation::ImageGeneration => {
            "amazon.nova-canvas-v1:0"
        }
        "deepgram" if operation == Operation::Speech => "aura-2-thalia-en",
        "deepgram" => "nova-3",
        "elevenlabs" if operation == Operation::Speech => "eleven_multilingual_v2",
        "elevenlabs" => "scribe_v1",
        "fal_ai" => "fal-ai/flux/dev",
        "gemini" | "vertex_ai" | "vertex_ai_beta"
            if matches!(operation, Operation::ImageGeneration | Operation::ImageEdit) =>
        {
            "gemini-2.5-flash-image"
        }
        "nvidia_nim" if operation == Operation::Rerank => "nvidia/llama-3.2-nv-rerankqa-1b-v2",
        "stability" => "sd3.5-large",
        "bedrock" | "bedrock_converse" => "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "deepseek" => "deepseek-v4-flash",
        "groq" => "openai/gpt-oss-120b",
        "huggingface" => "together/openai/gpt-oss-120b",
        "moonshot" => "kimi-k2.6",
        "openai" => "gpt-5-mini",
        "xai" => "grok-4",
        "zai" | "zhipuai" | "zai-coding-plan" | "zhipuai-coding-plan" => "glm-4.7",
        _ => "some-model",
    }
}

/// Where accounts are, and a key in the first of the provider's variables.
fn settings(row: &ProviderSpec) -> Environment {
    let mut variables = vec![
        ("CLOUDFLARE_ACCOUNT_ID", "account"),
        ("DATABRICKS_HOST", "https://adb-1.test/"),
        ("SNOWFLAKE_ACCOUNT_ID", "org-account"),
        ("VERTEXAI_PROJECT", "project"),
        ("WATSONX_PROJECT_ID", "project"),
        ("WATSONX_REGION", "eu-de"),
    ];
    variables.extend(row.key_env.first().map(|variable| (*variable, "KEY")));
    environment(&variables)
}

fn connect(row: &ProviderSpec, credentials: &Credentials) -> (Provider, Connection) {
    let provider = Provider::from(row);
    let has_base = row.base_url.is_some();
    let params = ConnectionParams {
        api_base: (!has_base).then_some("http://own.test:8000/v1"),
        credentials: Some(credentials),
        ..ConnectionParams::default()
    };
    let connection = Connection::new(&provider, &params, &settings(row))
        .unwrap_or_else(|error| panic!("{error}"));
    (provider, connection)
}

fn headers(connection: &Connection, out: &mut String) {
    let mut lines: Vec<String> = connection
        .headers()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "user-agent" | "content-type"))
        .map(|(name, value)| {
            let text = value.to_str().unwrap();
            assert!(
                !text.contains("KEY") || value.is_sensitive(),
                "{name} would be logged"
            );
            let version = concat!("lockgate/", env!("CARGO_PKG_VERSION"));
            format!("{name}: {}\n", text.replace(version, "lockgate/VERSION"))
        })
        .collect();
    lines.sort();
    out.push_str(&lines.concat());
}

/// The client's request as the provider gets it.
fn body(
    row: &ProviderSpec,
    quirks: &[Quirk],
    operation: Operation,
    model: &str,
    stream: bool,
) -> JsonObject {
    let chat = operation == Operation::Chat;
    let text = if chat { CHAT } else { EMBEDDINGS };
    let mut object = JsonObject::parse(Bytes::from_static(text.as_bytes()), 100).unwrap();
    if stream {
        object.set("stream", "true");
    }
    let target = Target {
        model,
        operation,
        stream,
        max_output_tokens: None,
    };
    let client = DialectId::OpenAiChat.dialect();
    let upstream = row.dialect.dialect();
    if row.dialect == DialectId::OpenAiChat {
        client
            .splice_request(&mut object, &target, &Params::default())
            .unwrap();
    } else {
        let head = RequestHead {
            operation,
            model: None,
            stream: None,
        };
        let encoded = if chat {
            let request = client.decode_request(&head, &object).unwrap();
            upstream.encode_request(&request, &target)
        } else {
            let request = client.decode_embedding_request(&head, &object).unwrap();
            upstream.encode_embedding_request(&request, &target)
        };
        object = JsonObject::parse(encoded.unwrap().body, 100).unwrap();
    }
    let call = Call {
        operation,
        model,
        drop_params: false,
    };
    apply(quirks, &mut object, &call);
    object
}

fn form(fields: &[(&str, &str)], file: (&str, &str, &str)) -> Vec<FormPart> {
    let mut form = FormWriter::default();
    for (name, value) in fields {
        form.field(name, value);
    }
    let (name, file_name, content_type) = file;
    form.file(name, file_name, content_type, Bytes::from_static(b"FILE"));
    let (content_type, body) = form.finish();
    parts(&content_type, &body).unwrap()
}

/// The client's request in the provider's own format of `operation`, and where it goes.
fn own(
    provider: &Provider,
    connection: &Connection,
    quirks: &[Quirk],
    operation: Operation,
    model: &str,
    out: &mut String,
) {
    let parse = |text: &'static str| JsonObject::parse(Bytes::from_static(text.as_bytes()), 9);
    let formats = provider.formats;
    let request = match operation {
        Operation::Embeddings => {
            let head = RequestHead {
                operation,
                model: None,
                stream: None,
            };
            let body = parse(EMBEDDINGS).unwrap();
            let client = DialectId::OpenAiChat.dialect();
            let request = client.decode_embedding_request(&head, &body).unwrap();
            formats.embeddings.unwrap().encode_request(&request, model)
        }
        Operation::ImageGeneration => {
            let request = images::decode_request(&parse(PICTURE).unwrap()).unwrap();
            formats.images.unwrap().encode_request(&request, model)
        }
        Operation::ImageEdit => {
            let parts = form(&EDIT, ("image", "a.png", "image/png"));
            let request = images::decode_form(&parts).unwrap();
            formats.images.unwrap().encode_request(&request, model)
        }
        Operation::Speech => {
            let request = speech::decode_request(&parse(SPEECH).unwrap()).unwrap();
            formats.speech.unwrap().encode_request(&request, model)
        }
        Operation::Transcription => {
            let parts = form(&TRANSCRIPTION, ("file", "a.mp3", "audio/mpeg"));
            let request = transcription::decode_request(&parts).unwrap();
            let format = formats.transcription.unwrap();
            format.encode_request(&request, model)
        }
        other => panic!("{other:?} has no formats"),
    }
    .unwrap();
    let uri = match &request.path {
        Some(path) => connection.resource_uri(path, &request.query),
        None => connection.uri(operation, model, false),
    };
    writeln!(out, "POST {}", uri.unwrap()).unwrap();
    if !request.is_json() {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        writeln!(out, "content-type: {}", request.content_type).unwrap();
        for line in body.lines().filter(|line| !line.is_empty()) {
            writeln!(out, "  {line}").unwrap();
        }
        return;
    }
    let mut object = JsonObject::parse(request.body, 100).unwrap();
    let call = Call {
        operation,
        model,
        drop_params: false,
    };
    apply(quirks, &mut object, &call);
    show(&object, out);
}

fn rerank(provider: &Provider, quirks: &[Quirk], model: &str) -> JsonObject {
    let body = JsonObject::parse(Bytes::from_static(RERANK.as_bytes()), 9).unwrap();
    let request = lockgate_wire::rerank::decode_request(&body).unwrap();
    let encoded = provider.rerank.encode_request(&request, model).unwrap();
    let mut object = JsonObject::parse(encoded.body, 9).unwrap();
    let call = Call {
        operation: Operation::Rerank,
        model,
        drop_params: false,
    };
    apply(quirks, &mut object, &call);
    object
}

/// One member a line, messages too.
fn show(object: &JsonObject, out: &mut String) {
    let members: Value = serde_json::from_slice(&object.to_bytes()).unwrap();
    for (name, value) in members.as_object().unwrap() {
        match value.as_array().filter(|_| name == "messages") {
            Some(messages) => {
                for message in messages {
                    writeln!(out, "  message {message}").unwrap();
                }
            }
            None => writeln!(out, "  {name}: {value}").unwrap(),
        }
    }
}

/// Where the engine sends `operation`: what is written for the Responses API goes there.
fn place(
    row: &ProviderSpec,
    connection: &Connection,
    operation: Operation,
    model: &str,
    stream: bool,
) -> Uri {
    let operation = match (row.dialect, operation) {
        (DialectId::OpenAiResponses, Operation::Chat) => Operation::Responses,
        (_, operation) => operation,
    };
    connection.uri(operation, model, stream).unwrap()
}

/// Every call to `row`; to `family`, a model that stands for a family of models, when there is one.
fn recorded(row: &ProviderSpec, family: Option<&str>) -> String {
    let credentials = Credentials::default();
    let (provider, connection) = connect(row, &credentials);
    let quirks: Vec<Quirk> = provider
        .quirks
        .iter()
        .filter_map(|quirk| quirk.settled(&settings(row)))
        .collect();
    let mut out = String::new();
    headers(&connection, &mut out);
    for credential in credentials.all() {
        writeln!(out, "authorization: a token of {}", credential.cloud()).unwrap();
    }
    for operation in Operation::ALL {
        if !provider.supports(operation) {
            continue;
        }
        let model = family.unwrap_or_else(|| model_of(row.id, operation));
        writeln!(out, "\n{}", operation.as_str()).unwrap();
        if provider.formats.has(operation) {
            own(&provider, &connection, &quirks, operation, model, &mut out);
            continue;
        }
        let uri = place(row, &connection, operation, model, false);
        let method = match operation {
            Operation::Realtime => "GET",
            _ => "POST",
        };
        writeln!(out, "{method} {uri}").unwrap();
        if operation == Operation::Rerank {
            show(&rerank(&provider, &quirks, model), &mut out);
        }
        if !matches!(operation, Operation::Chat | Operation::Embeddings) {
            continue;
        }
        let whole = body(row, &quirks, operation, model, false);
        show(&whole, &mut out);
        if operation == Operation::Chat {
            let uri = place(row, &connection, operation, model, true);
            writeln!(out, "\nchat, streaming\nPOST {uri}").unwrap();
            let streamed = body(row, &quirks, operation, model, true);
            writeln!(out, "  and {}", difference(&streamed, &whole)).unwrap();
        }
    }
    out
}

/// The members of `own` that `other` does not have with the same value.
fn difference(own: &JsonObject, other: &JsonObject) -> String {
    let own: Value = serde_json::from_slice(&own.to_bytes()).unwrap();
    let other: Value = serde_json::from_slice(&other.to_bytes()).unwrap();
    let more: Vec<String> = own
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| other.get(name) != Some(value))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    match more.as_slice() {
        [] => "nothing more".to_owned(),
        more => more.join(", "),
    }
}

/// Where the golden files are.
fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/recorded");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_provider_is_called_as_recorded() {
    let _guard = snapshots().bind_to_scope();
    for row in PROVIDERS.iter().filter(|row| !row.built_in) {
        insta::assert_snapshot!(row.id, recorded(row, None));
    }
}

#[test]
fn every_family_of_models_that_is_called_otherwise_is_called_as_recorded() {
    let mut settings = snapshots();
    settings.set_snapshot_path("snapshots/recorded/families");
    let _guard = settings.bind_to_scope();
    for row in PROVIDERS.iter().filter(|row| !row.families.is_empty()) {
        let mut out = String::new();
        for family in row.families {
            let model = match family.strip {
                true => "some-model".to_owned(),
                false => format!("{}x", family.start),
            };
            let calls = recorded(family.row, Some(&model));
            writeln!(out, "=== {}\n{calls}", family.start).unwrap();
        }
        insta::assert_snapshot!(row.id, out);
    }
}
