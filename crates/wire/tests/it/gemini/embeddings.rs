//! Embeddings.

use super::*;

#[test]
fn embedding_requests_become_batches() {
    let body = fixture("embeddings/request-batch.json");
    let request = Gemini
        .decode_embedding_request(&head(Operation::Embeddings), &object(body.clone()))
        .unwrap();
    assert_eq!(request.model, "chat");
    let encoded = Gemini
        .encode_embedding_request(&request, &target("gemini-embedding-001"))
        .unwrap();
    let actual: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(actual, serde_json::from_slice::<Value>(&body).unwrap());
    assert_eq!(encoded.losses, []);

    let single = object(fixture("embeddings/request-single.json"));
    let single = Gemini
        .decode_embedding_request(&head(Operation::EmbeddingsSingle), &single)
        .unwrap();
    assert_eq!(
        single,
        EmbeddingRequest {
            model: "chat".into(),
            input: vec![EmbeddingInput::Text("What is the meaning of life?".into())],
            dimensions: Some(3),
            task_type: Some("SEMANTIC_SIMILARITY".into()),
            ..EmbeddingRequest::default()
        }
    );
}

#[test]
fn token_ids_cannot_be_embedded() {
    let request = EmbeddingRequest {
        input: vec![EmbeddingInput::Tokens(vec![1, 2])],
        ..EmbeddingRequest::default()
    };
    let error = Gemini
        .encode_embedding_request(&request, &target("x"))
        .unwrap_err();
    assert!(matches!(error, TranslateError::Invalid { param: Some(p), .. } if p == "input"));
}

/// Vertex AI API reference, "Text embeddings API", response body.
#[test]
fn vertex_predictions_are_vectors_too() {
    let body = r#"{"predictions": [
        {"embeddings": {"values": [0.5, -1.0], "statistics": {"truncated": false, "token_count": 6}}},
        {"embeddings": {"values": [0.25], "statistics": {"token_count": 3.0}}}
    ], "metadata": {"billableCharacterCount": 4}}"#;
    let response = Gemini.decode_embedding_response(body.as_bytes()).unwrap();
    assert_eq!(response.vectors, [vec![0.5, -1.0], vec![0.25]]);
    assert_eq!(response.usage.unwrap().input_tokens, 9);
    assert!(
        Gemini
            .decode_embedding_response(br#"{"predictions": [{"scores": [1]}]}"#)
            .is_err()
    );
}

#[test]
fn vectors_survive_encoding_and_decoding() {
    for (name, operation) in [
        ("embeddings/response-batch.json", Operation::Embeddings),
        (
            "embeddings/response-single.json",
            Operation::EmbeddingsSingle,
        ),
    ] {
        let body = fixture(name);
        let response = Gemini.decode_embedding_response(&body).unwrap();
        let request = EmbeddingRequest::default();
        let encoded = Gemini
            .encode_embedding_response(&request, &response, &reply(operation))
            .unwrap();
        assert_eq!(
            Gemini.decode_embedding_response(&encoded).unwrap(),
            response
        );
        let members = |body: &[u8]| -> Vec<String> {
            let value: Value = serde_json::from_slice(body).unwrap();
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(members(&encoded), members(&body), "{name}");
    }
    assert!(Gemini.decode_embedding_response(b"{}").is_err());
}

#[test]
fn what_a_batch_cannot_say_is_reported() {
    let body = json!({"requests": [
        {"model": "models/x", "content": {"parts": [{"text": "a"}, {"text": "b"}]},
         "auto_truncate": true},
        {"content": "c", "autoTruncate": true},
    ]});
    let request = Gemini
        .decode_embedding_request(&head(Operation::Embeddings), &object(body.to_string()))
        .unwrap();
    assert_eq!(
        request.input,
        ["a\nb", "c"].map(|text| EmbeddingInput::Text(text.to_owned()))
    );
    let request = EmbeddingRequest {
        extra: vec![
            ("task_type".to_owned(), raw(&json!("CLUSTERING"))),
            ("model".to_owned(), raw(&json!("other"))),
        ],
        user: Some("u".to_owned()),
        ..request
    };
    let encoded = Gemini
        .encode_embedding_request(&request, &target("x"))
        .unwrap();
    let actual: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(
        actual["requests"][1],
        json!({"model": "models/x", "content": {"parts": [{"text": "c"}]}, "taskType": "CLUSTERING"})
    );
    assert_eq!(
        encoded.losses,
        [Loss::hint("autoTruncate"), Loss::hint("user")]
    );
}
