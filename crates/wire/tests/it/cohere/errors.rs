//! Errors, read and written.

use lockgate_wire::canonical::{ApiError, ErrorKind};

use super::{dialect, fixtures};

#[test]
fn errors_of_every_kind() {
    let mut read = String::new();
    for (name, body) in fixtures("errors") {
        let (status, name) = name.split_once('-').unwrap();
        let ApiError {
            kind,
            status: told,
            message,
            ..
        } = dialect().decode_error(status.parse().unwrap(), &body);
        read.push_str(&format!("{status} {name}\n  {kind:?} {told} {message:?}\n"));
    }
    insta::assert_snapshot!(read);
}

#[test]
fn an_error_is_its_sentence() {
    let error = ApiError::new(ErrorKind::RateLimited, "Slow \"down\".");
    let body = dialect().encode_error(&error);
    assert_eq!(body, &br#"{"message":"Slow \"down\"."}"#[..]);
    let again = dialect().decode_error(error.status, &body);
    assert_eq!(again, error);
}
