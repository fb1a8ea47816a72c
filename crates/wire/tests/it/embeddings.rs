//! Embeddings of providers with a format that is no dialect's.

use std::fmt::Write as _;

use lockgate_wire::DialectId;
use lockgate_wire::Operation;
use lockgate_wire::canonical::EmbeddingRequest;
use lockgate_wire::dialect::RequestHead;
use lockgate_wire::embeddings::EmbeddingFormat;
use serde_json::{Value, json};

use crate::own::{NO_ANSWERS, object, show};

fn decode(body: &Value) -> EmbeddingRequest {
    let head = RequestHead {
        operation: Operation::Embeddings,
        model: None,
        stream: None,
    };
    let dialect = DialectId::OpenAiChat.dialect();
    dialect
        .decode_embedding_request(&head, &object(body))
        .unwrap()
}

#[test]
fn requests() {
    let cases = [
        ("one text", json!({"model": "group", "input": "a"})),
        (
            "all",
            json!({
                "model": "group", "input": ["a", "b"], "dimensions": 64, "encoding_format": "base64",
                "user": "u1",
            }),
        ),
        (
            "own parameters",
            json!({
                "model": "group", "input": ["a"], "normalize": false, "truncate": false,
                "truncate_input_tokens": 512, "project_id": "p",
            }),
        ),
        ("tokens", json!({"model": "group", "input": [1, 2]})),
    ];
    for format in EmbeddingFormat::ALL {
        let mut out = String::new();
        for (name, body) in &cases {
            let written = format.encode_request(&decode(body), "the-model");
            write!(out, "{}", show(name, written)).unwrap();
        }
        insta::assert_snapshot!(format!("embeddings_{}", format.as_str()), out);
    }
}

#[test]
fn every_providers_vectors_are_the_same() {
    for (format, body, tokens) in [
        (
            EmbeddingFormat::Tei,
            json!([[0.5, -1.0], [0.25, 2.0]]),
            None,
        ),
        (
            EmbeddingFormat::Tei,
            json!({"embedding": [[0.5, -1.0], [0.25, 2.0]]}),
            None,
        ),
        (
            EmbeddingFormat::Triton,
            json!({
                "model_name": "m", "model_version": "1",
                "outputs": [{"name": "embeddings", "datatype": "FP32", "shape": [2, 2], "data": [0.5, -1.0, 0.25, 2.0]}],
            }),
            None,
        ),
        (
            EmbeddingFormat::Watsonx,
            json!({
                "model_id": "m", "created_at": "2024-01-01T00:00:00Z", "input_token_count": 9,
                "results": [{"embedding": [0.5, -1.0]}, {"embedding": [0.25, 2.0]}],
            }),
            Some(9),
        ),
    ] {
        let response = format.decode_response(body.to_string().as_bytes()).unwrap();
        assert_eq!(response.vectors, [[0.5, -1.0], [0.25, 2.0]], "{body}");
        let counted = response.usage.map(|usage| usage.input_tokens);
        assert_eq!(counted, tokens, "{body}");
    }
    let single = EmbeddingFormat::Tei
        .decode_response(b"[0.5, -1.0]")
        .unwrap();
    assert_eq!(single.vectors, [[0.5, -1.0]]);
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for format in EmbeddingFormat::ALL {
        let shapes = [
            r#"{"outputs":[]}"#,
            r#"{"outputs":[{"shape":[4],"data":[1,2,3,4]}]}"#,
            r#"{"outputs":[{"shape":[2,3],"data":[1,2,3,4]}]}"#,
            r#"{"outputs":[{"shape":[18446744073709551615,2],"data":[1]}]}"#,
            // A vector for each token: the model does not pool.
            "[[[1,2],[3,4]]]",
        ];
        for body in NO_ANSWERS.into_iter().chain(shapes) {
            assert!(
                format.decode_response(body.as_bytes()).is_err(),
                "{format:?} {body}"
            );
        }
    }
}
