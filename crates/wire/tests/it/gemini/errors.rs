//! Errors.

use super::*;

#[test]
fn errors_in_canonical_form() {
    let errors: Vec<String> = fixtures("errors")
        .into_iter()
        .map(|(name, body)| {
            let status = name[..3].parse().unwrap();
            format!("{name}: {:?}", Gemini.decode_error(status, &body))
        })
        .collect();
    insta::assert_debug_snapshot!("gemini_errors", errors);
}

#[test]
fn errors_in_any_form_are_read() {
    for (status, body, kind, message) in [
        (
            502,
            "<html><body>Bad Gateway</body></html>",
            ErrorKind::BadGateway,
            "The upstream answered with status 502.",
        ),
        (
            500,
            "",
            ErrorKind::Internal,
            "The upstream answered with status 500.",
        ),
        (429, "slow down", ErrorKind::RateLimited, "slow down"),
        (
            404,
            r#"{"error":"no such model"}"#,
            ErrorKind::NotFound,
            "no such model",
        ),
        (422, r#"{"detail":"bad"}"#, ErrorKind::Unprocessable, "bad"),
        (
            401,
            r#"{"message":"who?"}"#,
            ErrorKind::Authentication,
            "who?",
        ),
        (
            400,
            r#"{"error":{"message":"The prompt was blocked: PROHIBITED_CONTENT"}}"#,
            ErrorKind::ContentPolicy,
            "The prompt was blocked: PROHIBITED_CONTENT",
        ),
    ] {
        let error = Gemini.decode_error(status, body.as_bytes());
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
        assert_eq!(error.status, status, "{body}");
    }
}

#[test]
fn errors_are_written_as_google_writes_them() {
    let error = ApiError::new(ErrorKind::InvalidRequest, "Too hot.").with_param("temperature");
    let body: Value = serde_json::from_slice(&Gemini.encode_error(&error)).unwrap();
    assert_eq!(
        body,
        json!({"error": {"code": 400, "message": "Too hot.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "temperature", "description": "Too hot."}]}]}})
    );
    for (_, body) in fixtures("errors") {
        let error = Gemini.decode_error(418, &body);
        let again = Gemini.decode_error(error.status, &Gemini.encode_error(&error));
        assert_eq!(
            (again.kind, again.status, again.message, again.param),
            (error.kind, error.status, error.message, error.param)
        );
    }
}
