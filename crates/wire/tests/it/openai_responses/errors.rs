//! Error answers.

use lockgate_wire::canonical::{ApiError, ErrorKind};
use serde_json::json;

use super::{dialect, fixtures, parsed};

#[test]
fn errors_are_what_they_say() {
    let kinds = [
        ("400-context", ErrorKind::ContextWindow),
        ("400-encrypted", ErrorKind::InvalidRequest),
        ("400-param", ErrorKind::InvalidRequest),
        ("400-policy", ErrorKind::ContentPolicy),
        ("400-vllm", ErrorKind::ContextWindow),
        ("401-key", ErrorKind::Authentication),
        ("404-model", ErrorKind::NotFound),
        ("404-response", ErrorKind::NotFound),
        ("429-rate", ErrorKind::RateLimited),
        ("500-server", ErrorKind::Internal),
        ("502-html", ErrorKind::BadGateway),
        ("503-empty", ErrorKind::Unavailable),
    ];
    let read: Vec<(String, ErrorKind)> = fixtures("errors")
        .into_iter()
        .map(|(name, body)| {
            let status = name.split('-').next().unwrap().parse().unwrap();
            let error = dialect().decode_error(status, &body);
            (name, error.kind)
        })
        .collect();
    let expected: Vec<(String, ErrorKind)> = kinds
        .into_iter()
        .map(|(name, kind)| (name.to_owned(), kind))
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn an_error_has_openais_shape() {
    let error = ApiError::new(ErrorKind::InvalidRequest, "No input.").with_param("input");
    assert_eq!(
        parsed(&dialect().encode_error(&error)),
        json!({"error": {
            "message": "No input.",
            "type": "invalid_request_error",
            "param": "input",
            "code": "400",
        }})
    );
}
