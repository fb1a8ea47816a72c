//! Asking a provider how many tokens a conversation has.

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::{ChatRequest, ErrorKind};
use lockgate_wire::dialect::Target;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;

use crate::attempt::{Attempt, Content};
use crate::call::{Call, bad_request};
use crate::engine::Engine;
use crate::prepare::prepare;
use crate::snapshot::Snapshot;
use crate::travel::limits;

/// Deeper than what is counted here may nest.
const DEPTH: usize = 512;

/// What a provider counted.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Tokens.
    pub tokens: u64,
    /// The model as the provider names it.
    pub model: String,
    /// Whose API it is.
    pub dialect: DialectId,
    /// The provider's answer, JSON.
    pub answer: Bytes,
}

// === impl Engine ===

impl Engine {
    /// What the first deployment of the model group `name` counts for `chat`; `None` where the
    /// provider has no call that counts.
    ///
    /// # Errors
    /// Whatever keeps the provider from being asked, and what it says in place of a number.
    pub async fn count_upstream(
        &self,
        snapshot: &Snapshot,
        name: &str,
        chat: &ChatRequest,
    ) -> Option<Result<Counted, GatewayError>> {
        let route = snapshot.route(name)?;
        let deployment = route.group.deployments.first()?;
        let dialect = deployment.dialect();
        if !deployment.relays(dialect, Operation::CountTokens) {
            return None;
        }
        let model = deployment.model.clone();
        let counted = async {
            let call = counting_call(dialect, name, &model, chat)?;
            let prepared = prepare(&call, deployment, &model, true)?;
            let attempt = Attempt {
                call: &call,
                deployment,
                model: &model,
                prepared: &prepared,
                limits: limits(snapshot, &call, deployment),
                always_usage: false,
            };
            let answered = attempt.run(&self.upstream).await;
            let answer = match answered.map_err(|failure| failure.error)?.content {
                Content::Whole { bytes, .. } => bytes,
                Content::Stream(_) | Content::Session(_) => return Err(no_number()),
            };
            Ok(Counted {
                tokens: number(&answer).ok_or_else(no_number)?,
                model: model.clone(),
                dialect,
                answer,
            })
        };
        // Boxed: an attempt is large as a future, and this is no way of every request.
        Some(Box::pin(counted).await)
    }
}

fn counting_call(
    dialect: DialectId,
    name: &str,
    model: &str,
    chat: &ChatRequest,
) -> Result<Call, GatewayError> {
    let target = Target {
        model,
        operation: Operation::CountTokens,
        stream: false,
        max_output_tokens: None,
    };
    let encoded = dialect.dialect().encode_request(chat, &target);
    let body = encoded.map_err(|e| bad_request(&e))?.body;
    let body = JsonObject::parse(body, DEPTH)
        .map_err(|e| GatewayError::gateway(ErrorKind::Internal, e.to_string()))?;
    Ok(Call::own(dialect, Operation::CountTokens, name, body))
}

/// The count, by the names that Anthropic and Gemini give it.
fn number(answer: &[u8]) -> Option<u64> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let names = ["input_tokens", "totalTokens"];
    names.iter().find_map(|name| answer.get(name)?.as_u64())
}

fn no_number() -> GatewayError {
    GatewayError::connection(
        ErrorKind::BadGateway,
        "the provider's answer holds no count",
    )
}
