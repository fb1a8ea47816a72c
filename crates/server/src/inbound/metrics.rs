//! `/metrics`: the counters in Prometheus' text format, under LiteLLM's names (reference 8.1).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::Response;
use lockgate_engine::governance::SharingStatus;
use lockgate_engine::metrics::{ByStatus, DeploymentMetrics, GatewayMetrics, Histogram};
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Shared};

use super::{ledger, reply};
use crate::status::Status;

/// The text format of Prometheus, version 0.0.4.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted, as it stands now.
pub(super) fn exposition(
    shared: &Shared,
    snapshot: &Snapshot,
    status: &Status,
) -> Response<AnswerBody> {
    let deployments: Vec<&DeploymentMetrics> = snapshot
        .deployments()
        .map(|deployment| deployment.metrics.as_ref())
        .collect();
    let mut text = Exposition::default();
    gateway(&mut text, shared);
    requests(&mut text, &deployments);
    latencies(&mut text, &deployments);
    tokens(&mut text, &deployments);
    health(&mut text, snapshot);
    if let Some(journal) = status.journal.get() {
        ledger::metrics(&mut text, &journal.status());
    }
    if let Some(shared) = status.sharing.get() {
        sharing(&mut text, &shared.status());
    }
    reply::typed(CONTENT_TYPE, text.0)
}

fn sharing(text: &mut Exposition, status: &SharingStatus) {
    for (name, kind, help, count) in [
        (
            "lockgate_redis_connected",
            "gauge",
            "Whether limits and budgets are shared: 0 while Redis is away",
            u64::from(status.is_reached),
        ),
        (
            "lockgate_redis_replicas",
            "gauge",
            "Replicas that share limits and budgets",
            status.replicas,
        ),
        (
            "lockgate_redis_calls_total",
            "counter",
            "Calls to Redis",
            status.calls,
        ),
        (
            "lockgate_redis_waits_total",
            "counter",
            "Requests that waited for a call to Redis",
            status.waits,
        ),
        (
            "lockgate_redis_outages_total",
            "counter",
            "How often Redis went away",
            status.outages,
        ),
    ] {
        text.head(name, kind, help);
        text.sample(name, &[], count);
    }
}

fn gateway(text: &mut Exposition, shared: &Shared) {
    let metrics = &shared.metrics;
    text.head(
        "litellm_in_flight_requests",
        "gauge",
        "Requests being served",
    );
    text.sample(
        "litellm_in_flight_requests",
        &[],
        metrics.in_flight.load(Relaxed),
    );
    for (name, help, count) in [
        (
            "lockgate_fallbacks_total",
            "Requests that a fallback answered",
            &metrics.fallbacks,
        ),
        (
            "lockgate_config_reloads_total",
            "Configurations taken",
            &metrics.reloads,
        ),
        (
            "lockgate_config_reloads_refused_total",
            "Configurations refused",
            &metrics.reloads_refused,
        ),
    ] {
        text.head(name, "counter", help);
        text.sample(name, &[], count.load(Relaxed));
    }
    let name = "lockgate_refused_requests_total";
    text.head(
        name,
        "counter",
        "Requests refused before a deployment was picked",
    );
    for (status, count) in metrics.refused.seen() {
        text.sample(name, &[("status_code", &status.to_string())], count);
    }
    passed_through(text, metrics);
}

fn passed_through(text: &mut Exposition, metrics: &GatewayMetrics) {
    let name = "lockgate_passed_through_requests_total";
    text.head(
        name,
        "counter",
        "Requests passed through to a provider's own API",
    );
    for (status, count) in metrics.passed_through.seen() {
        text.sample(name, &[("status_code", &status.to_string())], count);
    }
    for (name, help, count) in [
        (
            "lockgate_passed_through_input_tokens_total",
            "Input tokens of requests passed through without a deployment",
            &metrics.passed_through_input_tokens,
        ),
        (
            "lockgate_passed_through_output_tokens_total",
            "Output tokens of requests passed through without a deployment",
            &metrics.passed_through_output_tokens,
        ),
    ] {
        text.head(name, "counter", help);
        text.sample(name, &[], count.load(Relaxed));
    }
}

/// A family of counters by status.
struct StatusFamily {
    name: &'static str,
    help: &'static str,
    pick: fn(&DeploymentMetrics) -> &ByStatus,
    keep: fn(u16) -> bool,
    /// The label that tells the status; without one the statuses are added up.
    label: Option<&'static str>,
}

const STATUS_FAMILIES: [StatusFamily; 5] = [
    StatusFamily {
        name: "litellm_proxy_total_requests_metric_total",
        help: "Requests answered",
        pick: |d| &d.requests,
        keep: |_| true,
        label: Some("status_code"),
    },
    StatusFamily {
        name: "litellm_proxy_failed_requests_metric_total",
        help: "Requests answered with an error",
        pick: |d| &d.requests,
        keep: |status| status >= 400,
        label: Some("exception_status"),
    },
    StatusFamily {
        name: "litellm_deployment_total_requests_total",
        help: "Attempts at a deployment",
        pick: |d| &d.attempts,
        keep: |_| true,
        label: None,
    },
    StatusFamily {
        name: "litellm_deployment_success_responses_total",
        help: "Attempts that succeeded",
        pick: |d| &d.attempts,
        keep: |status| status < 400,
        label: None,
    },
    StatusFamily {
        name: "litellm_deployment_failure_responses_total",
        help: "Attempts that failed",
        pick: |d| &d.attempts,
        keep: |status| status >= 400,
        label: Some("exception_status"),
    },
];

