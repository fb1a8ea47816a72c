//! Errors, read and written.

use lockgate_wire::canonical::{ApiError, ErrorKind};
use serde_json::json;

use super::{dialect, fixtures, parsed};

#[test]
fn errors_are_read_whatever_they_look_like() {
    let mut seen = String::new();
    let mut read = |name: &str, status: u16, body: &[u8]| {
        let error = dialect().decode_error(status, body);
        seen.push_str(&format!("{name}: {error:#?}\n"));
    };
    for (name, body) in fixtures("errors") {
        read(&name, name[..3].parse().unwrap(), &body);
    }
    let page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body></html>";
    read("html", 502, page);
    read("empty", 504, b"");
    read("plain", 529, b"upstream connect error\n");
    insta::assert_snapshot!(seen);
}

#[test]
fn errors_are_written_with_the_type_of_their_status() {
    let written = |status: u16, kind: Option<&str>| {
        let error = ApiError {
            status,
            error_type: kind.map(str::to_owned),
            ..ApiError::new(ErrorKind::Internal, "why").with_param("p")
        };
        parsed(&dialect().encode_error(&error))
    };
    assert_eq!(
        written(429, None),
        json!({"error": {"message": "why", "type": "throttling_error", "param": "p", "code": "429"}})
    );
    let cases = [
        (400, None, "invalid_request_error"),
        (400, Some("invalid_prompt"), "invalid_prompt"),
        (401, Some("invalid_request_error"), "authentication_error"),
        (401, Some("auth_error"), "auth_error"),
        (403, None, "permission_error"),
        (404, Some("tokens"), "invalid_request_error"),
        (408, None, "invalid_request_error"),
        (422, Some("validation"), "validation"),
        (500, Some("server_error"), "internal_server_error"),
        (503, None, "internal_server_error"),
    ];
    for (status, kind, expected) in cases {
        assert_eq!(
            written(status, kind)["error"]["type"],
            expected,
            "{status} {kind:?}"
        );
    }
}
