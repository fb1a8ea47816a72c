//! Embedding requests and vectors.

use lockgate_wire::canonical::{
    EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat, Loss, RawJson, Usage,
};
use lockgate_wire::dialect::TranslateError;
use serde_json::{Value, json};

use super::{dialect, fixture, fixtures, head, object, parsed, reply, target};

fn decode(body: &[u8]) -> EmbeddingRequest {
    dialect()
        .decode_embedding_request(&head(), &object(body))
        .unwrap()
}

fn encode(request: &EmbeddingRequest) -> (Value, Vec<Loss>) {
    let written = dialect()
        .encode_embedding_request(request, &target(&request.model, false))
        .unwrap();
    (parsed(&written.body), written.losses)
}

fn vectors(name: &str) -> EmbeddingResponse {
    let body = fixture("embeddings", &format!("response-{name}.json"));
    dialect().decode_embedding_response(&body).unwrap()
}

#[test]
fn embedding_requests_come_back_as_they_went() {
    for (name, body) in fixtures("embeddings") {
        if !name.starts_with("request-") || name == "request-bounded" {
            continue;
        }
        let (written, losses) = encode(&decode(&body));
        assert_eq!((written, losses), (parsed(&body), vec![]), "{name}");
    }
}

#[test]
fn what_has_no_canonical_form_is_named() {
    let request = decode(&fixture("embeddings", "request-bounded.json"));
    let lost = [
        "truncate",
        "max_tokens",
        "priority",
        "embedding_types.int8",
        "embedding_types.base64",
    ];
    assert_eq!(request.unmapped, lost);
    let (body, losses) = encode(&request);
    assert_eq!(body["embedding_types"], json!(["float"]));
    assert_eq!(losses, lost.map(Loss::hint));
}

#[test]
fn a_purpose_is_always_said() {
    let purpose = |task_type: Option<&str>| {
        let request = EmbeddingRequest {
            input: vec![EmbeddingInput::Text("a".to_owned())],
            task_type: task_type.map(str::to_owned),
            title: Some("T".to_owned()),
            user: Some("u".to_owned()),
            ..EmbeddingRequest::default()
        };
        let (body, losses) = encode(&request);
        let lost: Vec<_> = losses.into_iter().map(|loss| loss.what).collect();
        (
            body["input_type"].as_str().unwrap().to_owned(),
            lost.join(" "),
        )
    };
    let own = |name: &str| (name.to_owned(), "user title".to_owned());
    assert_eq!(purpose(None), own("search_document"));
    assert_eq!(purpose(Some("RETRIEVAL_QUERY")), own("search_query"));
    assert_eq!(purpose(Some("SEMANTIC_SIMILARITY")), own("clustering"));
    let unknown = (
        "search_document".to_owned(),
        "user title task_type".to_owned(),
    );
    assert_eq!(purpose(Some("NOVELTY")), unknown);
}

#[test]
fn a_client_of_another_api_may_use_this_ones_words() {
    let raw = |text: &str| RawJson::parse(text).unwrap();
    let request = EmbeddingRequest {
        input: vec![EmbeddingInput::Text("a".to_owned())],
        extra: vec![
            ("input_type".to_owned(), raw("\"classification\"")),
            ("embedding_types".to_owned(), raw("[\"int8\"]")),
            ("truncate".to_owned(), raw("\"END\"")),
        ],
        ..EmbeddingRequest::default()
    };
    let (body, _) = encode(&request);
    let expected = json!({
        "model": "", "texts": ["a"], "input_type": "classification",
        "embedding_types": ["int8"], "truncate": "END",
    });
    assert_eq!(body, expected);
}

#[test]
fn token_ids_are_refused() {
    let request = EmbeddingRequest {
        input: vec![EmbeddingInput::Tokens(vec![1])],
        ..EmbeddingRequest::default()
    };
    let refused = dialect().encode_embedding_request(&request, &target("m", false));
    assert!(matches!(refused, Err(TranslateError::Unsupported(_))));
}

#[test]
fn a_wrong_field_is_named() {
    let cases = [
        (json!({"texts": ["a"], "input_type": "image"}), "model"),
        (json!({"model": "m", "texts": ["a"]}), "input_type"),
        (json!({"model": "m", "input_type": "image"}), "texts"),
        (
            json!({"model": "m", "input_type": "image", "texts": "a"}),
            "texts",
        ),
        (
            json!({"model": "m", "input_type": "image", "inputs": [{"content": [{"type": "text"}]}]}),
            "inputs[0].content[0].text",
        ),
    ];
    for (body, expected) in cases {
        let body_object = object(body.to_string().as_bytes());
        match dialect().decode_embedding_request(&head(), &body_object) {
            Err(TranslateError::Invalid { param, .. }) => {
                assert_eq!(param.as_deref(), Some(expected), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn vectors_are_read_and_written_in_every_type() {
    let float = vectors("float");
    assert_eq!(float.vectors, [[0.0123, -0.5, 1.0], [0.25, 0.125, -2.0]]);
    assert_eq!(float.usage.unwrap().input_tokens, 12);
    assert_eq!(vectors("base64"), float);
    assert_eq!(vectors("v1").vectors, float.vectors);
    let int8 = vectors("int8");
    assert_eq!(int8.vectors, [[3.0, -127.0], [64.0, 0.0]]);
    assert_eq!(int8.usage.unwrap().input_tokens, 642);

    let mut request = EmbeddingRequest {
        input: ["a", "b"]
            .map(|t| EmbeddingInput::Text(t.to_owned()))
            .to_vec(),
        ..EmbeddingRequest::default()
    };
    for (name, encoding) in [
        ("float", EncodingFormat::Float),
        ("base64", EncodingFormat::Base64),
    ] {
        request.encoding = encoding;
        let out = dialect().encode_embedding_response(&request, &float, &reply());
        let mut written = parsed(&out.unwrap());
        written["id"] = json!("da6e531f-54c5-4a73-bf92-f60566d8d753");
        let body = fixture("embeddings", &format!("response-{name}.json"));
        if name == "float" {
            // A float of 32 bits says no more than it holds.
            let read = dialect().decode_embedding_response(&serde_json::to_vec(&written).unwrap());
            assert_eq!(read.unwrap(), float);
            written["embeddings"] = parsed(&body)["embeddings"].clone();
        }
        assert_eq!(written, parsed(&body), "{name}");
    }
}

#[test]
fn vectors_without_counts_are_complete() {
    let out = dialect()
        .encode_embedding_response(
            &EmbeddingRequest {
                input: vec![EmbeddingInput::Tokens(vec![1])],
                ..EmbeddingRequest::default()
            },
            &EmbeddingResponse {
                vectors: vec![vec![0.5]],
                usage: Some(Usage::default()),
                ..EmbeddingResponse::default()
            },
            &reply(),
        )
        .unwrap();
    let body = parsed(&out);
    assert_eq!(body["meta"]["billed_units"], json!({"input_tokens": 0}));
    assert_eq!(body.get("texts"), None);
}

#[test]
fn vectors_that_are_none_are_refused() {
    for body in [
        "{}",
        "[]",
        r#"{"message":"too many texts"}"#,
        r#"{"embeddings":{}}"#,
        r#"{"embeddings":{"base64":["AAA="]}}"#,
        r#"{"embeddings":{"float":"x"}}"#,
    ] {
        let read = dialect().decode_embedding_response(body.as_bytes());
        assert!(read.is_err(), "{body}");
    }
}
