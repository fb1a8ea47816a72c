//! Embedding requests and vectors.

use lockgate_wire::canonical::{EmbeddingInput, EmbeddingRequest, EncodingFormat};
use lockgate_wire::dialect::ReplyContext;
use serde_json::json;

use super::{dialect, fixture, fixtures, head, object, parsed, reply, target};

#[test]
fn embedding_requests_come_back_as_they_went() {
    for (name, body) in fixtures("embeddings") {
        if !name.starts_with("request-") {
            continue;
        }
        let request = dialect()
            .decode_embedding_request(&head(), &object(&body))
            .unwrap();
        let written = dialect()
            .encode_embedding_request(&request, &target(&request.model, false))
            .unwrap();
        let mut expected = parsed(&body);
        if name == "request-extra" {
            // A list of one is the same as its one.
            expected["input"] = json!("a");
        }
        assert_eq!(parsed(&written.body), expected, "{name}");
    }
}

#[test]
fn vectors_are_read_and_written_in_both_encodings() {
    let float = fixture("embeddings", "response-float.json");
    let base64 = fixture("embeddings", "response-base64.json");
    let response = dialect().decode_embedding_response(&float).unwrap();
    assert_eq!(response.vectors, [[0.0123, -0.5, 1.0], [0.25, 0.125, -2.0]]);
    assert_eq!(
        dialect().decode_embedding_response(&base64).unwrap(),
        response
    );

    let mut request = EmbeddingRequest {
        input: vec![EmbeddingInput::Text("a".to_owned())],
        ..Default::default()
    };
    let write = |request: &_| {
        let reply = ReplyContext {
            model: "text-embedding-3-small".to_owned(),
            ..reply(false)
        };
        let out = dialect().encode_embedding_response(request, &response, &reply);
        parsed(&out.unwrap())
    };
    assert_eq!(write(&request)["data"][1], parsed(&float)["data"][1]);
    assert_eq!(write(&request)["usage"], parsed(&float)["usage"]);
    request.encoding = EncodingFormat::Base64;
    assert_eq!(write(&request)["data"][0], parsed(&base64)["data"][1]);
}

#[test]
fn vectors_that_are_none_are_refused() {
    let with = |embedding: &str| format!(r#"{{"data":[{{"embedding":{embedding}}}]}}"#);
    for body in [with("\"AAA=\""), with("\"?\""), with("{}"), "{}".to_owned()] {
        assert!(
            dialect()
                .decode_embedding_response(body.as_bytes())
                .is_err(),
            "{body}"
        );
    }
}
