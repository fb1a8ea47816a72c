//! An upstream's answer as the client gets it.

use super::answers::{unread, whole};
use super::coverage::ANSWERS;
use super::*;

#[test]
fn responses() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in canonical(upstream, "responses", &ANSWERS) {
            let (body, lost) = whole(upstream, client, &body);
            let text = pretty(&body) + &lost + unread(upstream, &name);
            snapshot("responses", &name, (upstream, client), &text);
        }
    }
}
