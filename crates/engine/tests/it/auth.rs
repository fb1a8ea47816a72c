//! Every place a key is read from, and which comes first.

use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::Secret;
use lockgate_core::config::Config;
use lockgate_core::error::{Fault, GatewayError};
use lockgate_engine::auth::Keys;
use lockgate_engine::governance::{Governance, Identity};
use lockgate_engine::snapshot::Snapshot;

const KEY: &str = "sk-right";

fn authenticate(
    own_header: Option<&str>,
    headers: &[(&str, &str)],
    query: Option<&str>,
) -> Result<Identity, GatewayError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    identity(own_header, &map, query)
}

/// Who shows these headers to a gateway without virtual keys.
fn identity(
    own_header: Option<&str>,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Identity, GatewayError> {
    let keys = Keys::new(&Secret::new(KEY), own_header);
    let (snapshot, _) = Snapshot::build(Config::default(), keys, None);
    let governance = Governance::default();
    // A key that is looked for in memory is not waited for.
    let caller = governance
        .authenticate(&snapshot, headers, query)
        .now_or_never();
    Ok(caller.unwrap()?.identity())
}

/// A 401 and its type.
fn refusal(result: Result<Identity, GatewayError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.api.status, 401);
    assert_eq!(error.source_of_fault, Fault::Client);
    assert!(
        !error.api.message.contains("sk-"),
        "a key in {}",
        error.api.message
    );
    error.api.error_type.unwrap()
}

#[test]
fn the_key_is_found_wherever_clients_put_it() {
    let places = [
        ("authorization", "Bearer sk-right"),
        ("authorization", "bearer sk-right"),
        ("authorization", "BEARER sk-right"),
        ("authorization", "Bearer   sk-right "),
        ("authorization", "Basic sk-right"),
        ("x-litellm-api-key", "sk-right"),
        ("x-litellm-api-key", "Bearer sk-right"),
        ("api-key", "sk-right"),
        ("x-api-key", "sk-right"),
        ("x-goog-api-key", "sk-right"),
        ("Ocp-Apim-Subscription-Key", "sk-right"),
    ];
    for place in places {
        let identity = authenticate(None, &[place], None);
        assert_eq!(identity, Ok(Identity::Master), "{place:?}");
    }
    assert_eq!(
        authenticate(None, &[], Some("sk-right")),
        Ok(Identity::Master)
    );
}

#[test]
fn the_operator_s_own_header_is_read_however_it_is_written() {
    for value in ["sk-right", "Bearer sk-right"] {
        let identity = authenticate(Some("X-My-Key"), &[("x-my-key", value)], None);
        assert_eq!(identity, Ok(Identity::Master));
    }
    assert_eq!(
        refusal(authenticate(None, &[("x-my-key", "sk-right")], None)),
        "auth_error"
    );
}

#[test]
fn the_first_place_that_holds_something_decides() {
    let order = [
        ("x-my-key", "sk-right", "sk-wrong"),
        ("x-litellm-api-key", "sk-right", "sk-wrong"),
        ("authorization", "Bearer sk-right", "Bearer sk-wrong"),
        ("api-key", "sk-right", "sk-wrong"),
        ("x-api-key", "sk-right", "sk-wrong"),
        ("x-goog-api-key", "sk-right", "sk-wrong"),
        ("ocp-apim-subscription-key", "sk-right", "sk-wrong"),
    ];
    for (place, &(first, right, wrong)) in order.iter().enumerate() {
        for &(later, later_right, later_wrong) in &order[place + 1..] {
            let good = authenticate(
                Some("x-my-key"),
                &[(later, later_wrong), (first, right)],
                Some("sk-wrong"),
            );
            assert_eq!(good, Ok(Identity::Master), "{first} before {later}");
            let bad = authenticate(
                Some("x-my-key"),
                &[(later, later_right), (first, wrong)],
                Some(KEY),
            );
            assert_eq!(refusal(bad), "token_not_found_in_db", "{first} {later}");
        }
    }
}

#[test]
fn a_header_comes_before_the_query() {
    let result = authenticate(None, &[("x-goog-api-key", "sk-wrong")], Some("sk-right"));
    assert_eq!(refusal(result), "token_not_found_in_db");
}

#[test]
fn no_key_is_refused() {
    let nothing: [&[(&str, &str)]; 4] = [
        &[],
        &[("cookie", "sk-right")],
        &[("x-api-key", "")],
        &[("x-litellm-api-key", "Bearer ")],
    ];
    for headers in nothing {
        assert_eq!(refusal(authenticate(None, headers, None)), "auth_error");
    }
    assert_eq!(refusal(authenticate(None, &[], Some(""))), "auth_error");
}

#[test]
fn a_malformed_authorization_header_is_refused_whatever_else_is_there() {
    for value in [
        "sk-right",
        "Bearer",
        "Bearer ",
        "Token sk-right",
        "basic sk-right",
        "",
    ] {
        let headers = [("authorization", value), ("x-api-key", "sk-right")];
        let kind = refusal(authenticate(None, &headers, Some("sk-right")));
        assert_eq!(kind, "auth_error", "{value:?}");
    }
}

#[test]
fn a_key_that_is_not_text_is_refused() {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_bytes(b"sk-\xff").unwrap());
    assert_eq!(refusal(identity(None, &headers, None)), "auth_error");
}

#[test]
fn almost_the_key_is_not_the_key() {
    for key in ["sk-righ", "sk-rightt", "SK-RIGHT", " ", "*"] {
        let kind = refusal(authenticate(None, &[("x-api-key", key)], None));
        assert!(
            ["token_not_found_in_db", "auth_error"].contains(&kind.as_str()),
            "{key}"
        );
    }
}
