//! An upstream's answer as the client gets it.

use super::*;

const CASES: [&str; 8] = [
    "cached",
    "content_filter",
    "length",
    "logprobs",
    "parallel_tools",
    "reasoning",
    "text",
    "tools",
];

#[test]
fn responses() {
    for (upstream, client) in pairs() {
        for Fixture { name, body } in canonical(upstream, "responses", &CASES) {
            let response = upstream.dialect().decode_response(&body).unwrap();
            let body = client.dialect().encode_response(&response, &reply());
            snapshot("responses", &name, (upstream, client), &pretty(&body));
        }
    }
}
