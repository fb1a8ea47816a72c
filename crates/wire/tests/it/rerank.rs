//! Rerank: what clients send reaches every upstream, and every upstream's answer reaches clients.
#![cfg(test)]

use bytes::Bytes;
use lockgate_wire::Operation;
use lockgate_wire::canonical::{
    ErrorKind, Loss, RawJson, RerankDocument, RerankRequest, RerankResponse,
};
use lockgate_wire::dialect::{ReplyContext, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::rerank::{RerankFormat, decode_request, encode_response};
use proptest::prelude::*;
use serde_json::{Value, json};

fn object(body: &[u8]) -> Option<JsonObject> {
    JsonObject::parse(Bytes::copy_from_slice(body), 64).ok()
}

fn decode(body: &Value) -> Result<RerankRequest, TranslateError> {
    decode_request(&object(body.to_string().as_bytes()).unwrap())
}

fn reply() -> ReplyContext {
    ReplyContext {
        operation: Operation::Rerank,
        model: "group".to_owned(),
        id: "c14c80c318eb451994606c92edd8cfb4".to_owned(),
        created: 1_751_371_234,
        include_usage: false,
        started: None,
        echo: None,
    }
}

fn answer(request: &RerankRequest, response: &RerankResponse) -> Value {
    serde_json::from_slice(&encode_response(request, response, &reply())).unwrap()
}

/// All that a client can ask for.
fn full() -> RerankRequest {
    decode(&json!({
        "model": "group",
        "query": "Which one is a river?",
        "documents": [
            "The Douro.",
            {"text": "A bridge.", "title": "Bridge", "year": 1886},
            {"text": "The Zêzere."},
        ],
        "rank_fields": ["title", "text"],
        "top_n": 2,
        "return_documents": true,
        "max_tokens_per_doc": 512,
        "max_chunks_per_doc": 10,
        "priority": 1,
    }))
    .unwrap()
}

#[test]
fn a_clients_request_is_read_whole() {
    let request = full();
    let raw = |text: &str| RawJson::parse(text).unwrap();
    let expected = RerankRequest {
        model: "group".to_owned(),
        query: "Which one is a river?".to_owned(),
        documents: vec![
            RerankDocument::Text("The Douro.".to_owned()),
            RerankDocument::Object(raw(r#"{"text":"A bridge.","title":"Bridge","year":1886}"#)),
            RerankDocument::Object(raw(r#"{"text":"The Zêzere."}"#)),
        ],
        rank_fields: Some(vec!["title".to_owned(), "text".to_owned()]),
        top_n: Some(2),
        return_documents: Some(true),
        max_tokens_per_doc: Some(512),
        max_chunks_per_doc: Some(10),
        extra: vec![("priority".to_owned(), raw("1"))],
    };
    assert_eq!(request, expected);
}

#[test]
fn every_upstream_is_asked_in_its_own_words() {
    let request = full();
    let query = "Which one is a river?";
    let texts = json!([
        "The Douro.",
        "title: Bridge\ntext: A bridge.",
        "The Zêzere."
    ]);
    let objects = json!([
        "The Douro.",
        {"text": "A bridge.", "title": "Bridge", "year": 1886},
        {"text": "The Zêzere."},
    ]);
    let fields = json!(["title", "text"]);
    let tokens = Loss::hint("max_tokens_per_doc");
    let chunks = Loss::hint("max_chunks_per_doc");
    let cases = [
        (
            RerankFormat::Cohere,
            json!({"model": "m", "query": query, "documents": texts, "top_n": 2,
                   "max_tokens_per_doc": 512, "priority": 1}),
            vec![chunks.clone()],
        ),
        (
            RerankFormat::CohereV1,
            json!({"model": "m", "query": query, "documents": objects, "top_n": 2,
                   "rank_fields": fields, "max_chunks_per_doc": 10, "priority": 1}),
            vec![tokens.clone()],
        ),
        (
            RerankFormat::Jina,
            json!({"model": "m", "query": query, "documents": texts, "top_n": 2,
                   "return_documents": false, "priority": 1}),
            vec![tokens.clone(), chunks.clone()],
        ),
        (
            RerankFormat::Together,
            json!({"model": "m", "query": query, "documents": objects, "top_n": 2,
                   "rank_fields": fields, "return_documents": false, "priority": 1}),
            vec![tokens.clone(), chunks.clone()],
        ),
        (
            RerankFormat::Voyage,
            json!({"model": "m", "query": query, "documents": texts, "top_k": 2, "priority": 1}),
            vec![tokens.clone(), chunks.clone()],
        ),
        (
            RerankFormat::Tei,
            json!({"query": query, "texts": texts, "truncate": true, "priority": 1}),
            vec![tokens, chunks],
        ),
    ];
    for (format, expected, losses) in cases.into_iter().chain(cases_of_passages()) {
        let written = format.encode_request(&request, "m").unwrap();
        let body: Value = serde_json::from_slice(&written.body).unwrap();
        assert_eq!((body, written.losses), (expected, losses), "{format:?}");
    }
}

/// Upstreams that take objects with a text.
fn cases_of_passages() -> [(RerankFormat, Value, Vec<Loss>); 2] {
    let query = "Which one is a river?";
    let passages = json!([
        {"text": "The Douro."},
        {"text": "title: Bridge\ntext: A bridge."},
        {"text": "The Zêzere."},
    ]);
    let tokens = Loss::hint("max_tokens_per_doc");
    let chunks = Loss::hint("max_chunks_per_doc");
    [
        (
            RerankFormat::Nim,
            json!({"model": "m", "query": {"text": query}, "passages": passages,
                   "truncate": "END", "priority": 1}),
            vec![tokens, chunks.clone()],
        ),
        (
            RerankFormat::Watsonx,
            json!({"model_id": "m", "query": query, "inputs": passages,
                   "parameters": {"truncate_input_tokens": 512,
                                  "return_options": {"top_n": 2, "inputs": false}},
                   "priority": 1}),
            vec![chunks],
        ),
    ]
}

/// Answers of each upstream to the same question.
fn answers() -> Vec<(RerankFormat, Value)> {
    let text = |text: &str| json!({ "text": text });
    let mut answers = vec![
        (
            RerankFormat::Cohere,
            json!({
                "id": "07734bd2-2473-4f07-94e1-0d9f0e6843cf",
                "results": [
                    {"index": 2, "relevance_score": 0.9},
                    {"index": 0, "relevance_score": 0.75},
                    {"index": 1, "relevance_score": 0.1},
                ],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
            }),
        ),
        (
            RerankFormat::CohereV1,
            json!({
                "id": "07734bd2", "meta": {"tokens": {"input_tokens": 64.0}},
                "results": [
                    {"document": text("The Zêzere."), "index": 2, "relevance_score": 0.9},
                    {"document": text("The Douro."), "index": 0, "relevance_score": 0.75},
                    {"document": text("A bridge."), "index": 1, "relevance_score": 0.1},
                ],
            }),
        ),
        (
            RerankFormat::Together,
            json!({
                "object": "rerank", "id": "oGs6Zt9", "model": "Salesforce/Llama-Rank-v1",
                "usage": {"prompt_tokens": 64, "completion_tokens": 0, "total_tokens": 64},
                "results": [
                    {"index": 2, "relevance_score": 0.9, "document": {}},
                    {"index": 0, "relevance_score": 0.75, "document": {}},
                    {"index": 1, "relevance_score": 0.1, "document": {}},
                ],
            }),
        ),
        (
            RerankFormat::Voyage,
            json!({
                "object": "list", "model": "rerank-2.5", "usage": {"total_tokens": 64},
                "data": [
                    {"index": 2, "relevance_score": 0.9},
                    {"index": 0, "relevance_score": 0.75, "document": "The Douro."},
                    {"index": 1, "relevance_score": 0.1},
                ],
            }),
        ),
        (
            RerankFormat::Tei,
            json!([
                {"index": 1, "score": 0.1},
                {"index": 2, "score": 0.9, "text": "The Zêzere."},
                {"index": 0, "score": 0.75},
            ]),
        ),
    ];
    answers.extend(answers_like_jinas());
    answers.extend(answers_to_passages());
    answers
}

fn answers_to_passages() -> [(RerankFormat, Value); 2] {
    [
        (
            RerankFormat::Nim,
            json!({"rankings": [
                {"index": 2, "logit": 0.9}, {"index": 0, "logit": 0.75}, {"index": 1, "logit": 0.1},
            ], "usage": {"prompt_tokens": 64, "total_tokens": 64}}),
        ),
        (
            RerankFormat::Watsonx,
            json!({
                "model_id": "m", "created_at": "2024-01-01T00:00:00Z", "input_token_count": 64,
                "results": [
                    {"index": 2, "score": 0.9}, {"index": 0, "score": 0.75}, {"index": 1, "score": 0.1},
                ],
            }),
        ),
    ]
}

fn answers_like_jinas() -> [(RerankFormat, Value); 3] {
    let text = |text: &str| json!({ "text": text });
    [
        // Jina AI.
        (
            RerankFormat::Jina,
            json!({
                "model": "jina-reranker-v2-base-multilingual", "object": "list",
                "usage": {"total_tokens": 64},
                "results": [
                    {"index": 2, "relevance_score": 0.9},
                    {"index": 0, "relevance_score": 0.75, "document": text("The Douro.")},
                    {"index": 1, "relevance_score": 0.1},
                ],
            }),
        ),
        // vLLM.
        (
            RerankFormat::Jina,
            json!({
                "id": "rerank-1", "model": "BAAI/bge-reranker-v2-m3",
                "usage": {"prompt_tokens": 0, "total_tokens": 64},
                "results": [
                    {"index": 2, "document": {"text": "The Zêzere.", "multi_modal": null}, "relevance_score": 0.9},
                    {"index": 0, "document": {"text": "The Douro.", "multi_modal": null}, "relevance_score": 0.75},
                    {"index": 1, "document": {"text": "A bridge.", "multi_modal": null}, "relevance_score": 0.1},
                ],
            }),
        ),
        // Infinity.
        (
            RerankFormat::Jina,
            json!({
                "object": "rerank", "id": "infinity-1", "created": 1_751_371_234, "model": "m",
                "usage": {"prompt_tokens": 64, "total_tokens": 64},
                "results": [
                    {"relevance_score": 0.1, "index": 1, "document": null},
                    {"relevance_score": 0.9, "index": 2, "document": "The Zêzere."},
                    {"relevance_score": 0.75, "index": 0, "document": null},
                ],
            }),
        ),
    ]
}

#[test]
fn every_upstreams_answer_is_the_same_to_a_client() {
    let request = full();
    let results = json!([
        {"index": 2, "relevance_score": 0.9, "document": {"text": "The Zêzere."}},
        {"index": 0, "relevance_score": 0.75, "document": {"text": "The Douro."}},
    ]);
    for (format, body) in answers() {
        let response = format.decode_response(body.to_string().as_bytes()).unwrap();
        let ranked: Vec<_> = response.results.iter().map(|result| result.index).collect();
        assert_eq!(ranked, [2, 0, 1], "{body}");
        let written = answer(&request, &response);
        assert_eq!(written["results"], results, "{body}");
        match format {
            RerankFormat::Cohere => assert_eq!(response.search_units, Some(1)),
            RerankFormat::Tei => assert_eq!(response.usage, None),
            _ => assert_eq!(response.usage.unwrap().input_tokens, 64, "{body}"),
        }
    }
}

#[test]
fn documents_come_back_only_when_asked_for_and_as_they_were() {
    let mut request = full();
    request.top_n = None;
    let (format, body) = answers().into_iter().next().unwrap();
    let response = format.decode_response(body.to_string().as_bytes()).unwrap();
    let bridge = &answer(&request, &response)["results"][2]["document"];
    let expected = json!({"text": "A bridge.", "title": "Bridge", "year": 1886});
    assert_eq!(bridge, &expected);
    for wanted in [None, Some(false)] {
        request.return_documents = wanted;
        let written = answer(&request, &response);
        assert_eq!(written["results"].as_array().unwrap().len(), 3);
        assert!(!written.to_string().contains("document"), "{written}");
    }
}

#[test]
fn an_answer_says_what_was_counted() {
    let request = RerankRequest::default();
    let meta = |body: &str, format: RerankFormat| {
        let response = format.decode_response(body.as_bytes()).unwrap();
        answer(&request, &response)["meta"].clone()
    };
    let version = json!({"version": "2"});
    let cohere = r#"{"results":[],"meta":{"billed_units":{"search_units":3}}}"#;
    let expected = json!({"api_version": version, "billed_units": {"search_units": 3}});
    assert_eq!(meta(cohere, RerankFormat::Cohere), expected);
    let jina = r#"{"results":[],"usage":{"total_tokens":64}}"#;
    let expected = json!({
        "api_version": version,
        "billed_units": {"total_tokens": 64},
        "tokens": {"input_tokens": 64, "output_tokens": 0},
    });
    assert_eq!(meta(jina, RerankFormat::Jina), expected);
}

#[test]
fn spans_reach_the_client() {
    let body = r#"{"results":[{"index":0,"relevance_score":1,"relevant_spans":[{"start":0,"end":3,"score":0.5}]}]}"#;
    let response = RerankFormat::Cohere
        .decode_response(body.as_bytes())
        .unwrap();
    let written = answer(&RerankRequest::default(), &response);
    let spans = json!([{"start": 0, "end": 3, "score": 0.5}]);
    assert_eq!(written["results"][0]["relevant_spans"], spans);
    assert_eq!(written["id"], "c14c80c3-18eb-4519-9460-6c92edd8cfb4");
}

#[test]
fn a_wrong_field_is_named() {
    let cases = [
        (json!({"documents": ["a"]}), "query"),
        (json!({"query": "q"}), "documents"),
        (json!({"query": 5, "documents": ["a"]}), "query"),
        (json!({"query": "q", "documents": "a"}), "documents"),
        (json!({"query": "q", "documents": ["a", 5]}), "documents[1]"),
        (json!({"query": "q", "documents": [], "top_n": -1}), "top_n"),
        (
            json!({"query": "q", "documents": [], "rank_fields": "text"}),
            "rank_fields",
        ),
    ];
    for (body, expected) in cases {
        match decode(&body) {
            Err(TranslateError::Invalid { param, .. }) => {
                assert_eq!(param.as_deref(), Some(expected), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for format in RerankFormat::ALL {
        for body in [
            "",
            "<html>",
            "5",
            r#"{"message":"no"}"#,
            r#"{"results":5,"data":5}"#,
        ] {
            assert!(
                format.decode_response(body.as_bytes()).is_err(),
                "{format:?} {body}"
            );
        }
        assert_eq!(RerankFormat::parse(format.as_str()), Some(format));
    }
}

#[test]
fn errors_are_read_whatever_they_look_like() {
    let cases = [
        (
            RerankFormat::Cohere,
            401,
            r#"{"message":"invalid api token"}"#,
            ErrorKind::Authentication,
        ),
        (
            RerankFormat::Jina,
            422,
            r#"{"detail":"[query] Field required"}"#,
            ErrorKind::Unprocessable,
        ),
        (
            RerankFormat::Voyage,
            429,
            r#"{"detail":"slow down"}"#,
            ErrorKind::RateLimited,
        ),
        (
            RerankFormat::Tei,
            413,
            r#"{"error":"too large","error_type":"Validation"}"#,
            ErrorKind::RequestTooLarge,
        ),
    ];
    for (format, status, body, kind) in cases {
        let error = format.decode_error(status, body.as_bytes());
        assert_eq!((error.kind, error.status), (kind, status), "{body}");
        assert!(body.contains(&error.message), "{error:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_a_broken_answer(
        (format, body) in proptest::sample::select(answers().to_vec()),
        at in any::<prop::sample::Index>(),
        token in proptest::sample::select(vec!["null", "-1", "1e999", "\"", "{", "]", ",", "\u{7f}"]),
    ) {
        let mut body = body.to_string().into_bytes();
        let at = at.index(body.len());
        let end = (at + token.len()).min(body.len());
        body.splice(at..end, token.bytes());
        if let Ok(response) = format.decode_response(&body) {
            answer(&full(), &response);
        }
        if let Some(Ok(request)) = object(&body).map(|body| decode_request(&body)) {
            format.encode_request(&request, "m").unwrap();
        }
        format.decode_error(500, &body);
    }
}
