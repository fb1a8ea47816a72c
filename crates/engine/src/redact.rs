//! Keeping credentials out of what is told: some providers quote the key that they refuse.

use http::HeaderMap;

/// Anything shorter may be an ordinary word.
const SHORTEST: usize = 8;

/// `text` without the credentials among `headers`.
pub(crate) fn redact(text: String, headers: &HeaderMap) -> String {
    headers
        .values()
        .filter(|value| value.is_sensitive())
        .filter_map(|value| value.to_str().ok())
        .map(|value| value.rsplit(' ').next().unwrap_or(value))
        .filter(|secret| secret.len() >= SHORTEST)
        .fold(text, |text, secret| {
            if text.contains(secret) {
                text.replace(secret, "(key)")
            } else {
                text
            }
        })
}
