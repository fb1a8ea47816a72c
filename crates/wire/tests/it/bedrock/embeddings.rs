//! Vectors of Titan and Cohere.

use super::*;

fn decode(body: &Value) -> Result<EmbeddingRequest, TranslateError> {
    let head = RequestHead {
        operation: Operation::Embeddings,
        ..HEAD
    };
    dialect().decode_embedding_request(&head, &object(body.to_string()))
}

fn encode(request: &EmbeddingRequest, model: &str) -> Result<Value, TranslateError> {
    let target = Target {
        operation: Operation::Embeddings,
        ..target(model)
    };
    dialect()
        .encode_embedding_request(request, &target)
        .map(|encoded| serde_json::from_slice(&encoded.body).unwrap())
}

fn texts(texts: &[&str]) -> EmbeddingRequest {
    EmbeddingRequest {
        input: texts
            .iter()
            .map(|text| EmbeddingInput::Text((*text).to_owned()))
            .collect(),
        ..EmbeddingRequest::default()
    }
}

#[test]
fn requests_are_read() {
    let titan = decode(&json!({"inputText": "tide", "dimensions": 256})).unwrap();
    assert_eq!(
        titan,
        EmbeddingRequest {
            model: "group".to_owned(),
            dimensions: Some(256),
            ..texts(&["tide"])
        }
    );
    let cohere = decode(&json!({
        "texts": ["a", "b"], "input_type": "search_query", "truncate": "END", "images": []
    }))
    .unwrap();
    assert_eq!(
        cohere,
        EmbeddingRequest {
            model: "group".to_owned(),
            task_type: Some("RETRIEVAL_QUERY".to_owned()),
            unmapped: vec!["images".to_owned(), "truncate".to_owned()],
            ..texts(&["a", "b"])
        }
    );
    for body in [json!({}), json!({"inputText": 5}), json!({"texts": "a"})] {
        assert!(decode(&body).is_err(), "{body}");
    }
}

#[test]
fn requests_are_written_for_the_model() {
    let one = EmbeddingRequest {
        dimensions: Some(256),
        extra: vec![("normalize".to_owned(), raw(&json!(false)))],
        ..texts(&["tide"])
    };
    assert_eq!(
        encode(&one, "amazon.titan-embed-text-v2:0").unwrap(),
        json!({"inputText": "tide", "dimensions": 256, "normalize": false})
    );
    assert_eq!(
        encode(&texts(&["tide"]), "amazon.titan-embed-text-v1").unwrap(),
        json!({"inputText": "tide"})
    );
    let two = EmbeddingRequest {
        task_type: Some("CLUSTERING".to_owned()),
        dimensions: Some(512),
        ..texts(&["a", "b"])
    };
    assert_eq!(
        encode(&two, "eu.cohere.embed-v4:0").unwrap(),
        json!({"texts": ["a", "b"], "input_type": "clustering", "output_dimension": 512})
    );
    let own = EmbeddingRequest {
        extra: vec![("input_type".to_owned(), raw(&json!("classification")))],
        ..texts(&["a"])
    };
    assert_eq!(
        encode(&own, "cohere.embed-english-v3").unwrap(),
        json!({"texts": ["a"], "input_type": "classification"})
    );
}

#[test]
fn what_a_model_cannot_is_refused() {
    let many = encode(&texts(&["a", "b"]), "amazon.titan-embed-text-v2:0");
    assert!(matches!(many, Err(TranslateError::Invalid { .. })));
    let tokens = EmbeddingRequest {
        input: vec![EmbeddingInput::Tokens(vec![1])],
        ..EmbeddingRequest::default()
    };
    let tokens = encode(&tokens, "cohere.embed-english-v3");
    assert!(matches!(tokens, Err(TranslateError::Invalid { .. })));
    let unknown = encode(&texts(&["a"]), "twelvelabs.marengo-embed-2-7-v1:0");
    assert!(matches!(unknown, Err(TranslateError::Unsupported(_))));
}

#[test]
fn vectors_are_read() {
    let read = |name: &str| {
        dialect()
            .decode_embedding_response(&fixture("embeddings", name))
            .unwrap()
    };
    let titan = read("response-titan");
    assert_eq!(titan.vectors, [[0.0123, -0.5, 0.25]]);
    assert_eq!(titan.usage.unwrap().input_tokens, 7);
    let cohere = read("response-cohere");
    assert_eq!(cohere.vectors, [[0.0123, -0.5, 0.25], [1.0, 0.0, -1e-5]]);
    assert_eq!(cohere.usage, None);
    assert_eq!(read("response-by_type").vectors, [[0.5, -0.5]]);
    for body in [
        "",
        "{}",
        r#"{"message":"no"}"#,
        r#"{"embeddings":{"int8":[[1]]}}"#,
    ] {
        assert!(
            dialect()
                .decode_embedding_response(body.as_bytes())
                .is_err(),
            "{body}"
        );
    }
}

#[test]
fn vectors_are_written_the_way_the_client_asked() {
    let write = |request: &EmbeddingRequest, vectors: Vec<Vec<f32>>| {
        let response = EmbeddingResponse {
            vectors,
            ..EmbeddingResponse::default()
        };
        let body = dialect()
            .encode_embedding_response(request, &response, &reply())
            .unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    assert_eq!(
        write(&texts(&["tide"]), vec![vec![0.5]]),
        json!({
            "embedding": [0.5], "inputTextTokenCount": 0, "embeddingsByType": {"float": [0.5]}
        })
    );
    let cohere = json!({"texts": ["tide"], "input_type": "search_query"});
    let cohere = decode(&cohere).unwrap();
    assert_eq!(
        write(&cohere, vec![vec![0.5]]),
        json!({
            "id": reply().id, "texts": ["tide"], "embeddings": [[0.5]],
            "response_type": "embeddings_floats"
        })
    );
}
