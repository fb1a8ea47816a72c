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

fn read_anything(bytes: &[u8]) {
    if let Ok(body) = JsonObject::parse(Bytes::copy_from_slice(bytes), 128)
        && let Ok(request) = decode_request(&body)
    {
        for model in ["claude-3-5-haiku-20241022", "claude-opus-5-5"] {
            let encoded = dialect().encode_request(&request, &target(model)).unwrap();
            serde_json::from_slice::<Value>(&encoded.body).unwrap();
        }
    }
    if let Ok(response) = dialect().decode_response(bytes) {
        let written = dialect().encode_response(&response, &reply());
        serde_json::from_slice::<Value>(&written).unwrap();
    }
    let error = dialect().decode_error(500, bytes);
    serde_json::from_slice::<Value>(&dialect().encode_error(&error)).unwrap();
    dialect().sniff(bytes);
    let mut decoder = dialect().stream_decoder();
    let mut events = Vec::new();
    let _ = decoder.push(bytes, &mut events);
    let _ = decoder.finish(&mut events);
    for frame in write_stream(&events).split_terminator("\n\n") {
        let (_, data) = frame.split_once("\ndata: ").unwrap();
        serde_json::from_str::<Value>(data).unwrap();
    }
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
    fn mutated_streams_never_panic(bytes in mutated("streams")) {
        read_anything(&bytes);
    }
}
