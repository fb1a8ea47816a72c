//! What the mock has seen: counts, and the latest requests.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};

/// A request as the mock received it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// HTTP method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Request headers.
    pub headers: HeaderMap,
    /// Whole body.
    pub body: Bytes,
    /// The model it asked for, in the body or in the path; empty when none.
    pub model: String,
}

#[derive(Debug)]
pub(super) struct Log {
    remember: usize,
    requests: AtomicU64,
    connections: AtomicU64,
    cancelled: AtomicU64,
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latest: VecDeque<Recorded>,
    attempts: HashMap<String, u32>,
}

/// Held while a request is answered; dropped before [`finish`](Self::finish), it counts as cancelled by the peer.
#[derive(Debug)]
pub(super) struct Ticket {
    log: Option<Arc<Log>>,
}

// === impl Recorded ===

impl Recorded {
    /// The body as JSON; [`Value::Null`] when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header's value; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn to_json(&self) -> Value {
        let headers = self.headers.iter().map(|(name, value)| {
            (
                name.to_string(),
                Value::from(String::from_utf8_lossy(value.as_bytes())),
            )
        });
        json!({
            "method": self.method.as_str(),
            "path": self.path,
            "model": self.model,
            "headers": headers.collect::<serde_json::Map<_, _>>(),
            "body": String::from_utf8_lossy(&self.body),
        })
    }
}

// === impl Log ===

impl Log {
    pub(super) fn new(remember: usize) -> Self {
        Self {
            remember,
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            changed: Notify::new(),
            state: Mutex::default(),
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    pub(super) fn cancelled(&self) -> u64 {
        self.cancelled.load(Relaxed)
    }

    pub(super) fn recorded(&self) -> Vec<Recorded> {
        self.state().latest.iter().cloned().collect()
    }

    pub(super) fn connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(super) fn request(self: &Arc<Self>, request: Recorded) -> Ticket {
        if self.remember > 0 {
            let mut state = self.state();
            if state.latest.len() == self.remember {
                state.latest.pop_front();
            }
            state.latest.push_back(request);
        }
        self.requests.fetch_add(1, Relaxed);
        self.changed.notify_waiters();
        Ticket {
            log: Some(Arc::clone(self)),
        }
    }

    /// How often `model` was asked for before this call.
    pub(super) fn attempt(&self, model: &str) -> u32 {
        let mut state = self.state();
        let attempts = state.attempts.entry(model.to_owned()).or_default();
        *attempts += 1;
        *attempts - 1
    }

    pub(super) fn reset(&self) {
        *self.state() = State::default();
        self.requests.store(0, Relaxed);
        self.connections.store(0, Relaxed);
        self.cancelled.store(0, Relaxed);
    }

    pub(super) async fn wait(&self, within: Duration, reached: impl Fn() -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Registered before the look, so that no change falls between the two.
                changed.as_mut().enable();
                if reached() {
                    return;
                }
                changed.await;
            }
        };
        timeout(within, wait).await.is_ok()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "count": self.requests(),
            "connections": self.connections(),
            "cancelled": self.cancelled(),
            "requests": self.state().latest.iter().map(Recorded::to_json).collect::<Vec<_>>(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Ticket ===

impl Ticket {
    pub(super) fn finish(&mut self) {
        self.log = None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(log) = self.log.take() {
            log.cancelled.fetch_add(1, Relaxed);
            log.changed.notify_waiters();
        }
    }
}
