//! Nothing that arrives makes a reader panic.

use super::*;

/// Bytes of a fixture, some of them changed.
fn mutated(folder: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = fixtures(folder).into_values().collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0usize..3);
    (
        prop::sample::select(all),
        prop::collection::vec(change, 0..12),
    )
        .prop_map(|(mut bytes, changes)| {
            for (at, byte, how) in changes {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, byte),
                }
            }
            bytes
        })
}

/// A stream whose frames are whole while their payloads are not.
fn mutated_payloads() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = fixtures("streams").into_values().collect();
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (
        prop::sample::select(all),
        prop::collection::vec(change, 0..6),
    )
        .prop_map(|(stream, changes)| {
            let mut decoder = EventStreamDecoder::default();
            decoder.feed(&stream);
            let mut out = BytesMut::new();
            while let Some(frame) = decoder.next_frame().unwrap() {
                let mut payload = frame.payload().to_vec();
                for (at, byte) in &changes {
                    let at = at.index(payload.len());
                    payload[at] = *byte;
                }
                let names = [":message-type", ":event-type", ":exception-type"];
                let headers: Vec<(&str, &str)> = names
                    .iter()
                    .filter_map(|name| Some((*name, frame.header(name)?)))
                    .collect();
                lockgate_wire::event_stream::write_frame(
                    &headers,
                    |out| out.extend_from_slice(&payload),
                    &mut out,
                );
            }
            out.to_vec()
        })
}

fn read_anything(bytes: &[u8]) {
    if let Ok(body) = JsonObject::parse(Bytes::copy_from_slice(bytes), 128) {
        if let Ok(request) = decode_request(&body) {
            for model in [CLAUDE, CLAUDE_4_6, NOVA_2, LLAMA] {
                let encoded = dialect().encode_request(&request, &target(model)).unwrap();
                serde_json::from_slice::<Value>(&encoded.body).unwrap();
            }
        }
        let _ = dialect().decode_embedding_request(&HEAD, &body);
    }
    if let Ok(response) = dialect().decode_response(bytes) {
        let written = dialect().encode_response(&response, &reply());
        serde_json::from_slice::<Value>(&written).unwrap();
    }
    let _ = dialect().decode_embedding_response(bytes);
    let error = dialect().decode_error(500, bytes);
    serde_json::from_slice::<Value>(&dialect().encode_error(&error)).unwrap();
    dialect().sniff(bytes);
    let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
    let mut passed = relay.push(Bytes::copy_from_slice(bytes)).to_vec();
    passed.extend_from_slice(&relay.finish());
    assert_eq!(passed, bytes);
    let mut decoder = dialect().stream_decoder();
    let mut events = Vec::new();
    let _ = decoder.push(bytes, &mut events);
    let _ = decoder.finish(&mut events);
    frames(&write_stream(&events));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_anything(&bytes);
    }

    #[test]
    fn mutated_requests_never_panic(bytes in mutated("requests")) {
        read_anything(&bytes);
    }

    #[test]
    fn mutated_answers_never_panic(bytes in mutated("responses")) {
        read_anything(&bytes);
    }

    #[test]
    fn mutated_vectors_never_panic(bytes in mutated("embeddings")) {
        read_anything(&bytes);
    }

    #[test]
    fn mutated_streams_never_panic(bytes in mutated("streams")) {
        read_anything(&bytes);
    }

    #[test]
    fn mutated_payloads_never_panic(bytes in mutated_payloads()) {
        read_anything(&bytes);
    }
}
