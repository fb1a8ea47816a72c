//! A finished request emits exactly one record, whatever ended it.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use http::HeaderMap;
use lockgate_core::ports::Ledger;
use lockgate_wire::canonical::{FinishReason, Usage};
use lockgate_wire::{DialectId, Operation};

use crate::deployment::Deployment;
use crate::entry;
use crate::governance::{Account, Bearer, Bill, Caller, Exceeded, Pricing, Reservation, settle};
use crate::metrics::GatewayMetrics;

/// What is known about one request when it ends.
#[derive(Debug)]
pub struct RequestRecord {
    /// The call id that the client saw.
    pub call_id: String,
    /// The client's dialect.
    pub dialect: DialectId,
    /// What it asked for.
    pub operation: Operation,
    /// The model as the client named it.
    pub model: String,
    /// Its requests are written into the ledger: it holds a key, or may do without.
    pub admitted: bool,
    /// Who asks holds the master key.
    pub is_master: bool,
    /// The virtual key of who asks.
    pub key: Option<Arc<Account>>,
    /// Whom the token names of who asks, where it is no virtual key.
    pub bearer: Option<Box<Bearer>>,
    /// The provider, where no deployment says it.
    pub provider: Option<String>,
    /// The model that the provider was asked for, where the deployment does not say it.
    pub upstream_model: Option<String>,
    /// The id that the client finds in the answer.
    pub response_id: Option<String>,
    /// The deployment that answered, or failed last.
    pub deployment: Option<Arc<Deployment>>,
    /// Attempts beyond the first, all hops together.
    pub retries: u32,
    /// Hops to a fallback.
    pub fallbacks: u32,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The status the client got; 499 when it left first.
    pub status: u16,
    /// Tokens, when the upstream told.
    pub usage: Option<Usage>,
    /// Why the model stopped, when known.
    pub finish: Option<FinishReason>,
    /// What went wrong, also in the middle of a stream.
    pub error: Option<String>,
    /// When the request was accepted.
    pub started: Instant,
    /// When the attempt that answered was sent.
    pub sent: Option<Instant>,
    /// From sending that attempt to the first content of a stream.
    pub first_token: Option<Duration>,
    /// How long the request's body was, in bytes, where that may be needed for an estimate.
    pub input_bytes: u64,
    /// How many bytes of a streamed answer have come.
    pub streamed_bytes: u64,
    /// What it has taken of limits and budgets, until that is settled.
    pub(crate) reservation: Option<Box<Reservation>>,
    /// The same, settled.
    pub(crate) settled: Option<Box<Reservation>>,
    /// Who knows what it cost.
    pub(crate) pricing: Option<Arc<Box<dyn Pricing>>>,
    /// The limit that it was refused for.
    pub(crate) exceeded: Option<Box<Exceeded>>,
    /// What it cost, once that is settled.
    pub bill: Bill,
}

/// Emits its record once: when the answer is complete, before its last byte goes out, or when it is
/// dropped because the client left.
#[derive(Debug)]
pub struct RecordGuard {
    record: RequestRecord,
    metrics: Arc<GatewayMetrics>,
    ledger: Option<Rc<dyn Ledger>>,
    emitted: bool,
}

/// The status of a request whose client left before the answer was complete.
const CLIENT_LEFT: u16 = 499;

// === impl RequestRecord ===

impl RequestRecord {
    /// Who made the request, once it was let in.
    pub fn caller(&self) -> Option<&Caller> {
        let reservation = self.reservation.as_ref().or(self.settled.as_ref())?;
        Some(reservation.caller())
    }

    /// Tells the client what is left of its limits, and what its key spent.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(reservation) = self.reservation.as_ref().or(self.settled.as_ref()) {
            reservation.write(headers);
        }
    }
}

// === impl RecordGuard ===

impl RecordGuard {
    /// Starts the record of a request; it counts as in flight from now on.
    pub fn start(
        record: RequestRecord,
        metrics: Arc<GatewayMetrics>,
        ledger: Option<Rc<dyn Ledger>>,
    ) -> Self {
        metrics.in_flight.fetch_add(1, Relaxed);
        Self {
            record,
            metrics,
            ledger,
            emitted: false,
        }
    }

