//! No cell of the matrix is empty: every pair of dialects has a golden file for every case.

use lockgate_wire::canonical::ErrorKind;

use super::*;

/// What clients ask, by the names of the fixtures.
pub(super) const REQUESTS: [&str; 11] = [
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

/// What upstreams answer at once.
pub(super) const ANSWERS: [&str; 13] = [
    "cached",
    "citations",
    "content_filter",
    "documents",
    "full",
    "images",
    "length",
    "logprobs",
    "parallel_tools",
    "reasoning",
    "structured_output",
    "text",
    "tools",
];

/// What upstreams answer piece by piece.
pub(super) const STREAMS: [&str; 14] = [
    "cached",
    "citations",
    "content_filter",
    "documents",
    "error",
    "full",
    "images",
    "length",
    "logprobs",
    "parallel_tools",
    "reasoning",
    "structured_output",
    "text",
    "tools",
];

/// The cases that every pair has a golden file of: as a request, and as an answer to it, whole
/// and streamed.
const CASES: [(&str, &str); 8] = [
    ("basic", "text"),
    ("full", "full"),
    ("tools", "tools"),
    ("parallel_tools", "parallel_tools"),
    ("images", "images"),
    ("documents", "documents"),
    ("reasoning", "reasoning"),
    ("structured_output", "structured_output"),
];

/// What an API does not have at all, so that there is no fixture of it.
const ABSENT: &[(DialectId, &str, &str, &str)] = &[
    // A message holds text, images and calls (Ollama API reference, `POST /api/chat`); a document
    // is text of the prompt.
    (DialectId::Ollama, "requests", "documents", "no field"),
    // Answers hold no sources (the same page).
    (DialectId::Ollama, "responses", "citations", "no field"),
    (DialectId::Ollama, "streams", "citations", "no field"),
];

/// Kinds of errors that every upstream tells apart.
const ERRORS: [ErrorKind; 6] = [
    ErrorKind::Authentication,
    ErrorKind::NotFound,
    ErrorKind::RateLimited,
    ErrorKind::ContextWindow,
    ErrorKind::ContentPolicy,
    ErrorKind::Internal,
];

/// Errors that an API does not have.
const NO_ERROR: &[(DialectId, ErrorKind)] = &[
    // A prompt that is refused is an answer with `promptFeedback.blockReason` (Gemini API
    // reference, `GenerateContentResponse`), the fixture `prompt_blocked`.
    (DialectId::Gemini, ErrorKind::ContentPolicy),
    // There is no filter.
    (DialectId::Ollama, ErrorKind::ContentPolicy),
];

fn is_absent(dialect: DialectId, kind: &str, name: &str) -> bool {
    ABSENT
        .iter()
        .any(|(absent, of, case, _)| (*absent, *of, *case) == (dialect, kind, name))
}

#[test]
fn every_dialect_has_every_fixture() {
    for dialect in DialectId::ALL {
        let requests = CASES.map(|(request, _)| request);
        let answers = CASES.map(|(_, answer)| answer);
        let answers = [&answers[..], &["citations"]].concat();
        for (kind, names) in [
            ("requests", &requests[..]),
            ("responses", &answers),
            ("streams", &answers),
        ] {
            let found = fixtures(dialect, kind);
            for name in names {
                let exists = found.iter().any(|fixture| fixture.name == *name);
                let absent = is_absent(dialect, kind, name);
                assert_ne!(exists, absent, "{dialect:?} {kind}/{name}");
            }
        }
    }
}

#[test]
fn every_dialect_has_every_kind_of_error() {
    for dialect in DialectId::ALL {
        let decode = |fixture: Fixture| {
            let (status, _) = fixture.name.split_once('-').unwrap();
            let status = status.parse().unwrap();
            dialect.dialect().decode_error(status, &fixture.body).kind
        };
        let kinds: Vec<ErrorKind> = fixtures(dialect, "errors")
            .into_iter()
            .map(decode)
            .collect();
        for kind in ERRORS {
            let absent = NO_ERROR.contains(&(dialect, kind));
            assert_ne!(kinds.contains(&kind), absent, "{dialect:?} {kind:?}");
        }
    }
}

#[test]
fn every_cell_has_its_golden_files() {
    let mut cells = 0;
    for (client, upstream) in pairs() {
        let file = |kind: &str, case: &str, from: DialectId, to: DialectId| {
            let name = format!("{case}.{}-{}.snap", from.as_str(), to.as_str());
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("tests/it/matrix/snapshots")
                .join(kind)
                .join(name)
        };
        let check = |kind: &str, case: &str, from: DialectId, to: DialectId| {
            let path = file(kind, case, from, to);
            let absent = is_absent(from, kind, case);
            assert_ne!(path.exists(), absent, "{}", path.display());
        };
        for (request, answer) in CASES {
            check("requests", request, client, upstream);
            check("responses", answer, upstream, client);
            check("streams", answer, upstream, client);
            cells += 1;
        }
        // The ninth is the table of errors, and the tenth a stream that breaks off.
        check("errors", "all", upstream, client);
        cells += 1;
    }
    assert_eq!(cells, 49 * 9);
}
