//! Writing a call for a deployment: spliced when both speak the same dialect, translated otherwise.

mod own;
mod refusal;

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_providers::{Call as QuirkCall, apply};
use lockgate_wire::canonical::{ErrorKind, Loss, LossKind};
use lockgate_wire::dialect::{EncodedRequest, Spliced, Target};
use lockgate_wire::dialects::openai_chat::take_completion_params;
use lockgate_wire::json::{JsonObject, quote};
use lockgate_wire::translate::translate_request;
use lockgate_wire::{DialectId, Operation};

use self::own::is_own;
pub(crate) use self::own::{Own, OwnAnswer, gather};
use self::refusal::{not_expressible, not_offered, other_protocol, unsupported};
use crate::call::{Call, bad_request};
use crate::deployment::Deployment;
use crate::upstream::Pieces;
use crate::{json_path, responses};

/// Deeper than any body a client may send, for bodies that the gateway wrote itself.
const OWN_DEPTH: usize = 512;

/// A call as a deployment gets it.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The body.
    pub body: Pieces,
    /// Headers that go with it.
    pub headers: Vec<(&'static str, String)>,
    /// The dialect that the upstream is spoken to in.
    pub dialect: DialectId,
    /// The operation that the upstream is asked for.
    pub operation: Operation,
    /// How the answer comes back.
    pub passage: Passage,
    /// What was left out, by OpenAI field names.
    pub dropped: Vec<String>,
    /// The provider's own format, where that is what it is written in.
    pub own: Option<Box<Own>>,
}

/// How an answer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// As bytes.
    Relayed(Spliced),
    /// Through the canonical form.
    Translated,
    /// As bytes nobody looks into, with the content type they came with.
    Forwarded,
    /// As a WebSocket.
    Session,
}

/// What the operator says about parameters that a provider does not understand.
#[derive(Debug, Clone, Copy)]
struct DropPolicy<'a> {
    drop: bool,
    pass: &'a [String],
    pass_too: &'a [String],
}

/// Writes `call` for `deployment`, whose model there is `model`.
///
/// Fails when the call says something that the deployment's dialect cannot express and nobody
/// allowed to drop it.
pub(crate) fn prepare(
    call: &Call,
    deployment: &Deployment,
    model: &str,
    global_drop: bool,
) -> Result<Prepared, GatewayError> {
    if call.operation == Operation::Realtime {
        return join(call, deployment);
    }
    let mut trimmed = None;
    let source = if has_drops(call, deployment) {
        trimmed.insert(without_drops(call, deployment)?)
    } else {
        call
    };
    let target = Target {
        model,
        operation: call.operation,
        stream: call.streams(),
        max_output_tokens: deployment.max_output_tokens,
    };
    let policy = drop_policy(call, deployment, global_drop);
    let mut prepared = if is_own(deployment, call.operation) {
        own::own(source, deployment, model, policy)?
    } else if call.operation.forwarded_path().is_some() {
        forward(source, deployment, &target)?
    } else if call.operation == Operation::Rerank {
        own::rerank(source, deployment, model, policy)?
    } else if deployment.relays(call.dialect, call.operation) {
        splice(source, deployment, &target)?
    } else {
        translate(source, deployment, target, policy)?
    };
    finish(&mut prepared, deployment, model, policy.drop)?;
    Ok(prepared)
}

/// A session: nothing is written yet, the two sides only have to speak the same protocol.
fn join(call: &Call, deployment: &Deployment) -> Result<Prepared, GatewayError> {
    if !deployment.provider.supports(Operation::Realtime) {
        return Err(not_offered(call.operation, deployment));
    }
    if deployment.dialect() != call.dialect {
        return Err(other_protocol(deployment));
    }
    Ok(Prepared {
        body: Pieces::default(),
        headers: Vec::new(),
        dialect: call.dialect,
        operation: call.operation,
        passage: Passage::Session,
        dropped: Vec::new(),
        own: None,
    })
}