fn requests(text: &mut Exposition, deployments: &[&DeploymentMetrics]) {
    for family in &STATUS_FAMILIES {
        text.head(family.name, "counter", family.help);
        for deployment in deployments {
            family.write(text, deployment);
        }
    }
}

// === impl StatusFamily ===

impl StatusFamily {
    fn write(&self, text: &mut Exposition, deployment: &DeploymentMetrics) {
        let counts = (self.pick)(deployment);
        let seen = counts.seen().filter(|&(status, _)| (self.keep)(status));
        let Some(label) = self.label else {
            let total: u64 = seen.map(|(_, count)| count).sum();
            text.sample(self.name, &labels(deployment), total);
            return;
        };
        for (status, count) in seen {
            let status = status.to_string();
            let mut labels = labels(deployment).to_vec();
            labels.push((label, &status));
            text.sample(self.name, &labels, count);
        }
    }
}

fn latencies(text: &mut Exposition, deployments: &[&DeploymentMetrics]) {
    type Pick = fn(&DeploymentMetrics) -> &Histogram;
    let families: [(&str, &str, Pick); 4] = [
        (
            "litellm_request_total_latency_metric",
            "Seconds from accepting a request to the end of its answer",
            |d| &d.total_latency,
        ),
        (
            "litellm_llm_api_latency_metric",
            "Seconds from sending an attempt to the end of its answer",
            |d| &d.upstream_latency,
        ),
        (
            "litellm_llm_api_time_to_first_token_metric",
            "Seconds from sending an attempt to the first content of its stream",
            |d| &d.first_token,
        ),
        (
            "litellm_overhead_latency_metric",
            "Seconds the gateway itself took before the answer's head",
            |d| &d.overhead,
        ),
    ];
    for (name, help, pick) in families {
        text.head(name, "histogram", help);
        for deployment in deployments {
            text.histogram(name, &labels(deployment), pick(deployment));
        }
    }
}

fn tokens(text: &mut Exposition, deployments: &[&DeploymentMetrics]) {
    type Pick = fn(&DeploymentMetrics) -> &AtomicU64;
    let families: [(&str, &str, Pick); 5] = [
        ("litellm_input_tokens_metric_total", "Input tokens", |d| {
            &d.input_tokens
        }),
        ("litellm_output_tokens_metric_total", "Output tokens", |d| {
            &d.output_tokens
        }),
        (
            "litellm_input_cached_tokens_metric_total",
            "Input tokens from a cache",
            |d| &d.cached_tokens,
        ),
        (
            "litellm_output_reasoning_tokens_metric_total",
            "Tokens spent on reasoning",
            |d| &d.reasoning_tokens,
        ),
        (
            "litellm_deployment_cooled_down_total",
            "Times a deployment was left alone",
            |d| &d.cooldowns,
        ),
    ];
    for (name, help, pick) in families {
        text.head(name, "counter", help);
        for deployment in deployments {
            text.sample(name, &labels(deployment), pick(deployment).load(Relaxed));
        }
    }
}

fn health(text: &mut Exposition, snapshot: &Snapshot) {
    let name = "litellm_deployment_state";
    text.head(name, "gauge", "0: serving; 2: left alone after failures");
    for deployment in snapshot.deployments() {
        let state = if deployment.health.cooling().is_some() {
            2
        } else {
            0
        };
        text.sample(name, &labels(&deployment.metrics), state);
    }
}

fn labels(deployment: &DeploymentMetrics) -> [(&'static str, &str); 6] {
    [
        ("requested_model", &deployment.group),
        ("model_group", &deployment.group),
        ("litellm_model_name", &deployment.model),
        ("model_id", &deployment.id),
        ("api_base", &deployment.api_base),
        ("api_provider", &deployment.provider),
    ]
}

/// Text in Prometheus' format.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

// === impl Exposition ===

impl Exposition {
    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _written = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn sample(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        value: impl std::fmt::Display,
    ) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            self.0.push(if place == 0 { '{' } else { ',' });
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _written = write!(self.0, "{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _written = writeln!(self.0, "{close} {value}");
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        let mut cumulated = 0;
        for (bound, count) in histogram.buckets() {
            cumulated += count;
            let bound = bound.to_string();
            let mut labels = labels.to_vec();
            labels.push(("le", &bound));
            self.sample(&bucket, &labels, cumulated);
        }
        let mut all = labels.to_vec();
        all.push(("le", "+Inf"));
        self.sample(&bucket, &all, histogram.count());
        self.sample(&format!("{name}_sum"), labels, histogram.sum());
        self.sample(&format!("{name}_count"), labels, histogram.count());
    }
}
