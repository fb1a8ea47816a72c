//! Calls in a format that is the provider's own, and no dialect's.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderValue;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::{ErrorKind, ImageRequest, TranscriptionRequest};
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::embeddings::EmbeddingFormat;
use lockgate_wire::form::{FormPart, parts};
use lockgate_wire::images::{self, ImageFormat};
use lockgate_wire::own::OwnRequest;
use lockgate_wire::speech;
use lockgate_wire::transcription::{self, TranscriptionFormat};
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;

use super::refusal::{not_expressible, not_offered};
use super::{DropPolicy, Passage, Prepared, losses_settled, own_json, settle};
use crate::call::{Call, bad_request};
use crate::deployment::Deployment;
use crate::pipeline::body_limit;
use crate::snapshot::Snapshot;
use crate::upload::Upload;

/// What is particular about a call in a provider's own format.
#[derive(Debug)]
pub(crate) struct Own {
    /// Path and query below the base URL; `None`: where the provider has the operation anyway.
    pub place: Option<(String, String)>,
    /// Of the body.
    pub content_type: HeaderValue,
    /// The body is JSON.
    pub is_json: bool,
    /// How the answer is read.
    pub answer: OwnAnswer,
}

/// How an answer in a provider's own format is read, and what the client asked for.
#[derive(Debug)]
pub(crate) enum OwnAnswer {
    /// As vectors.
    Vectors(EmbeddingFormat),
    /// As pictures.
    Pictures(ImageFormat, Box<ImageRequest>),
    /// Not at all: sound is sound.
    Sound,
    /// As what was said.
    Transcript(TranscriptionFormat, Box<TranscriptionRequest>),
}

/// Reads a form whole that is taken apart for its provider: what comes behind the file may belong
/// in front of it, or into the URL.
pub(crate) async fn gather(
    snapshot: &Snapshot,
    call: &Call,
    deployment: &Deployment,
) -> Result<(), GatewayError> {
    match &call.upload {
        Some(upload) if deployment.provider.formats.has(call.operation) => {
            upload.gather(body_limit(snapshot)).await
        }
        _ => Ok(()),
    }
}

/// Whether `deployment` is asked for `operation` in a format of its own.
pub(super) fn is_own(deployment: &Deployment, operation: Operation) -> bool {
    deployment.provider.formats.has(operation)
}

/// Writes `call` in the format of `deployment`'s provider.
pub(super) fn own(
    call: &Call,
    deployment: &Deployment,
    model: &str,
    policy: DropPolicy<'_>,
) -> Result<Prepared, GatewayError> {
    // The older form of embeddings is asked for as the newer one.
    let operation = if call.operation.is_embeddings() {
        Operation::Embeddings
    } else {
        call.operation
    };
    if !deployment.provider.supports(operation) {
        return Err(not_offered(operation, deployment));
    }
    let (request, answer) = write(call, deployment, model)?;
    let request = request.map_err(|e| not_expressible(&e, deployment))?;
    let (request, dropped) = judge(call, deployment, request, policy)?;
    let content_type = HeaderValue::from_str(&request.content_type)
        .map_err(|_| bad_request(&TranslateError::invalid("the file's content type is none")))?;
    let passage = match answer {
        OwnAnswer::Sound => Passage::Forwarded,
        _ => Passage::Translated,
    };
    Ok(Prepared {
        headers: Vec::new(),
        dialect: deployment.dialect(),
        operation,
        passage,
        dropped,
        own: Some(Box::new(Own {
            is_json: request.is_json(),
            place: request.path.map(|path| (path, request.query)),
            content_type,
            answer,
        })),
        body: request.body.into(),
    })
}

type Written = (Result<OwnRequest, TranslateError>, OwnAnswer);

