//! Errors.

use lockgate_wire::dialects::bedrock::exception;

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
fn a_written_error_is_read_as_what_it_was() {
    use ErrorKind::{
        Authentication, BadGateway, ContentPolicy, ContextWindow, Internal, InvalidRequest,
        NotFound, Overloaded, PermissionDenied, RateLimited, RequestTooLarge, Timeout, Unavailable,
        Unprocessable,
    };
    for (kind, again) in [
        (InvalidRequest, InvalidRequest),
        (Unprocessable, InvalidRequest),
        (RequestTooLarge, InvalidRequest),
        (ContextWindow, ContextWindow),
        (ContentPolicy, InvalidRequest),
        (Authentication, Authentication),
        (PermissionDenied, PermissionDenied),
        (NotFound, NotFound),
        (RateLimited, RateLimited),
        (Timeout, Timeout),
        (Overloaded, Unavailable),
        (Unavailable, Unavailable),
        (BadGateway, BadGateway),
        (Internal, Internal),
    ] {
        let error = ApiError::new(kind, "Nothing goes.");
        let body = dialect().encode_error(&error);
        let read = dialect().decode_error(error.status, &body);
        assert_eq!(read.kind, again, "{kind:?}");
        assert_eq!(read.error_type.as_deref(), Some(exception(&error)));
    }
}

#[test]
fn the_header_names_an_error_whose_body_does_not() {
    use ErrorKind::{Authentication, InvalidRequest, RateLimited, Unavailable};
    let body = br#"{"message":"Not now."}"#;
    for (header, kind) in [
        ("ThrottlingException", RateLimited),
        (
            "ThrottlingException:http://internal.amazon.com/coral/",
            RateLimited,
        ),
        (
            "com.amazon.coral.service#ExpiredTokenException",
            Authentication,
        ),
        ("ModelNotReadyException", Unavailable),
        // A name nobody knows says no more than the status.
        ("SomethingNewException", InvalidRequest),
    ] {
        let error = dialect().decode_named_error(400, header, body);
        assert_eq!(error.kind, kind, "{header}");
        assert_eq!(error.message, "Not now.");
    }
    assert_eq!(dialect().decode_error(400, body).kind, InvalidRequest);
    assert_eq!(dialect().error_header(), Some("x-amzn-errortype"));
}
