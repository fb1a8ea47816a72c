//! An upstream's streamed answer as the client gets it.

use super::answers::{streamed, unread, unstreamed};
use super::coverage::STREAMS;
use super::*;

#[test]
fn streams() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in canonical(upstream, "streams", &STREAMS) {
            let (stream, lost) = streamed(upstream, client, &body);
            let unsaid = unstreamed(upstream, &name) + unread(upstream, &name);
            let text = show_stream(client, &stream) + &lost + &unsaid;
            snapshot("streams", &name, (upstream, client), &text);
        }
    }
}
