use serde_json::Value;

use super::{Dialect, Mode, body, config, request};

const DIALECTS: [Dialect; 4] = [
    Dialect::OpenAi,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
];

#[test]
fn bodies_have_the_size_asked_for() {
    for dialect in DIALECTS {
        for size in [300, 16 * 1024, 120 * 1024] {
            let body = body(dialect, "bench", size, false);
            assert_eq!(body.len(), size, "{dialect:?}");
            assert!(serde_json::from_str::<Value>(&body).is_ok(), "{dialect:?}");
        }
    }
}

#[test]
fn requests_say_how_long_they_are() {
    for dialect in DIALECTS {
        let bytes = request(dialect, "bench", 300, true, Mode::Plain);
        let text = std::str::from_utf8(&bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
    }
}

#[test]
fn every_model_group_points_at_the_mock() {
    for mode in [Mode::Plain, Mode::Governed] {
        let yaml = config("http://127.0.0.1:9", mode);
        assert_eq!(
            yaml.matches("api_base: http://127.0.0.1:9").count(),
            yaml.matches("model_name").count()
        );
        assert!(!yaml.contains('{'));
    }
}
