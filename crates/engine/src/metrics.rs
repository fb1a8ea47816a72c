//! What is counted: atomics that the data plane adds to and `/metrics` reads.
//!
//! Every deployment has its counters ready, so that a request touches no map and takes no lock.
//! Names and labels are LiteLLM's (reference section 8.1).

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use lockgate_core::config::ModelEntry;
use lockgate_wire::canonical::Usage;

/// Statuses that are counted one by one; any other one counts as the last.
pub const STATUSES: [u16; 16] = [
    200, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504,
];

/// Upper bounds of the latency buckets, in seconds.
pub const BUCKETS: [f64; 16] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// Counts per HTTP status.
#[derive(Debug, Default)]
pub struct ByStatus([AtomicU64; STATUSES.len()]);

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What is counted about one deployment.
#[derive(Debug)]
pub struct DeploymentMetrics {
    /// The model group.
    pub group: String,
    /// The deployment's id.
    pub id: String,
    /// The model as the provider names it.
    pub model: String,
    /// The provider's id.
    pub provider: String,
    /// Base URL without credentials, as configured; empty for the provider's own.
    pub api_base: String,
    /// Attempts by the status they ended with.
    pub attempts: ByStatus,
    /// Requests answered, by the status the client got.
    pub requests: ByStatus,
    /// How often it was left alone.
    pub cooldowns: AtomicU64,
    /// From accepting a request to the last byte of its answer.
    pub total_latency: Histogram,
    /// From sending an attempt to the last byte of its answer.
    pub upstream_latency: Histogram,
    /// From sending an attempt to the first content of a streamed answer.
    pub first_token: Histogram,
    /// What the gateway itself added before the answer's head went out.
    pub overhead: Histogram,
    /// Tokens.
    pub input_tokens: AtomicU64,
    /// Tokens.
    pub output_tokens: AtomicU64,
    /// Tokens.
    pub cached_tokens: AtomicU64,
    /// Tokens.
    pub reasoning_tokens: AtomicU64,
}

/// What is counted about the gateway as a whole.
#[derive(Debug, Default)]
pub struct GatewayMetrics {
    /// Requests being served.
    pub in_flight: AtomicI64,
    /// Requests that failed before a deployment was picked, by status.
    pub refused: ByStatus,
    /// Requests passed through to a provider's own API, by status.
    pub passed_through: ByStatus,
    /// Tokens of those that no deployment lent its credential to.
    pub passed_through_input_tokens: AtomicU64,
    /// Tokens of those that no deployment lent its credential to.
    pub passed_through_output_tokens: AtomicU64,
    /// Requests that a fallback answered.
    pub fallbacks: AtomicU64,
    /// Reloads of the configuration that were taken.
    pub reloads: AtomicU64,
    /// Reloads that were refused.
    pub reloads_refused: AtomicU64,
}

// === impl ByStatus ===

impl ByStatus {
    /// Counts one.
    pub fn add(&self, status: u16) {
        let place = STATUSES
            .iter()
            .position(|&s| s == status)
            .unwrap_or(match status {
                0..=399 => 0,
                400..=499 => 1,
                _ => 12,
            });
        self.0[place].fetch_add(1, Relaxed);
    }

    /// Status and count, for every status that was seen.
    pub fn seen(&self) -> impl Iterator<Item = (u16, u64)> {
        STATUSES
            .iter()
            .zip(&self.0)
            .map(|(&status, count)| (status, count.load(Relaxed)))
            .filter(|&(_, count)| count > 0)
    }
}

// === impl Histogram ===

impl Histogram {
    /// Adds one duration.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(place) = BUCKETS.iter().position(|&bound| seconds <= bound) {
            self.buckets[place].fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// Durations added so far.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// Their sum in seconds.
    pub fn sum(&self) -> f64 {
        Duration::from_nanos(self.nanoseconds.load(Relaxed)).as_secs_f64()
    }

    /// Upper bound and count of each bucket, not cumulated.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        BUCKETS
            .iter()
            .zip(&self.buckets)
            .map(|(&bound, count)| (bound, count.load(Relaxed)))
    }
}

// === impl DeploymentMetrics ===

impl DeploymentMetrics {
    /// Zeros for the deployment that `entry` describes.
    pub fn new(entry: &ModelEntry, provider: &str, model: &str) -> Self {
        Self {
            group: entry.model_name.clone(),
            id: entry.model_info.id.clone(),
            model: model.to_owned(),
            provider: provider.to_owned(),
            api_base: entry
                .litellm_params
                .api_base
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            attempts: ByStatus::default(),
            requests: ByStatus::default(),
            cooldowns: AtomicU64::default(),
            total_latency: Histogram::default(),
            upstream_latency: Histogram::default(),
            first_token: Histogram::default(),
            overhead: Histogram::default(),
            input_tokens: AtomicU64::default(),
            output_tokens: AtomicU64::default(),
            cached_tokens: AtomicU64::default(),
            reasoning_tokens: AtomicU64::default(),
        }
    }

    /// Adds the tokens of one answer.
    pub fn add_usage(&self, usage: &Usage) {
        self.input_tokens.fetch_add(usage.input_tokens, Relaxed);
        self.output_tokens.fetch_add(usage.output_tokens, Relaxed);
        self.cached_tokens.fetch_add(usage.cache_read, Relaxed);
        self.reasoning_tokens.fetch_add(usage.reasoning, Relaxed);
    }
}