fn splice(
    call: &Call,
    deployment: &Deployment,
    target: &Target<'_>,
) -> Result<Prepared, GatewayError> {
    let mut body = call.body.clone();
    if call.continues {
        // It would be put in front once more.
        body.remove("previous_response_id");
    }
    let spliced = call
        .dialect
        .dialect()
        .splice_request(&mut body, target, &deployment.defaults)
        .map_err(|e| bad_request(&e))?;
    Ok(Prepared {
        body: body.to_pieces().into_iter().collect(),
        headers: Vec::new(),
        dialect: call.dialect,
        operation: at_upstream(call.operation, call.dialect),
        passage: Passage::Relayed(spliced),
        dropped: Vec::new(),
        own: None,
    })
}

/// An operation without a canonical form: the body as it is, but for the model and the
/// deployment's own parameters.
fn forward(
    call: &Call,
    deployment: &Deployment,
    target: &Target<'_>,
) -> Result<Prepared, GatewayError> {
    if !deployment.relays(call.dialect, call.operation) {
        return Err(not_offered(call.operation, deployment));
    }
    let mut body = call.body.clone();
    body.set("model", quote(target.model));
    for (name, value) in deployment.entry.litellm_params.params.iter() {
        if !body.contains(name) {
            body.set(name, value.to_string());
        }
    }
    Ok(Prepared {
        body: body.to_pieces().into_iter().collect(),
        headers: Vec::new(),
        dialect: call.dialect,
        operation: call.operation,
        passage: Passage::Forwarded,
        dropped: Vec::new(),
        own: None,
    })
}

fn translate(
    call: &Call,
    deployment: &Deployment,
    mut target: Target<'_>,
    policy: DropPolicy<'_>,
) -> Result<Prepared, GatewayError> {
    let id = deployment.dialect_for(call.dialect, call.operation);
    let dialect = id.dialect();
    if call.operation.is_embeddings() {
        target.operation = Operation::Embeddings;
        let encoded = dialect
            .encode_embedding_request(call.embedding()?, &target)
            .map_err(|e| not_expressible(&e, deployment))?;
        return settle(call, deployment, target.operation, encoded, policy);
    }
    if call.operation.is_chat() {
        target.operation = deployment.text_operation();
    }
    responses::check(call, deployment)?;
    let pair = (call.dialect, id);
    let mut chat = call.chat()?.clone();
    let losses = match (call.operation, target.operation) {
        (Operation::Completions, Operation::Chat) => take_completion_params(&mut chat.params.extra),
        _ => Vec::new(),
    };
    let mut encoded = translate_request(pair, chat, &deployment.defaults, &target)
        .map_err(|e| not_expressible(&e, deployment))?;
    encoded.losses.extend(losses);
    settle(call, deployment, target.operation, encoded, policy)
}

/// Decides what happens to what could not be expressed.
fn settle(
    call: &Call,
    deployment: &Deployment,
    operation: Operation,
    mut encoded: EncodedRequest,
    policy: DropPolicy<'_>,
) -> Result<Prepared, GatewayError> {
    let dialect = deployment.dialect_for(call.dialect, call.operation);
    let losses = std::mem::take(&mut encoded.losses);
    let (passed, dropped) = losses_settled(call, deployment, losses, policy)?;
    if !passed.is_empty() {
        let mut body = own_json(&encoded.body)?;
        for name in passed {
            if let Some(raw) = call.body.get(&name) {
                body.set(&name, Bytes::copy_from_slice(raw));
            }
        }
        encoded.body = body.to_bytes();
    }
    Ok(Prepared {
        body: encoded.body.into(),
        headers: encoded.headers,
        dialect,
        operation: at_upstream(operation, dialect),
        passage: Passage::Translated,
        dropped,
        own: None,
    })
}

