//! Error bodies.

use super::*;

#[test]
fn errors_of_every_kind() {
    let mut read = Vec::new();
    for (name, bytes) in fixtures("errors") {
        let (status, name) = name.split_once('-').unwrap();
        let error = dialect().decode_error(status.parse().unwrap(), &bytes);
        let body = dialect().encode_error(&error);
        read.push(format!(
            "{status} {name}\n  {:?} {} {:?} {:?}\n  {}",
            error.kind,
            error.status,
            error.error_type,
            error.message,
            String::from_utf8(body.to_vec()).unwrap()
        ));
    }
    insta::assert_snapshot!(read.join("\n"));
}

#[test]
fn agents_recognise_a_full_context_window() {
    let error = ApiError::new(
        ErrorKind::ContextWindow,
        "This model's maximum context length is 128000 tokens.",
    );
    let body: Value = serde_json::from_slice(&dialect().encode_error(&error)).unwrap();
    assert_eq!(
        body,
        json!({
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: This model's maximum context length is 128000 tokens.",
            },
            "request_id": null,
        })
    );
}

#[test]
fn there_are_no_embeddings() {
    assert!(matches!(
        dialect().decode_embedding_response(b"{}"),
        Err(TranslateError::Unsupported(_))
    ));
}
