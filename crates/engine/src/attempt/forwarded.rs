//! Answers that have no canonical form: passed on as they come, read only for what they cost.

use http::HeaderMap;
use lockgate_core::error::GatewayError;
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::Relay;
use tokio::time::Instant;

use super::{Attempt, Content, LARGEST_ANSWER, broken, is_json};
use crate::answer::{Channel, Slot, StreamParts};
use crate::upstream::{BodyError, UpstreamBody};

// === impl Attempt ===

impl Attempt<'_> {
    /// A JSON answer is taken whole, for the tokens it tells of; anything else flows through.
    pub(super) async fn pass_on(
        &self,
        mut body: UpstreamBody,
        headers: &HeaderMap,
        slot: Slot,
        total: Instant,
    ) -> Result<Content, GatewayError> {
        if !is_json(headers) {
            return Ok(Content::Stream(Box::new(StreamParts {
                first: bytes::Bytes::new(),
                upstream: body,
                channel: Channel::opaque(),
                closed: false,
                idle: self.limits.idle,
                total,
                slot: Some(slot),
            })));
        }
        let bytes = tokio::time::timeout_at(total, body.collect(LARGEST_ANSWER))
            .await
            .map_err(|_| broken(&BodyError::Idle))?
            .map_err(|e| broken(&e))?;
        let dialect = self.call.dialect.dialect();
        let mut relay = Relay::new(dialect, Some(&self.call.model), Spliced::default());
        let bytes = relay.body(bytes);
        Ok(Content::Whole {
            bytes,
            usage: relay.seen().usage,
            finish: None,
        })
    }
}
