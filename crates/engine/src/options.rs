//! What a client says to the gateway itself: body members and headers that no provider gets
//! (reference sections 3.6 and 5.2).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use lockgate_core::config::Fallback;
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use serde_json::Value;

const TIMEOUT: HeaderName = HeaderName::from_static("x-litellm-timeout");
const STREAM_TIMEOUT: HeaderName = HeaderName::from_static("x-litellm-stream-timeout");
const NUM_RETRIES: HeaderName = HeaderName::from_static("x-litellm-num-retries");

/// Wishes of one request that concern the gateway, not the model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Limit for the whole request.
    pub timeout: Option<Duration>,
    /// Limit until the first byte of a streamed answer.
    pub stream_timeout: Option<Duration>,
    /// Attempts that may follow the first.
    pub num_retries: Option<u32>,
    /// Where to go when the model group fails.
    pub fallbacks: Vec<RequestFallback>,
    /// Do not go anywhere else.
    pub disable_fallbacks: bool,
    /// Drop what the provider does not understand.
    pub drop_params: Option<bool>,
    /// Always drop these.
    pub additional_drop_params: Vec<String>,
    /// Pass these on although the provider is not known to take them.
    pub allowed_openai_params: Vec<String>,
    /// What the body marks the request with.
    pub tags: Vec<String>,
    /// The customer that the body's metadata name.
    pub customer: Option<String>,
}

/// A fallback that the client named, with members that replace the request's own on the way.
#[derive(Debug, Clone)]
pub(crate) struct RequestFallback {
    /// The model group.
    pub model: String,
    /// Members for that hop.
    pub members: Vec<(String, Bytes)>,
}

/// Members that direct the gateway. They are taken out of an OpenAI-dialect body.
fn is_for_gateway(key: &[u8]) -> bool {
    matches!(
        key,
        b"additional_drop_params"
            | b"allowed_openai_params"
            | b"applied_guardrails"
            | b"cache"
            | b"caching"
            | b"callbacks"
            | b"content_policy_fallbacks"
            | b"context_window_fallbacks"
            | b"custom_llm_provider"
            | b"disable_fallbacks"
            | b"disable_global_guardrails"
            | b"drop_params"
            | b"extra_headers"
            | b"fallbacks"
            | b"guardrails"
            | b"headers"
            | b"litellm_call_id"
            | b"litellm_disabled_callbacks"
            | b"litellm_metadata"
            | b"litellm_session_id"
            | b"litellm_trace_id"
            | b"logger_fn"
            | b"metadata"
            | b"mock_delay"
            | b"mock_response"
            | b"mock_timeout"
            | b"mock_tool_calls"
            | b"no-log"
            | b"num_retries"
            | b"priority"
            | b"service_callback"
            | b"stream_timeout"
            | b"tags"
            | b"timeout"
    )
}

/// Members that would let a client choose where a credential is sent, or whose credential is used.
fn is_banned(key: &[u8]) -> bool {
    matches!(
        key,
        b"api_base"
            | b"api_key"
            | b"aws_bedrock_runtime_endpoint"
            | b"aws_external_id"
            | b"aws_profile_name"
            | b"aws_role_name"
            | b"aws_session_name"
            | b"aws_session_tags"
            | b"aws_sts_endpoint"
            | b"aws_web_identity_token"
            | b"azure_ad_token"
            | b"base_url"
            | b"bedrock_tags"
            | b"deployment_url"
            | b"langfuse_host"
            | b"langfuse_public_key"
            | b"langfuse_secret_key"
            | b"litellm_credential_name"
            | b"model_list"
            | b"nvcf_function_id"
            | b"s3_endpoint_url"
            | b"sagemaker_base_url"
            | b"user_config"
            | b"vertex_ai_credentials"
            | b"vertex_credentials"
    )
}

/// Members that only a gateway under test may get.
fn is_for_tests(key: &[u8]) -> bool {
    matches!(
        key,
        b"mock_testing_content_policy_fallbacks"
            | b"mock_testing_context_window_fallbacks"
            | b"mock_testing_fallbacks"
    )
}

// === impl Options ===

impl Options {
    /// Reads the wishes and takes them out of `body`. Refuses what a client may not send.
    pub(crate) fn take(
        dialect: DialectId,
        headers: &HeaderMap,
        body: &mut JsonObject,
    ) -> Result<Self, GatewayError> {
        refuse_banned(body)?;
        let mut options = Self::default();
        // The other dialects have no such extensions, and `metadata` is a field of their own.
        let directs = || body.any_key(is_for_gateway);
        if dialect == DialectId::OpenAiChat && directs() {
            let own: Vec<String> = body
                .keys()
                .filter(|key| is_for_gateway(key.as_bytes()))
                .map(str::to_owned)
                .collect();
            options.read_members(body)?;
            for name in &own {
                body.remove(name);
            }
        }
        options.read_headers(headers)?;
        Ok(options)
    }

