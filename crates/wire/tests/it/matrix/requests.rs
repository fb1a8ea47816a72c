//! A client's request as the upstream gets it.

use super::*;

const CASES: [&str; 11] = [
    "audio",
    "basic",
    "documents",
    "full",
    "images",
    "json_object",
    "parallel_tools",
    "reasoning",
    "structured_output",
    "tools",
    "web_search",
];

#[test]
fn requests() {
    for (client, upstream) in pairs() {
        for Fixture { name, body } in canonical(client, "requests", &CASES) {
            let text = match encode_request(upstream, &decode_request(client, &body)) {
                Ok(encoded) => {
                    object(&encoded.body);
                    show_request(&encoded)
                }
                Err(refused) => format!("refused: {refused}"),
            };
            snapshot("requests", &name, (client, upstream), &text);
        }
    }
}
