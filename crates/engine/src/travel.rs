//! From a model group to an answer: attempts inside a group, then hops to its fallbacks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lockgate_core::config::{Fallback, RouterSettings};
use lockgate_core::error::{Fault, GatewayError};
use lockgate_wire::Operation;
use lockgate_wire::canonical::ErrorKind;

use crate::attempt::{Attempt, Failure, Limits, Reply};
use crate::call::Call;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::local;
use crate::prepare::{Passage, gather, prepare};
use crate::record::RecordGuard;
use crate::router::cooldown::CooldownRules;
use crate::router::pick::{NoDeployment, pick};
use crate::router::{fallback, retry};
use crate::snapshot::{Route, Snapshot};

/// An answer and how it was come by.
pub(crate) struct Arrival {
    /// The answer.
    pub reply: Reply,
    /// Who gave it.
    pub deployment: Arc<Deployment>,
    /// When the attempt that succeeded was sent.
    pub sent: Instant,
    /// What was left out of the upstream request.
    pub dropped: Vec<String>,
    /// The upstream wrote it in the client's dialect.
    pub relayed: bool,
}

/// A group that failed: how, and what its last deployment says about where to go.
struct Stuck {
    failure: Failure,
    own_fallbacks: Vec<Fallback>,
}

/// Somewhere else to go.
struct Hop {
    route: Route,
    members: Vec<(String, Bytes)>,
}

// === impl Engine ===

