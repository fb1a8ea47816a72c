//! An upstream's streamed answer as the client gets it.

use super::*;

const CASES: [&str; 9] = [
    "cached",
    "content_filter",
    "error",
    "length",
    "logprobs",
    "parallel_tools",
    "reasoning",
    "text",
    "tools",
];

#[test]
fn streams() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in canonical(upstream, "streams", &CASES) {
            let events = events(upstream, &body).unwrap();
            let text = show_stream(client, &write_stream(client, &events));
            snapshot("streams", &name, (upstream, client), &text);
        }
    }
}
