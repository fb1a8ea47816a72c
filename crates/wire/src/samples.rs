//! Small requests that say one thing each, to find out what a translation makes of it.
//!
//! They stand beside the code that reads them, in `dialects/<dialect>/samples.json`: a member that
//! a dialect learns to read gets a line there.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::canonical::ChatRequest;
use crate::dialect::{DialectId, RequestHead, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Deeper than any sample.
const DEPTH: usize = 64;

/// A dialect's samples.
#[derive(Debug, Clone, Deserialize)]
pub struct Samples {
    /// Upstream models, one for each way that the dialect's models differ in what they take.
    pub models: Vec<String>,
    /// The smallest request there is; every other is built on it.
    request: Map<String, Value>,
    /// The fields of a request.
    pub fields: Vec<Sample>,
}

/// One field of a request.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// Its name, as the dialect's own reference writes it; what follows in brackets tells two uses
    /// of a field apart.
    pub field: String,
    /// The field that must be there for this one to mean anything.
    #[serde(default)]
    pub on: Option<String>,
    /// Not of the dialect's own reference: other servers that speak it understand the field.
    #[serde(default)]
    pub extension: bool,
    /// The members of a request that says it.
    set: Map<String, Value>,
}

/// The samples of `dialect`.
///
/// # Errors
/// When the file is not what this module reads, which a test rules out.
pub fn samples(dialect: DialectId) -> Result<Samples, serde_json::Error> {
    serde_json::from_str(match dialect {
        DialectId::OpenAiChat => include_str!("dialects/openai_chat/samples.json"),
        DialectId::OpenAiResponses => include_str!("dialects/openai_responses/samples.json"),
        DialectId::Anthropic => include_str!("dialects/anthropic/samples.json"),
        DialectId::Gemini => include_str!("dialects/gemini/samples.json"),
        DialectId::Ollama => include_str!("dialects/ollama/samples.json"),
        DialectId::Bedrock => include_str!("dialects/bedrock/samples.json"),
        DialectId::Cohere => include_str!("dialects/cohere/samples.json"),
    })
}

// === impl Samples ===

impl Samples {
    /// The request that says `sample`, read as `dialect`; without one, the smallest request.
    ///
    /// # Errors
    /// When the dialect cannot be read, or not so.
    pub fn request(
        &self,
        dialect: DialectId,
        sample: Option<&Sample>,
    ) -> Result<ChatRequest, TranslateError> {
        let mut members = self.request.clone();
        if let Some(sample) = sample {
            members.extend(sample.set.clone());
        }
        let body = Bytes::from(Value::Object(members).to_string());
        let body =
            JsonObject::parse(body, DEPTH).map_err(|e| TranslateError::invalid(e.to_string()))?;
        let head = RequestHead {
            operation: Operation::Chat,
            model: Some("sample"),
            stream: Some(false),
        };
        dialect.dialect().decode_request(&head, &body)
    }

    /// The sample of the field that `sample` builds on.
    pub fn basis(&self, sample: &Sample) -> Option<&Sample> {
        let on = sample.on.as_deref()?;
        self.fields.iter().find(|field| field.field == on)
    }
}