fn write(call: &Call, deployment: &Deployment, model: &str) -> Result<Written, GatewayError> {
    let formats = &deployment.provider.formats;
    let bad = |e: TranslateError| bad_request(&e);
    Ok(match call.operation {
        Operation::ImageGeneration | Operation::ImageEdit => {
            let format = formats.images.ok_or_else(|| missing(call, deployment))?;
            let request = match &call.upload {
                Some(upload) => images::decode_form(&form(upload, deployment)?),
                None => images::decode_request(&completed(call, deployment).body),
            }
            .map_err(bad)?;
            let written = format.encode_request(&request, model);
            (written, OwnAnswer::Pictures(format, Box::new(request)))
        }
        Operation::Speech => {
            let format = formats.speech.ok_or_else(|| missing(call, deployment))?;
            let call = completed(call, deployment);
            let request = speech::decode_request(&call.body).map_err(bad)?;
            (format.encode_request(&request, model), OwnAnswer::Sound)
        }
        Operation::Transcription => {
            let missing = || missing(call, deployment);
            let format = formats.transcription.ok_or_else(missing)?;
            let upload = call.upload.as_ref().ok_or_else(missing)?;
            let parts = form(upload, deployment)?;
            let request = transcription::decode_request(&parts).map_err(bad)?;
            let written = format.encode_request(&request, model);
            (written, OwnAnswer::Transcript(format, Box::new(request)))
        }
        _ => {
            let format = formats
                .embeddings
                .ok_or_else(|| missing(call, deployment))?;
            let mut request = completed(call, deployment).embedding()?.clone();
            if call.dialect != DialectId::OpenAiChat {
                // Members of another dialect mean nothing to this provider.
                let strange = std::mem::take(&mut request.extra).into_iter();
                request.unmapped.extend(strange.map(|(name, _)| name));
            }
            let written = format.encode_request(&request, model);
            (written, OwnAnswer::Vectors(format))
        }
    })
}

fn missing(call: &Call, deployment: &Deployment) -> GatewayError {
    not_offered(call.operation, deployment)
}

/// The call with the deployment's own parameters, where the client says nothing.
fn completed<'a>(call: &'a Call, deployment: &Deployment) -> Cow<'a, Call> {
    let params = deployment.entry.litellm_params.params.iter();
    let missing: Vec<(String, Bytes)> = params
        .filter(|(name, _)| !call.body.contains(name))
        .map(|(name, value)| (name.clone(), value.to_string().into()))
        .collect();
    // Members of OpenAI's API mean nothing in another one.
    if missing.is_empty() || call.dialect != DialectId::OpenAiChat {
        return Cow::Borrowed(call);
    }
    Cow::Owned(call.with_members(&missing))
}

/// The form that a client sent, which was gathered before, with the deployment's own parameters,
/// where the client says nothing.
fn form(upload: &Upload, deployment: &Deployment) -> Result<Vec<FormPart>, GatewayError> {
    let whole = upload.whole().ok_or_else(|| {
        let message = "the file was sent already and is not kept";
        GatewayError::gateway(ErrorKind::BadGateway, message)
    })?;
    let content_type = upload.content_type().to_str().unwrap_or_default();
    let mut form = parts(content_type, whole).map_err(|e| {
        let message = format!("the request body cannot be read: {e}");
        GatewayError::client(ErrorKind::InvalidRequest, message)
    })?;
    for (name, value) in deployment.entry.litellm_params.params.iter() {
        if form.iter().any(|part| part.name == *name) {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        form.extend(values.iter().map(|value| {
            FormPart {
                name: name.clone(),
                file_name: None,
                content_type: None,
                value: value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
                    .into(),
            }
        }));
    }
    Ok(form)
}

/// Decides what happens to what could not be expressed.
fn judge(
    call: &Call,
    deployment: &Deployment,
    mut request: OwnRequest,
    policy: DropPolicy<'_>,
) -> Result<(OwnRequest, Vec<String>), GatewayError> {
    let losses = std::mem::take(&mut request.losses);
    let (passed, dropped) = losses_settled(call, deployment, losses, policy)?;
    if !passed.is_empty() && request.is_json() {
        let mut body = own_json(&request.body)?;
        for name in &passed {
            if let Some(raw) = call.body.get(name) {
                body.set(name, Bytes::copy_from_slice(raw));
            }
        }
        request.body = body.to_bytes();
    }
    Ok((request, dropped))
}

/// A rerank call in the provider's form of it.
pub(super) fn rerank(
    call: &Call,
    deployment: &Deployment,
    model: &str,
    policy: DropPolicy<'_>,
) -> Result<Prepared, GatewayError> {
    if !deployment.provider.supports(Operation::Rerank) {
        return Err(not_offered(Operation::Rerank, deployment));
    }
    let encoded = deployment
        .provider
        .rerank
        .encode_request(completed(call, deployment).rerank()?, model)
        .map_err(|e| not_expressible(&e, deployment))?;
    settle(call, deployment, Operation::Rerank, encoded, policy)
}
