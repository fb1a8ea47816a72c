//! Whole answers that are passed on: what is read from their members is what a reader of all sees.

use bytes::Bytes;
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::{Relay, Sighting};

use super::*;

const MODEL: &str = "my \"group\"";

/// The fixtures of answers and of errors, which may come with a 200.
fn each(mut f: impl FnMut(DialectId, &str, &[u8])) {
    for dialect in DialectId::ALL {
        for kind in ["responses", "errors"] {
            for Fixture { name, body } in fixtures(dialect, kind) {
                f(dialect, &name, &body);
            }
        }
    }
}

fn relayed(dialect: DialectId, pass: impl FnOnce(&mut Relay) -> Bytes) -> (Bytes, Sighting) {
    let mut relay = Relay::new(dialect.dialect(), Some(MODEL), Spliced::default());
    let bytes = pass(&mut relay);
    (bytes, relay.seen().clone())
}

#[test]
fn an_answer_whose_members_are_known_is_passed_on_as_any_other() {
    let mut passed = 0;
    each(|dialect, name, body| {
        let body = Bytes::copy_from_slice(body);
        let Ok(object) = JsonObject::parse(body.clone(), usize::MAX) else {
            return;
        };
        passed += 1;
        assert_eq!(
            relayed(dialect, |relay| relay.whole(object)),
            relayed(dialect, |relay| relay.body(body)),
            "{name} of {dialect:?}"
        );
    });
    assert!(passed > 50, "{passed} answers");
}

#[test]
fn a_failure_is_seen_without_reading_the_answer() {
    let mut failed = 0;
    each(|dialect, name, body| {
        let seen = dialect.dialect().sniff(body).error;
        failed += usize::from(seen.is_some());
        assert_eq!(
            dialect.dialect().failure(body),
            seen,
            "{name} of {dialect:?}"
        );
    });
    assert!(failed > 10, "{failed} failures");
}
