//! One request on its way through the pipeline: what the client said, read once.

use std::cell::OnceCell;
use std::time::Instant;

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::{ChatRequest, EmbeddingRequest, ErrorKind, RerankRequest};
use lockgate_wire::dialect::{ReplyContext, RequestHead, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::rerank;
use lockgate_wire::{DialectId, Operation};

use crate::auth::Identity;
use crate::options::Options;
use crate::upload::Upload;

/// An authenticated request with its body indexed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The client's dialect.
    pub dialect: DialectId,
    /// What it asks for.
    pub operation: Operation,
    /// The model, as the client names it.
    pub model: String,
    /// Whether the path says to stream.
    pub path_stream: Option<bool>,
    /// What of the query of a session travels on to the upstream.
    pub query: String,
    /// The body without what was meant for the gateway.
    pub body: JsonObject,
    /// The body holds an earlier conversation, which the client only named.
    pub continues: bool,
    /// Whose it is, where something is kept or sealed for its caller.
    pub owner: Option<Identity>,
    /// The form, where that is the body.
    pub upload: Option<Upload>,
    /// What was meant for the gateway.
    pub options: Options,
    /// The id that the client sees as `x-litellm-call-id`.
    pub call_id: String,
    /// Client headers to pass on to the upstream.
    pub forwarded: http::HeaderMap,
    /// When the request was accepted.
    pub(crate) started: Instant,
    /// What was decoded from the body so far.
    pub(crate) decoded: Decoded,
}

/// The body in canonical form, once somebody needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoded {
    chat: OnceCell<ChatRequest>,
    embedding: OnceCell<EmbeddingRequest>,
    rerank: OnceCell<RerankRequest>,
}

// === impl Call ===

impl Call {
    /// A call that the gateway makes for itself, to model group `model`.
    pub(crate) fn own(
        dialect: DialectId,
        operation: Operation,
        model: &str,
        body: JsonObject,
    ) -> Self {
        Self {
            dialect,
            operation,
            model: model.to_owned(),
            path_stream: None,
            query: String::new(),
            body,
            continues: false,
            owner: None,
            upload: None,
            options: Options::default(),
            call_id: "gateway".to_owned(),
            forwarded: http::HeaderMap::new(),
            started: Instant::now(),
            decoded: Decoded::default(),
        }
    }

    /// The same call with some members replaced, for a fallback that brings its own.
    pub(crate) fn with_members(&self, members: &[(String, bytes::Bytes)]) -> Self {
        let mut call = self.clone();
        for (name, value) in members {
            call.body.set(name, value.clone());
        }
        call.changed()
    }

    /// To be said after the body was changed: what was decoded from it is forgotten.
    #[must_use]
    pub(crate) fn changed(mut self) -> Self {
        self.decoded = Decoded::default();
        self
    }

    /// Whether its body went to an upstream and cannot be sent again.
    pub(crate) fn is_spent(&self) -> bool {
        self.upload.as_ref().is_some_and(Upload::is_spent)
    }

    /// Whether the client wants a streamed answer.
    pub(crate) fn streams(&self) -> bool {
        if !self.operation.is_chat() {
            return false;
        }
        // Ollama streams unless told not to.
        let by_default = self.dialect == DialectId::Ollama;
        self.path_stream
            .or_else(|| self.body.get_bool("stream"))
            .unwrap_or(by_default)
    }

    /// The chat request in canonical form; decoded once.
    pub(crate) fn chat(&self) -> Result<&ChatRequest, GatewayError> {
        if let Some(chat) = self.decoded.chat.get() {
            return Ok(chat);
        }
        let decoded = self
            .dialect
            .dialect()
            .decode_request(&self.head(), &self.body)
            .map_err(|e| bad_request(&e))?;
        Ok(self.decoded.chat.get_or_init(|| decoded))
    }

    /// The embedding request in canonical form; decoded once.
    pub(crate) fn embedding(&self) -> Result<&EmbeddingRequest, GatewayError> {
        if let Some(embedding) = self.decoded.embedding.get() {
            return Ok(embedding);
        }
        let decoded = self
            .dialect
            .dialect()
            .decode_embedding_request(&self.head(), &self.body)
            .map_err(|e| bad_request(&e))?;
        Ok(self.decoded.embedding.get_or_init(|| decoded))
    }

    /// The rerank request in canonical form; decoded once.
    pub(crate) fn rerank(&self) -> Result<&RerankRequest, GatewayError> {
        if let Some(rerank) = self.decoded.rerank.get() {
            return Ok(rerank);
        }
        let decoded = rerank::decode_request(&self.body).map_err(|e| bad_request(&e))?;
        Ok(self.decoded.rerank.get_or_init(|| decoded))
    }

    /// What the client's answer must say.
    pub(crate) fn reply(&self) -> ReplyContext {
        let created = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        // A request that is only passed on is not decoded, and its answer written elsewhere.
        let chat = self.decoded.chat.get();
        ReplyContext {
            operation: self.operation,
            model: self.model.clone(),
            id: self.call_id.split('-').collect::<Vec<_>>().concat(),
            created,
            include_usage: chat.is_some_and(|chat| chat.include_usage),
            started: Some(self.started),
            echo: chat.and_then(|_| self.dialect.dialect().echo(&self.body)),
        }
    }

    fn head(&self) -> RequestHead<'_> {
        RequestHead {
            operation: self.operation,
            model: Some(&self.model),
            stream: self.path_stream,
        }
    }
}

/// A request that its own dialect does not allow.
pub(crate) fn bad_request(error: &TranslateError) -> GatewayError {
    let refused = GatewayError::client(ErrorKind::InvalidRequest, error.to_string());
    match error {
        TranslateError::Invalid {
            param: Some(param), ..
        } => refused.with_param(param.clone()),
        _ => refused,
    }
}