    fn read_members(&mut self, body: &JsonObject) -> Result<(), GatewayError> {
        let present: Vec<&str> = body.keys().collect();
        let has = |name: &str| present.contains(&name);
        if has("timeout") {
            self.timeout = seconds("timeout", value(body, "timeout")?)?;
        }
        if has("stream_timeout") {
            self.stream_timeout = seconds("stream_timeout", value(body, "stream_timeout")?)?;
        }
        if has("num_retries") {
            self.num_retries = match value(body, "num_retries")? {
                Value::Null => None,
                number => Some(small(&number).ok_or_else(|| wrong("num_retries", "a number"))?),
            };
        }
        self.disable_fallbacks = body.get_bool("disable_fallbacks").unwrap_or(false);
        self.drop_params = body.get_bool("drop_params");
        if has("additional_drop_params") {
            self.additional_drop_params = names(body, "additional_drop_params")?;
        }
        if has("allowed_openai_params") {
            self.allowed_openai_params = names(body, "allowed_openai_params")?;
        }
        if has("fallbacks") {
            self.fallbacks = fallbacks(value(body, "fallbacks")?)?;
        }
        if has("tags") {
            self.tags.extend(texts(&value(body, "tags")?));
        }
        for name in ["litellm_metadata", "metadata"] {
            if has(name) {
                self.read_metadata(&value(body, name)?);
            }
        }
        Ok(())
    }

    /// Tags and the customer; other metadata is nobody's here.
    fn read_metadata(&mut self, metadata: &Value) {
        if let Some(tags) = metadata.get("tags") {
            self.tags.extend(texts(tags));
        }
        let customer = metadata.get("user_id").and_then(Value::as_str);
        let customer = customer.or_else(|| metadata.get("user")?.as_str());
        if self.customer.is_none() {
            self.customer = customer.map(str::to_owned);
        }
    }

    fn read_headers(&mut self, headers: &HeaderMap) -> Result<(), GatewayError> {
        let header = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        if let Some(text) = header(&TIMEOUT) {
            self.timeout = seconds(TIMEOUT.as_str(), text.into())?;
        }
        if let Some(text) = header(&STREAM_TIMEOUT) {
            self.stream_timeout = seconds(STREAM_TIMEOUT.as_str(), text.into())?;
        }
        if let Some(text) = header(&NUM_RETRIES) {
            let number = text
                .parse()
                .map_err(|_| wrong(NUM_RETRIES.as_str(), "a number"))?;
            self.num_retries = Some(number);
        }
        Ok(())
    }

    /// The client's fallbacks as the router's configuration writes them.
    pub(crate) fn router_fallbacks(&self) -> Vec<Fallback> {
        self.fallbacks
            .iter()
            .map(|f| Fallback::Name(f.model.clone()))
            .collect()
    }
}

fn refuse_banned(body: &JsonObject) -> Result<(), GatewayError> {
    if !body.any_key(|key| is_banned(key) || is_for_tests(key)) {
        return Ok(());
    }
    for key in body.keys() {
        if is_banned(key.as_bytes()) {
            return Err(GatewayError::client(
                ErrorKind::Authentication,
                format!("Clients may not send `{key}`: it decides where credentials go."),
            )
            .with_type("auth_error")
            .with_param(key.to_owned()));
        }
        if is_for_tests(key.as_bytes()) {
            return Err(GatewayError::client(
                ErrorKind::InvalidRequest,
                format!("`{key}` is for gateways under test."),
            )
            .with_param(key.to_owned()));
        }
    }
    Ok(())
}

fn value(body: &JsonObject, name: &str) -> Result<Value, GatewayError> {
    let raw = body.get(name).unwrap_or(b"null");
    serde_json::from_slice(raw).map_err(|_| wrong(name, "valid JSON"))
}

fn seconds(name: &str, value: Value) -> Result<Option<Duration>, GatewayError> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(Some)
        .ok_or_else(|| wrong(name, "a number of seconds"))
}

/// The texts of a list; what is none is left out.
fn texts(list: &Value) -> impl Iterator<Item = String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned))
}

fn small(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn names(body: &JsonObject, name: &str) -> Result<Vec<String>, GatewayError> {
    let raw = body.get(name).unwrap_or(b"null");
    serde_json::from_slice::<Option<Vec<String>>>(raw)
        .map(Option::unwrap_or_default)
        .map_err(|_| wrong(name, "a list of names"))
}

fn fallbacks(value: Value) -> Result<Vec<RequestFallback>, GatewayError> {
    const EXPECTED: &str = "a list of model names or objects with a `model`";
    let items = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        _ => return Err(wrong("fallbacks", EXPECTED)),
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::String(model) => Ok(RequestFallback {
                model,
                members: Vec::new(),
            }),
            Value::Object(members) => request_fallback(members),
            _ => Err(wrong("fallbacks", EXPECTED)),
        })
        .collect()
}

fn request_fallback(
    mut members: serde_json::Map<String, Value>,
) -> Result<RequestFallback, GatewayError> {
    let Some(Value::String(model)) = members.remove("model") else {
        return Err(wrong("fallbacks", "a `model` in each object"));
    };
    if let Some(banned) = members.keys().find(|key| is_banned(key.as_bytes())) {
        return Err(GatewayError::client(
            ErrorKind::Authentication,
            format!(
                "Clients may not send `fallbacks[].{banned}`: it decides where credentials go."
            ),
        )
        .with_type("auth_error"));
    }
    let members = members
        .into_iter()
        .map(|(name, value)| (name, Bytes::from(value.to_string())))
        .collect();
    Ok(RequestFallback { model, members })
}

fn wrong(name: &str, expected: &str) -> GatewayError {
    GatewayError::client(
        ErrorKind::InvalidRequest,
        format!("`{name}` must be {expected}"),
    )
    .with_param(name)
}
