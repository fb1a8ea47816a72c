//! Errors, embeddings and what clients ask about models.

use lockgate_wire::canonical::{
    ApiError, EmbeddingInput, EmbeddingRequest, ErrorKind, LossKind, RawJson,
};
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::dialects::ollama::{is_load_request, listing, load_reply};
use lockgate_wire::operation::Operation;
use serde_json::json;

use super::{fixture, fixtures, head, losses, object, ollama, parse, reply, snapshot, target};

#[test]
fn errors_are_understood() {
    let kinds: Vec<String> = fixtures("errors")
        .into_iter()
        .map(|(name, body)| {
            let status = name[..3].parse().unwrap();
            let error = ollama().decode_error(status, &body);
            format!(
                "{name}: {:?} {} {}",
                error.kind, error.status, error.message
            )
        })
        .collect();
    snapshot("errors", json!(kinds).to_string().as_bytes());
}

#[test]
fn errors_of_other_servers_are_understood() {
    let cases = [
        (
            502,
            "<html><h1>Bad Gateway</h1></html>",
            ErrorKind::BadGateway,
            "the upstream answered",
        ),
        (
            404,
            "404 page not found",
            ErrorKind::NotFound,
            "404 page not found",
        ),
        (500, "", ErrorKind::Internal, "the upstream answered"),
        (
            422,
            r#"{"detail":[{"msg":"x"}]}"#,
            ErrorKind::Unprocessable,
            "the upstream answered",
        ),
        (403, r#"{"detail":"no"}"#, ErrorKind::PermissionDenied, "no"),
        (
            400,
            r#"{"message":"bad"}"#,
            ErrorKind::InvalidRequest,
            "bad",
        ),
        (
            400,
            r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
            ErrorKind::ContextWindow,
            "x",
        ),
        (
            400,
            r#"{"error":{"message":"x","code":"content_filter"}}"#,
            ErrorKind::ContentPolicy,
            "x",
        ),
        (200, r#"{"error":"x"}"#, ErrorKind::Internal, "x"),
    ];
    for (status, body, kind, message) in cases {
        let error = ollama().decode_error(status, body.as_bytes());
        assert_eq!(error.kind, kind, "{body}");
        assert!(
            error.message.starts_with(message),
            "{body}: {}",
            error.message
        );
        assert!(error.status >= 400);
    }
    let error = ApiError::new(ErrorKind::NotFound, "model 'x' not found");
    assert_eq!(
        &ollama().encode_error(&error)[..],
        br#"{"error":"model 'x' not found"}"#
    );
}

#[test]
fn embeddings_are_translated() {
    let request = |path: &str, operation| {
        ollama()
            .decode_embedding_request(&head(operation), &object(fixture(path)))
            .unwrap()
    };
    let single = request(
        "embeddings/request-single.json",
        Operation::EmbeddingsSingle,
    );
    let text = request("embeddings/request-text.json", Operation::Embeddings);
    assert_eq!(single, text);
    let mut batch = request("embeddings/request-batch.json", Operation::Embeddings);
    batch.user = Some("u".to_owned());
    batch.task_type = Some("RETRIEVAL_QUERY".to_owned());
    batch.extra = vec![
        ("num_ctx".to_owned(), RawJson::parse("512").unwrap()),
        ("truncate".to_owned(), RawJson::parse("false").unwrap()),
    ];
    let encoded = ollama()
        .encode_embedding_request(&batch, &target("m", false))
        .unwrap();
    assert_eq!(
        std::str::from_utf8(&encoded.body).unwrap(),
        r#"{"model":"m","input":["Why is the sky blue?","Why is the grass green?"],"dimensions":4,"truncate":false,"options":{"num_ctx":512}}"#
    );
    assert_eq!(
        losses(&encoded),
        [(LossKind::Hint, "user"), (LossKind::Hint, "task_type")]
    );
    batch.input = vec![EmbeddingInput::Tokens(vec![1])];
    let refused = ollama().encode_embedding_request(&batch, &target("m", false));
    assert!(matches!(refused, Err(TranslateError::Unsupported(_))));
}

#[test]
fn vectors_are_translated() {
    let batch = ollama()
        .decode_embedding_response(&fixture("embeddings/response-batch.json"))
        .unwrap();
    assert_eq!(
        (batch.vectors.len(), batch.usage.unwrap().input_tokens),
        (2, 14)
    );
    let request = EmbeddingRequest::default();
    let encode = |operation| {
        let body = ollama()
            .encode_embedding_response(&request, &batch, &reply(operation))
            .unwrap();
        ollama().decode_embedding_response(&body).unwrap()
    };
    assert_eq!(encode(Operation::Embeddings).vectors, batch.vectors);
    assert_eq!(
        encode(Operation::EmbeddingsSingle).vectors,
        batch.vectors[..1]
    );
    let single = ollama()
        .decode_embedding_response(&fixture("embeddings/response-single.json"))
        .unwrap();
    assert_eq!((single.vectors.len(), single.usage), (1, None));
    assert!(ollama().decode_embedding_response(b"{}").is_err());
}

#[test]
fn requests_without_input_load_or_unload() {
    let cases = [
        (
            Operation::Chat,
            r#"{"model":"m","messages":[]}"#,
            Some("load"),
        ),
        (
            Operation::Chat,
            r#"{"model":"m","messages":[ ],"keep_alive":0}"#,
            Some("unload"),
        ),
        (
            Operation::Chat,
            r#"{"model":"m","keep_alive":"0s"}"#,
            Some("unload"),
        ),
        (
            Operation::Chat,
            r#"{"model":"m","keep_alive":"1h0.5m"}"#,
            Some("load"),
        ),
        (
            Operation::Chat,
            r#"{"model":"m","messages":null,"keep_alive":-1}"#,
            Some("load"),
        ),
        (
            Operation::Chat,
            r#"{"model":"m","messages":[{"role":"user","content":""}]}"#,
            None,
        ),
        (Operation::Generate, r#"{"model":"m"}"#, Some("load")),
        (
            Operation::Generate,
            r#"{"model":"m","prompt":"","keep_alive":"500ms"}"#,
            Some("unload"),
        ),
        (
            Operation::Generate,
            r#"{"model":"m","prompt":"Hi","keep_alive":0}"#,
            None,
        ),
    ];
    for (operation, body, expected) in cases {
        let body = object(body);
        assert_eq!(is_load_request(operation, &body), expected.is_some());
        if let Some(expected) = expected {
            let answer = parse(&load_reply(&body, &reply(operation)));
            assert_eq!(answer["done_reason"], expected);
            assert_eq!(answer["done"], true);
            assert_eq!(answer["message"].is_object(), operation == Operation::Chat);
            assert_eq!(
                answer["response"].is_string(),
                operation == Operation::Generate
            );
        }
    }
}

#[test]
fn nothing_to_embed_gives_no_vectors() {
    let nothing = object(r#"{"model":"m","input":[]}"#);
    assert!(is_load_request(Operation::Embeddings, &nothing));
    let answer = parse(&load_reply(&nothing, &reply(Operation::Embeddings)));
    assert_eq!(answer, json!({"model": "public", "embeddings": []}));
}

#[test]
fn models_are_listed() {
    let models = [
        listing::ListedModel {
            name: "gpt-5",
            family: "openai",
            modified: 1_773_324_823,
            context_length: Some(400_000),
            embedding_length: None,
            capabilities: &[
                listing::Capability::Completion,
                listing::Capability::Tools,
                listing::Capability::Vision,
                listing::Capability::Thinking,
            ],
        },
        listing::ListedModel {
            name: "embed:small",
            family: "bert",
            modified: 0,
            context_length: None,
            embedding_length: Some(384),
            capabilities: &[listing::Capability::Embedding],
        },
    ];
    snapshot("tags", &listing::tags(&models));
    snapshot("ps", &listing::ps(&models, 1_773_324_823));
    snapshot("show", &listing::show(&models[0]));
    assert_eq!(&listing::version("0.13.0")[..], br#"{"version":"0.13.0"}"#);
}
