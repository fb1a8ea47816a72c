//! A client's request as the upstream gets it.

use lockgate_wire::canonical::{
    Block, BlockKind, Message, Role, Tool, ToolChoice, signature_origin, split_thought_id,
};

use super::coverage::REQUESTS;
use super::*;

#[test]
fn requests() {
    for (client, upstream) in pairs() {
        for Fixture { name, body } in canonical(client, "requests", &REQUESTS) {
            let text = match encode_request((client, upstream), &decode_request(client, &body)) {
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

/// What a conversation comes to, however it is cut into messages; blanks do not count.
#[derive(Debug, Default)]
struct Gist {
    instructions: Vec<String>,
    asked: Vec<String>,
    answered: Vec<String>,
    calls: Vec<(String, String, Value)>,
    results: Vec<(String, String)>,
    tools: Vec<String>,
}

// === impl Gist ===

impl Gist {
    fn of(request: &ChatRequest) -> Self {
        let mut gist = Self {
            tools: request.tools.iter().filter_map(function_name).collect(),
            ..Self::default()
        };
        for message in &request.messages {
            for block in &message.content {
                gist.add(message.role, &block.kind);
            }
        }
        gist
    }

    fn add(&mut self, role: Role, block: &BlockKind) {
        match block {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                let said = match role {
                    Role::System | Role::Developer => &mut self.instructions,
                    Role::User => &mut self.asked,
                    Role::Assistant => &mut self.answered,
                };
                said.push(without_blanks(text));
            }
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => {
                let (id, _) = split_thought_id(id);
                // Where arguments must be an object, text that is none becomes a member of one.
                let arguments = serde_json::from_str(arguments)
                    .unwrap_or_else(|_| serde_json::json!({ "arguments": arguments }));
                // So does what a custom tool is given, under a name of its own.
                let arguments = match arguments.get("input") {
                    Some(input) => serde_json::json!({ "arguments": input }),
                    None => arguments,
                };
                self.calls.push((id.to_owned(), name.clone(), arguments));
            }
            BlockKind::ToolResult { id, content, .. } => {
                let (id, _) = split_thought_id(id);
                let texts = content.iter().filter_map(Block::as_text);
                self.results
                    .push((id.to_owned(), without_blanks(&texts.collect::<String>())));
            }
            _ => {}
        }
    }
}

fn function_name(tool: &Tool) -> Option<String> {
    match tool {
        Tool::Function(function) => Some(function.name.clone()),
        _ => None,
    }
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether all of `said` comes in `heard`, in order; there may be more in between, as where a
/// document had to become text.
fn comes_across(said: &[String], heard: &[String]) -> bool {
    let heard = heard.concat();
    let mut rest = heard.as_str();
    said.iter()
        .all(|text| match rest.split_once(text.as_str()) {
            Some((_, later)) => {
                rest = later;
                true
            }
            None => false,
        })
}

#[test]
fn a_request_asks_the_same_through_every_pair() {
    for (client, upstream) in pairs() {
        for Fixture { name, body } in fixtures(client, "requests") {
            let what = format!("{name}, {client:?} to {upstream:?}");
            let request = decode_request(client, &body);
            let encoded = encode_request((client, upstream), &request).unwrap();
            let read = decode_request(upstream, &encoded.body);

            let (sent, got) = (Gist::of(&request), Gist::of(&read));
            assert!(
                comes_across(&sent.instructions, &got.instructions),
                "{what}"
            );
            assert!(comes_across(&sent.asked, &got.asked), "{what}");
            assert!(comes_across(&sent.answered, &got.answered), "{what}");
            assert_eq!(got.calls, sent.calls, "{what}");
            assert_eq!(got.results, sent.results, "{what}");
            // Where there is no list of tools allowed, only those on it are offered.
            if !matches!(request.params.tool_choice, Some(ToolChoice::Allowed { .. })) {
                let offered = |tool| got.tools.contains(tool);
                assert!(sent.tools.iter().all(offered), "{what}");
            }

            let lost = |param: &str| encoded.losses.iter().any(|loss| loss.what == param);
            let (sent, got) = (&request.params, &read.params);
            // Anthropic wants a limit even where there is none.
            if sent.max_tokens.is_some() {
                assert_eq!(got.max_tokens, sent.max_tokens, "{what}");
            }
            assert!(
                got.temperature == sent.temperature || lost("temperature"),
                "{what}"
            );
            assert!(got.top_p == sent.top_p || lost("top_p"), "{what}");
            assert!(got.top_k == sent.top_k || lost("top_k"), "{what}");
            assert!(got.seed == sent.seed || lost("seed"), "{what}");
            assert!(got.stop == sent.stop || lost("stop"), "{what}");
            assert!(got.n == sent.n || lost("n"), "{what}");
            assert!(got.user == sent.user || lost("user"), "{what}");
        }
    }
}

/// Each provider refuses another's proofs, and a history may hold those of several.
#[test]
fn a_proof_goes_to_the_provider_that_wrote_it() {
    let proofs = [
        (DialectId::Anthropic, "EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouG"),
        (
            DialectId::Anthropic,
            "EqoBCkgIBxABGAIiQKp2Zr7mVd0tqY8kXw4n6LcT",
        ),
        (DialectId::Gemini, "EvwjCvkjAXLI2nyUmA16xmPM/6gOhK7zEIpf"),
        (DialectId::Gemini, "CpcBAVSoXO7kQ3+/Zt0wY9pVbQmL2hXo5nJ8"),
        (
            DialectId::OpenAiResponses,
            "gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hFZ0d3VnB4",
        ),
    ];
    for (origin, proof) in proofs {
        assert_eq!(signature_origin(proof), Some(origin), "{proof}");
        let history = ChatRequest {
            messages: vec![
                Message::text(Role::User, "Hi"),
                Message {
                    role: Role::Assistant,
                    name: None,
                    content: vec![
                        Block::new(BlockKind::Thinking {
                            text: String::new(),
                            signature: Some(proof.to_owned()),
                        }),
                        Block::text("Hello"),
                    ],
                },
                Message::text(Role::User, "Well?"),
            ],
            ..ChatRequest::default()
        };
        for upstream in [
            DialectId::Anthropic,
            DialectId::Gemini,
            DialectId::OpenAiResponses,
        ] {
            let encoded = encode_request((origin, upstream), &history).unwrap();
            let body = std::str::from_utf8(&encoded.body).unwrap();
            let own = origin == upstream;
            assert_eq!(body.contains(proof), own, "{proof} to {upstream:?}");
            assert_eq!(encoded.losses.is_empty(), own, "{proof} to {upstream:?}");
        }
    }
    for other in ["", "=", "AAAA", "sig", "sha256:ab", "\u{1f30a}"] {
        assert_eq!(signature_origin(other), None, "{other}");
    }
}
