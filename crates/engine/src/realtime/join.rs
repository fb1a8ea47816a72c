//! From a model group to an upstream's WebSocket.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::handshake::Offer;
use super::{Ask, no_session};
use crate::attempt::{Content, Failure, Line};
use crate::engine::Engine;
use crate::governance::Caller;
use crate::pipeline::{Endpoint, find_route};
use crate::receive::receive;
use crate::record::RecordGuard;
use crate::snapshot::Snapshot;

/// Asks OpenAI's API for the events of its beta.
const BETA: HeaderName = HeaderName::from_static("openai-beta");

// === impl Engine ===

impl Engine {
    /// Finds a session for a client whose URL says it all.
    pub(super) async fn join(
        &self,
        snapshot: &Arc<Snapshot>,
        ask: &Ask,
        (offer, headers, caller): (&Offer<'_>, &HeaderMap, Caller),
        record: &mut RecordGuard,
    ) -> Result<(Line, HeaderMap), Failure> {
        let wishes = Wishes {
            endpoint: &ask.endpoint(),
            headers,
            query: &ask.query,
            beta: beta(offer, headers),
        };
        self.line_for(snapshot, wishes, caller, record).await
    }

    /// Finds a session with the model that `wishes` name.
    pub(super) async fn line_for(
        &self,
        snapshot: &Arc<Snapshot>,
        wishes: Wishes<'_>,
        mut caller: Caller,
        record: &mut RecordGuard,
    ) -> Result<(Line, HeaderMap), Failure> {
        let (call_id, started) = (record.record().call_id.clone(), record.record().started);
        let nothing = Bytes::from_static(b"{}");
        let endpoint = wishes.endpoint;
        let config = &snapshot.config;
        let mut call = receive(endpoint, wishes.headers, nothing, config, call_id, started)?;
        call.query.push_str(wishes.query);
        if let Some(beta) = wishes.beta {
            call.forwarded.insert(BETA, beta);
        }
        let governance = &self.shared.governance;
        governance.choose_team(snapshot, &mut caller, &call)?;
        if let Some(meant) = caller.meant(&call.model).map(str::to_owned) {
            call.model = meant;
        }
        record.record_mut().model.clone_from(&call.model);
        let route = find_route(snapshot, caller.team_id(), endpoint.dialect, &call.model)?;
        governance.check_models(snapshot, &caller, &call, &route)?;
        governance.mark(snapshot, wishes.headers, &call, &mut caller)?;
        let entry = record.record_mut();
        let door = governance.admit(snapshot, caller, &call, &route.group, entry)?;
        door.pass(governance, snapshot, entry).await?;
        let arrival = self.travel(snapshot, &call, route, record).await?;
        let upstream_time = arrival.sent.elapsed();
        let overhead = started.elapsed().saturating_sub(upstream_time);
        arrival.deployment.metrics.overhead.observe(overhead);
        match arrival.reply.content {
            Content::Session(line) => {
                record.record_mut().status = 101;
                Ok((*line, arrival.reply.headers))
            }
            Content::Whole { .. } | Content::Stream(_) => Err(no_session()),
        }
    }
}

/// What a client wants of its session.
#[derive(Debug)]
pub(super) struct Wishes<'a> {
    /// With the model's name.
    pub(super) endpoint: &'a Endpoint,
    /// The client's headers.
    pub(super) headers: &'a HeaderMap,
    /// What of the query travels on.
    pub(super) query: &'a str,
    /// The beta that is asked for.
    pub(super) beta: Option<HeaderValue>,
}

/// The beta that the client asks for: in its header, or in a subprotocol as `realtime-v1`.
fn beta(offer: &Offer<'_>, headers: &HeaderMap) -> Option<HeaderValue> {
    let named = || HeaderValue::from_str(&offer.beta?.replacen("-v", "=v", 1)).ok();
    headers.get(BETA).cloned().or_else(named)
}