/// Of what could not be expressed: what is passed on as it is, and what is left out. Fails when
/// something may not be left out.
fn losses_settled(
    call: &Call,
    deployment: &Deployment,
    losses: Vec<Loss>,
    policy: DropPolicy<'_>,
) -> Result<(Vec<String>, Vec<String>), GatewayError> {
    let passes = |loss: &Loss| {
        policy
            .pass
            .iter()
            .chain(policy.pass_too)
            .any(|name| *name == loss.what)
            && call.body.contains(&loss.what)
    };
    let (passed, lost): (Vec<Loss>, Vec<Loss>) = losses.into_iter().partition(passes);
    let refused: Vec<&str> = lost
        .iter()
        .filter(|loss| !policy.drop && loss.kind != LossKind::Hint)
        .map(|loss| loss.what.as_str())
        .collect();
    if !refused.is_empty() {
        return Err(unsupported(&refused, deployment));
    }
    let names = |losses: Vec<Loss>| losses.into_iter().map(|loss| loss.what).collect();
    Ok((names(passed), names(lost)))
}

/// What an upstream that is spoken to in `dialect` is asked for.
fn at_upstream(operation: Operation, dialect: DialectId) -> Operation {
    if dialect == DialectId::OpenAiResponses && operation == Operation::Chat {
        Operation::Responses
    } else {
        operation
    }
}

/// The provider's deviations and the operator's last word.
fn finish(
    prepared: &mut Prepared,
    deployment: &Deployment,
    model: &str,
    drop_params: bool,
) -> Result<(), GatewayError> {
    let quirks = &deployment.quirks;
    let extra = &deployment.entry.litellm_params.extra_body;
    let is_form = prepared.own.as_ref().is_some_and(|own| !own.is_json);
    if is_form || quirks.is_empty() && extra.is_empty() {
        return Ok(());
    }
    let mut body = own_json(&prepared.body.to_bytes())?;
    let call = QuirkCall {
        operation: prepared.operation,
        model,
        drop_params,
    };
    apply(quirks, &mut body, &call);
    for (name, value) in extra.iter() {
        body.set(name, value.to_string());
    }
    prepared.body = body.to_bytes().into();
    Ok(())
}

fn own_json(body: &Bytes) -> Result<JsonObject, GatewayError> {
    JsonObject::parse(body.clone(), OWN_DEPTH).map_err(|e| {
        GatewayError::gateway(
            ErrorKind::Internal,
            format!("the translated request broke: {e}"),
        )
    })
}

fn has_drops(call: &Call, deployment: &Deployment) -> bool {
    !call.options.additional_drop_params.is_empty()
        || !deployment
            .entry
            .litellm_params
            .additional_drop_params
            .is_empty()
}

/// The call without what `additional_drop_params` of the request and the deployment name.
fn without_drops(call: &Call, deployment: &Deployment) -> Result<Call, GatewayError> {
    let mut trimmed = call.clone();
    let own = &deployment.entry.litellm_params.additional_drop_params;
    for path in call.options.additional_drop_params.iter().chain(own) {
        json_path::remove(&mut trimmed.body, path).map_err(|e| {
            GatewayError::client(ErrorKind::InvalidRequest, e.to_string())
                .with_param("additional_drop_params")
        })?;
    }
    Ok(trimmed.changed())
}

/// The first that says something decides: the request, the deployment, the settings. When nobody
/// does, parameters of the OpenAI API are refused as LiteLLM refuses them, while clients of the
/// other dialects, which LiteLLM serves with silent losses, get the losses named.
fn drop_policy<'a>(
    call: &'a Call,
    deployment: &'a Deployment,
    global_drop: bool,
) -> DropPolicy<'a> {
    let params = &deployment.entry.litellm_params;
    let drop = call
        .options
        .drop_params
        .or(params.drop_params)
        .unwrap_or(global_drop || call.dialect != DialectId::OpenAiChat);
    DropPolicy {
        drop,
        pass: &call.options.allowed_openai_params,
        pass_too: &params.allowed_openai_params,
    }
}
