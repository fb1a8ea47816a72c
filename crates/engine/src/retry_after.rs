//! When an upstream wants to be asked again.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// Reads `retry-after-ms`, `retry-after` (seconds or an HTTP date) or `x-ratelimit-reset`.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = |text: &str| Duration::try_from_secs_f64(text.trim().parse().ok()?).ok();
    if let Some(milliseconds) = text("retry-after-ms").and_then(|t| t.trim().parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    if let Some(value) = text("retry-after") {
        return seconds(value).or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        });
    }
    text("x-ratelimit-reset")
        .and_then(seconds)
        .filter(|wait| wait.as_secs() < 24 * 3600)
}
