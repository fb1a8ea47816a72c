//! The seven dialects as a client or a provider meets them.

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
    Bedrock,
    Cohere,
}

// === impl Dialect ===

impl Dialect {
    pub(crate) const ALL: [Self; 7] = [
        Self::OpenAi,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
        Self::Bedrock,
        Self::Cohere,
    ];

    /// What a model group of this dialect is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Responses => "responses",
            _ => self.provider(),
        }
    }

    /// The provider prefix of a model string.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Responses => "openai/responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Bedrock => "bedrock",
            Self::Cohere => "cohere",
        }
    }

    /// What follows the host in a base URL.
    pub(crate) fn base_path(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Responses => "/v1",
            Self::Gemini => "/v1beta",
            Self::Anthropic | Self::Ollama | Self::Bedrock | Self::Cohere => "",
        }
    }

    /// The path of a chat request.
    pub(crate) fn chat_path(self, model: &str, stream: bool) -> String {
        match self {
            Self::OpenAi => "/v1/chat/completions".to_owned(),
            Self::Responses => "/v1/responses".to_owned(),
            Self::Anthropic => "/v1/messages".to_owned(),
            Self::Cohere => "/v2/chat".to_owned(),
            Self::Bedrock if stream => format!("/model/{model}/converse-stream"),
            Self::Bedrock => format!("/model/{model}/converse"),
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
            Self::Bedrock | Self::Cohere => &body["message"],
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
            Self::OpenAi | Self::Responses => {
                assert!(body["error"]["type"].is_string(), "{body}");
                assert!(
                    body["error"]
                        .as_object()
                        .is_some_and(|e| e.contains_key("param")),
                    "{body}"
                );
                let code = body["error"]["code"].as_str().unwrap_or_default();
                // Clients of the Responses API look for OpenAI's own codes.
                let own = self == Self::Responses && !code.is_empty();
                assert!(own || code == status.to_string(), "{body}");
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
            Self::Bedrock => assert!(body["__type"].is_string(), "{body}"),
            Self::Cohere => assert!(body["error"].is_null(), "{body}"),
        }
    }
}