    /// The request is let in: from here on it is one for the ledger, whatever becomes of it.
    pub fn admit(&mut self, caller: Option<&Caller>) {
        self.record.admitted = true;
        self.record.is_master = caller.is_some_and(Caller::is_master);
        self.record.key = caller.and_then(Caller::key).cloned();
        self.record.bearer = caller.and_then(Caller::bearer).map(Box::new);
    }

    /// The record so far.
    pub fn record(&self) -> &RequestRecord {
        &self.record
    }

    /// The record so far, to add to.
    pub fn record_mut(&mut self) -> &mut RequestRecord {
        &mut self.record
    }

    /// Settles what the request cost, if that was not done: what is known of its tokens is all
    /// there will be.
    pub(crate) fn settle(&mut self) {
        if let Some(bill) = settle(&mut self.record) {
            self.record.bill = bill;
        }
    }

    /// The answer is complete; what is dropped without it was left by its client. Nothing that is
    /// added to the record later is seen by anybody.
    pub fn finish(&mut self) {
        if !self.emitted {
            self.emit();
        }
    }

    fn emit(&mut self) {
        self.emitted = true;
        self.metrics.in_flight.fetch_sub(1, Relaxed);
        self.settle();
        if let (true, Some(ledger)) = (self.record.admitted, &self.ledger) {
            ledger.append(entry::of(&self.record));
        }
        count(&self.record, &self.metrics);
        log(&self.record);
    }
}

impl Drop for RecordGuard {
    fn drop(&mut self) {
        if !self.emitted {
            self.record.status = CLIENT_LEFT;
            self.emit();
        }
    }
}

fn count(record: &RequestRecord, metrics: &GatewayMetrics) {
    if record.operation == Operation::PassThrough && record.sent.is_some() {
        metrics.passed_through.add(record.status);
        if let (None, Some(usage)) = (&record.deployment, &record.usage) {
            let tokens = &metrics.passed_through_input_tokens;
            tokens.fetch_add(usage.input_tokens, Relaxed);
            let tokens = &metrics.passed_through_output_tokens;
            tokens.fetch_add(usage.output_tokens, Relaxed);
        }
    }
    let Some(deployment) = &record.deployment else {
        // A session that closes before it names a model was not refused.
        if record.sent.is_some() || record.status == 101 {
            return;
        }
        metrics.refused.add(record.status);
        return;
    };
    let counters = &deployment.metrics;
    counters.requests.add(record.status);
    // How long people talk to each other is not how long an answer takes.
    if record.operation != Operation::Realtime {
        counters.total_latency.observe(record.started.elapsed());
        if let Some(sent) = record.sent {
            counters.upstream_latency.observe(sent.elapsed());
        }
    }
    if let Some(first_token) = record.first_token {
        counters.first_token.observe(first_token);
    }
    if let Some(usage) = &record.usage {
        counters.add_usage(usage);
    }
}

fn log(record: &RequestRecord) {
    let deployment = record.deployment.as_ref().map_or("", |d| d.id());
    let milliseconds = record.started.elapsed().as_secs_f64() * 1000.0;
    // Without a key anyone could fill the log.
    let unauthenticated = record.status == 401 && record.deployment.is_none();
    if let Some(error) = record.error.as_ref().filter(|_| !unauthenticated) {
        tracing::warn!(
            call_id = record.call_id,
            model = record.model,
            deployment,
            status = record.status,
            retries = record.retries,
            fallbacks = record.fallbacks,
            milliseconds,
            "request failed: {error}"
        );
    } else {
        tracing::debug!(
            call_id = record.call_id,
            model = record.model,
            deployment,
            status = record.status,
            retries = record.retries,
            fallbacks = record.fallbacks,
            milliseconds,
            input_tokens = record.usage.map(|usage| usage.input_tokens),
            output_tokens = record.usage.map(|usage| usage.output_tokens),
            "request served"
        );
    }
}
