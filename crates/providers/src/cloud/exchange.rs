//! Asking a server for a credential.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, Method, Request, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The HTTP client that credentials are fetched with. It does not follow redirects and gives up
/// after a few seconds.
pub trait Http {
    /// Sends a request and waits for the whole answer, whatever its status.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, HttpError>>;
}

/// There was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

/// Why there is no credential. Never holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There was no answer.
    #[error("{host}: {cause}")]
    Http {
        /// Who was asked.
        host: String,
        /// What happened.
        cause: HttpError,
    },
    /// The server said no.
    #[error("{host} answered {status}{}{said}", if .said.is_empty() { "" } else { ": " })]
    Refused {
        /// Who was asked.
        host: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The answer is not what it should be.
    #[error("{0}")]
    Answer(String),
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// What is configured cannot work.
    #[error("{0}")]
    Config(String),
}

/// An exchange that is being written.
pub(super) struct Exchange {
    method: Method,
    url: String,
    headers: Vec<(HeaderName, String)>,
    body: String,
}

/// The answer of an OAuth 2.0 token endpoint and of the metadata servers that are like one.
///
/// RFC 6749 section 5.1. Azure's managed identities write numbers as strings and have
/// `expires_on`, seconds since 1970; GitHub Copilot has `token` and `expires_at`, the same, which
/// `GigaChat` counts in milliseconds.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(alias = "token")]
    pub(super) access_token: String,
    expires_in: Option<Seconds>,
    #[serde(alias = "expires_at")]
    expires_on: Option<Seconds>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

/// RFC 6749 section 5.2, and Google's, IBM's and the managed identities' ways to say the same.
#[derive(Deserialize)]
struct Complaint {
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    #[serde(alias = "errorMessage")]
    message: Option<String>,
    #[serde(rename = "Message")]
    aws_message: Option<String>,
}

/// A token that does not tell its end.
const UNTOLD: Duration = Duration::from_secs(3600);
/// Seconds would be in the year 5138.
const MILLISECONDS: u64 = 100_000_000_000;
/// As much of a server's explanation as is kept.
const SAID: usize = 300;

/// `application/x-www-form-urlencoded`, with `%20` for a space.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

// === impl Exchange ===

impl Exchange {
    pub(super) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url.into(), String::new())
    }

    pub(super) fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url.into(), String::new())
    }

    pub(super) fn form(url: impl Into<String>, pairs: &[(&str, &str)]) -> Self {
        Self::new(Method::POST, url.into(), encode(pairs))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    pub(super) fn json(url: impl Into<String>, body: &serde_json::Value) -> Self {
        Self::new(Method::POST, url.into(), body.to_string())
            .header(CONTENT_TYPE, "application/json")
    }

    fn new(method: Method, url: String, body: String) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// Sends it and returns the body of a good answer.
    pub(super) async fn text(self, http: &impl Http) -> Result<String, FetchError> {
        let host = host_of(&self.url);
        let failed = |cause: String| FetchError::Http {
            host: host.clone(),
            cause: HttpError(cause),
        };
        let mut request = Request::builder().method(self.method).uri(self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Bytes::from(self.body))
            .map_err(|e| failed(e.to_string()))?;
        let answer = http.send(request).await.map_err(|e| failed(e.0))?;
        if !answer.status().is_success() {
            return Err(FetchError::Refused {
                host,
                status: answer.status().as_u16(),
                said: said(answer.body()),
            });
        }
        String::from_utf8(answer.into_body().into())
            .map_err(|_| FetchError::Answer(format!("{host}: the answer is not text")))
    }

    /// The same, for an answer in JSON.
    pub(super) async fn answer<T: DeserializeOwned>(
        self,
        http: &impl Http,
    ) -> Result<T, FetchError> {
        let host = host_of(&self.url);
        let text = self.header(ACCEPT, "application/json").text(http).await?;
        // serde quotes what it finds, which may be a token.
        serde_json::from_str(&text)
            .map_err(|_| FetchError::Answer(format!("{host}: the answer is not what was expected")))
    }
}

// === impl Token ===

impl Token {
    pub(super) fn expires(&self, now: SystemTime) -> SystemTime {
        let told = self.expires_in.as_ref().and_then(Seconds::get);
        let until = self.expires_on.as_ref().and_then(Seconds::get);
        match (told, until) {
            (Some(seconds), _) => now + Duration::from_secs(seconds),
            (None, Some(until)) if until > MILLISECONDS => {
                SystemTime::UNIX_EPOCH + Duration::from_millis(until)
            }
            (None, Some(until)) => SystemTime::UNIX_EPOCH + Duration::from_secs(until),
            (None, None) => now + UNTOLD,
        }
    }
}

impl Seconds {
    fn get(&self) -> Option<u64> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Reads a small file whose content is a credential.
pub(super) fn read_file(path: &str) -> Result<String, FetchError> {
    std::fs::read_to_string(path).map_err(|e| FetchError::File {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

pub(super) fn encode(pairs: &[(&str, &str)]) -> String {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let value = utf8_percent_encode(value, FORM);
            format!("{}={value}", utf8_percent_encode(name, FORM))
        })
        .collect();
    encoded.join("&")
}

/// Scheme and path say nothing to the operator, and a query may hold a credential.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

/// What a server gives as its reason, in one short line.
fn said(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Complaint>(body) {
        Ok(complaint) => complaint.text(),
        // AWS answers in XML.
        Err(_) => String::from_utf8_lossy(body)
            .split_once("<Message>")
            .and_then(|(_, rest)| rest.split_once("</Message>"))
            .map(|(message, _)| message.to_owned())
            .unwrap_or_default(),
    };
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(SAID).collect()
}

// === impl Complaint ===

impl Complaint {
    fn text(self) -> String {
        let error = match self.error {
            Some(serde_json::Value::String(error)) => Some(error),
            Some(serde_json::Value::Object(error)) => error
                .get("message")
                .and_then(|message| Some(message.as_str()?.to_owned())),
            _ => None,
        };
        let more = self.error_description.or(self.message).or(self.aws_message);
        match (error, more) {
            (Some(error), Some(more)) => format!("{error}: {more}"),
            (Some(text), None) | (None, Some(text)) => text,
            (None, None) => String::new(),
        }
    }
}
