//! The four dialects as a client or a provider meets them.

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
}

// === impl Dialect ===

impl Dialect {
    pub(crate) const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// The provider prefix of a model string.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// What follows the host in a base URL.
    pub(crate) fn base_path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1",
            Self::Gemini => "/v1beta",
            Self::Anthropic | Self::Ollama => "",
        }
    }

    /// The path of a chat request.
    pub(crate) fn chat_path(self, model: &str, stream: bool) -> String {
        match self {
            Self::OpenAi => "/v1/chat/completions".to_owned(),
            Self::Anthropic => "/v1/messages".to_owned(),
            Self::Ollama => "/api/chat".to_owned(),
            Self::Gemini if stream => {
                format!("/v1beta/models/{model}:streamGenerateContent?alt=sse")
            }
            Self::Gemini => format!("/v1beta/models/{model}:generateContent"),
        }
    }

    /// Where a message stands in this dialect's error body.
    pub(crate) fn error_message(self, body: &serde_json::Value) -> String {
        let message = match self {
            Self::Ollama => &body["error"],
            _ => &body["error"]["message"],
        };
        message
            .as_str()
            .unwrap_or_else(|| panic!("{self:?} error without a message: {body}"))
            .to_owned()
    }

    /// Fails unless `body` is an error as this dialect writes it, with `status` where it shows one.
    pub(crate) fn assert_error(self, status: u16, body: &serde_json::Value) {
        assert!(!self.error_message(body).is_empty(), "{body}");
        match self {
            Self::OpenAi => {
                assert!(body["error"]["type"].is_string(), "{body}");
                assert!(
                    body["error"]
                        .as_object()
                        .is_some_and(|e| e.contains_key("param")),
                    "{body}"
                );
                assert_eq!(body["error"]["code"], status.to_string(), "{body}");
            }
            Self::Anthropic => {
                assert_eq!(body["type"], "error", "{body}");
                let kind = match status {
                    401 => "authentication_error",
                    403 => "permission_error",
                    404 => "not_found_error",
                    408 => "timeout_error",
                    413 => "request_too_large",
                    429 => "rate_limit_error",
                    400..=499 => "invalid_request_error",
                    529 => "overloaded_error",
                    _ => "api_error",
                };
                let overloaded = status == 503 && body["error"]["type"] == "overloaded_error";
                assert!(
                    overloaded || body["error"]["type"] == kind,
                    "{status}: {body}"
                );
            }
            Self::Gemini => {
                assert_eq!(body["error"]["code"], status, "{body}");
                assert!(body["error"]["status"].is_string(), "{body}");
            }
            Self::Ollama => assert!(body["error"].is_string(), "{body}"),
        }
    }
}