impl Engine {
    /// Brings `call` to an answer: from the group it names, or from one of its fallbacks.
    pub(crate) async fn travel(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        route: Route,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Failure> {
        let stuck = match self.try_group(snapshot, call, &route, record).await {
            Ok(arrival) => return Ok(arrival),
            Err(stuck) => stuck,
        };
        let stays = call.options.disable_fallbacks || call.is_spent();
        if stays || stuck.failure.error.source_of_fault == Fault::Client {
            return Err(stuck.failure);
        }
        // Boxed: few requests come here, and all would carry its size.
        Box::pin(self.fall_back(snapshot, call, &route, stuck, record)).await
    }

    async fn fall_back(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        route: &Route,
        stuck: Stuck,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Failure> {
        let mut visited = vec![route.group.name.clone()];
        let mut hops = next_hops(snapshot, call, &visited, &stuck);
        while let Some(hop) = hops.pop_front() {
            let enough = record.record().fallbacks >= snapshot.config.router.max_fallbacks;
            if enough || call.is_spent() {
                break;
            }
            record.record_mut().fallbacks += 1;
            visited.push(hop.route.group.name.clone());
            let changed = (!hop.members.is_empty()).then(|| call.with_members(&hop.members));
            let call = changed.as_ref().unwrap_or(call);
            // What the caller cannot pay for is no way out; another fallback may be.
            if !self.can_pay(snapshot, call, &hop.route, record).await {
                continue;
            }
            match self.try_group(snapshot, call, &hop.route, record).await {
                Ok(arrival) => {
                    self.shared.metrics.fallbacks.fetch_add(1, Relaxed);
                    return Ok(arrival);
                }
                Err(next) => hops.extend(next_hops(snapshot, call, &visited, &next)),
            }
        }
        // The first failure is about the model that the client asked for.
        Err(stuck.failure)
    }

    async fn try_group(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        route: &Route,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Stuck> {
        let deployments = &route.group.deployments;
        let mut tried = Vec::new();
        let mut repeated = 0;
        let mut last: Option<Stuck> = None;
        loop {
            let index = match (pick(deployments, &tried, fastrand::f64), last) {
                (Ok(index), _) => index,
                (Err(_), Some(stuck)) => return Err(stuck),
                (Err(none), None) => return Err(nobody(&route.group.name, none)),
            };
            let deployment = &deployments[index];
            tried.push(index);
            record.record_mut().deployment = Some(deployment.clone());
            let tried_one = self
                .try_deployment(snapshot, call, deployment, record)
                .await;
            let failure = match tried_one {
                Ok(arrival) => return Ok(arrival),
                Err(failure) => failure,
            };
            let router = &snapshot.config.router;
            note_failure(router, deployment, &failure, deployments.len() > 1);
            let own_fallbacks = deployment.entry.litellm_params.fallbacks.clone();
            let stuck = Stuck {
                failure,
                own_fallbacks,
            };
            let next = Repetition {
                snapshot,
                call,
                route,
                deployment,
                tried: &tried,
                repeated,
            };
            let Some(wait) = next.pause(&stuck) else {
                return Err(stuck);
            };
            repeated += 1;
            record.record_mut().retries += 1;
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            last = Some(stuck);
        }
    }

    pub(crate) async fn try_deployment(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        deployment: &Arc<Deployment>,
        record: &mut RecordGuard,
    ) -> Result<Arrival, Failure> {
        if call.operation == Operation::Compact {
            // Boxed: few requests come here.
            let compacted = self.compact(snapshot, call, deployment, record);
            return Box::pin(compacted).await;
        }
        let sent = Instant::now();
        record.record_mut().sent = Some(sent);
        let done = |reply, dropped, relayed| {
            deployment.health.succeeded();
            deployment.metrics.attempts.add(200);
            Arrival {
                reply,
                deployment: deployment.clone(),
                sent,
                dropped,
                relayed,
            }
        };
        if let Some(reply) = local::answer(call, deployment).await {
            return Ok(done(reply?, Vec::new(), false));
        }
        gather(snapshot, call, deployment).await?;
        let model = &deployment.model;
        let prepared = prepare(call, deployment, model, snapshot.config.litellm.drop_params)?;
        let attempt = Attempt {
            call,
            deployment,
            model,
            prepared: &prepared,
            limits: limits(snapshot, call, deployment),
            always_usage: snapshot.config.general.always_include_stream_usage,
        };
        let reply = attempt.run(&self.upstream).await?;
        let relayed = matches!(prepared.passage, Passage::Relayed(_));
        Ok(done(reply, prepared.dropped, relayed))
    }
}

/// Whether a group is given another attempt, and when.
struct Repetition<'a> {
    snapshot: &'a Snapshot,
    call: &'a Call,
    route: &'a Route,
    /// The one that failed last.
    deployment: &'a Deployment,
    tried: &'a [usize],
    repeated: u32,
}

// === impl Repetition ===

impl Repetition<'_> {
    /// How long to wait before the next attempt; `None`: there is none.
    fn pause(&self, stuck: &Stuck) -> Option<Duration> {
        let router = &self.snapshot.config.router;
        let deployments = &self.route.group.deployments;
        let error = &stuck.failure.error;
        let params = &self.deployment.entry.litellm_params;
        let allowed = retry::retries(
            router,
            &self.route.group.name,
            self.call.options.num_retries,
            params.num_retries.or(params.max_retries),
            error,
        );
        let fresh = self.fresh();
        let asks_to_wait = error.api.kind == ErrorKind::RateLimited && !fresh;
        let elsewhere = || !next_hops(self.snapshot, self.call, &[], stuck).is_empty();
        let possible = error.is_retryable(deployments.len() > 1) && !self.call.is_spent();
        if !possible || (asks_to_wait && elsewhere()) {
            return None;
        }
        // Deployments of a higher order are the group's own fallbacks: they are tried even when
        // no repetition is left.
        if self.repeated >= allowed && !(fresh && self.is_higher_order_left()) {
            return None;
        }
        Some(retry::pause(
            router,
            error,
            self.repeated + 1,
            fresh,
            fastrand::f64(),
        ))
    }

    /// Whether a deployment is left that was not tried and is not cooling down.
    fn fresh(&self) -> bool {
        let deployments = self.route.group.deployments.iter().enumerate();
        deployments
            .filter(|(index, _)| !self.tried.contains(index))
            .any(|(_, deployment)| deployment.health.cooling().is_none())
    }

    fn is_higher_order_left(&self) -> bool {
        let deployments = &self.route.group.deployments;
        let highest = self
            .tried
            .iter()
            .map(|&index| deployments[index].order())
            .max();
        deployments
            .iter()
            .any(|deployment| Some(deployment.order()) > highest)
    }
}

pub(crate) fn limits(snapshot: &Snapshot, call: &Call, deployment: &Deployment) -> Limits {
    let router = &snapshot.config.router;
    let params = &deployment.entry.litellm_params;
    let own = &snapshot.config.lockgate;
    let total = call
        .options
        .timeout
        .or(params.timeout)
        .unwrap_or(router.timeout);
    let first_byte = if call.streams() || call.operation == Operation::Realtime {
        call.options
            .stream_timeout
            .or(params.stream_timeout)
            .or(router.stream_timeout)
            .or(own.first_byte_timeout)
            .unwrap_or(total)
    } else {
        // The head of a whole answer comes when the model has written all of it.
        total
    };
    Limits {
        first_byte,
        idle: own.idle_timeout.unwrap_or(total),
        total,
    }
}

fn note_failure(
    router: &RouterSettings,
    deployment: &Deployment,
    failure: &Failure,
    alternatives: bool,
) {
    let error = &failure.error;
    deployment.metrics.attempts.add(error.api.status);
    if error.source_of_fault == Fault::Client {
        return;
    }
    let info = &deployment.entry.model_info;
    let rules = CooldownRules {
        router,
        own_cooldown: deployment.own_cooldown(),
        own_allowed_fails: info.allowed_fails,
        own_policy: info.allowed_fails_policy.as_ref(),
        alternatives,
    };
    if let Some(time) = deployment.health.failed(error, rules) {
        deployment.metrics.cooldowns.fetch_add(1, Relaxed);
        tracing::warn!(
            deployment = deployment.id(),
            model = deployment.entry.model_name,
            status = error.api.status,
            seconds = time.as_secs_f64(),
            "deployment is left alone after: {error}"
        );
    }
}

fn next_hops(snapshot: &Snapshot, call: &Call, visited: &[String], stuck: &Stuck) -> VecDeque<Hop> {
    let requested = call.options.router_fallbacks();
    let group = visited.last().map_or(call.model.as_str(), String::as_str);
    let kind = stuck.failure.error.api.kind;
    let router = &snapshot.config.router;
    fallback::targets(router, group, kind, &requested, &stuck.own_fallbacks)
        .iter()
        .filter_map(|target| {
            let route = snapshot.fallback_route(target)?;
            if visited.contains(&route.group.name) {
                return None;
            }
            Some(Hop {
                route,
                members: members_for(call, target),
            })
        })
        .collect()
}

/// The members that a client's own fallback brings along.
fn members_for(call: &Call, target: &Fallback) -> Vec<(String, Bytes)> {
    let Fallback::Name(name) = target else {
        return Vec::new();
    };
    call.options
        .fallbacks
        .iter()
        .find(|fallback| fallback.model == *name)
        .map(|fallback| fallback.members.clone())
        .unwrap_or_default()
}

fn nobody(group: &str, none: NoDeployment) -> Stuck {
    let (message, wait) = match none {
        NoDeployment::CoolingDown(left) => (
            format!(
                "all deployments of model `{group}` failed lately and are left alone; \
                 try again in {} s",
                left.as_secs() + 1
            ),
            Some(left),
        ),
        NoDeployment::Saturated => (
            format!("all deployments of model `{group}` have as many requests as they may"),
            Some(Duration::from_secs(1)),
        ),
    };
    let mut error = GatewayError::gateway(ErrorKind::RateLimited, message);
    error.retry_after = wait;
    Stuck {
        failure: error.into(),
        own_fallbacks: Vec::new(),
    }
}
