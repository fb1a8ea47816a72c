//! Limits and budgets that several replicas share: each has a lease of every counter it uses, so
//! that a request seldom has to ask.
//!
//! The data plane takes from a lease what it would take from the limit. What leases hold together,
//! and what was used, never exceeds the limit, so that nothing is overrun while the store answers.
//! The [`Broker`] tells the store what was used and gets more.

mod books;
mod broker;
mod lease;
mod purse;

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, mpsc, oneshot};

pub use self::broker::Broker;
use self::broker::{Ask, Message};
pub(crate) use self::lease::{Lease, Terms};
pub(crate) use self::purse::{Answer, Purse, Shortage};

/// What the data plane knows of the sharing.
#[derive(Debug)]
pub struct Sharing {
    messages: mpsc::Sender<Message>,
    /// The store is away: this replica goes on with the limits as if it were alone.
    is_alone: AtomicBool,
    /// No lease is larger than what requests have asked for.
    is_strict: bool,
    /// Something was given back that others may wait for.
    returned: Notify,
    numbers: AtomicU64,
    counts: Counts,
}

/// What happened so far.
#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    waits: AtomicU64,
    outages: AtomicU64,
    replicas: AtomicU64,
}

/// How the sharing is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharingStatus {
    /// The store answers.
    pub is_reached: bool,
    /// Replicas that are alive, this one included; 0 before the first answer.
    pub replicas: u64,
    /// Calls to the store.
    pub calls: u64,
    /// Requests that had to wait for one.
    pub waits: u64,
    /// How often the store went away.
    pub outages: u64,
}

/// Requests that may queue for the broker; further ones wait to queue.
const QUEUE: usize = 1024;
/// How often a request asks again where others have something to spare.
pub(super) const ROUNDS: u32 = 4;
/// How long it waits for that: others tell what they have to spare every [`broker::TICK`].
const PAUSE: Duration = Duration::from_millis(60);

// === impl Sharing ===

impl Sharing {
    /// The two ends of it: what requests ask, and what must be run to answer them.
    pub fn open(
        store: Arc<dyn lockgate_core::ports::LeaseStore>,
        is_strict: bool,
    ) -> (Arc<Self>, Broker) {
        let (messages, asked) = mpsc::channel(QUEUE);
        let sharing = Arc::new(Self {
            messages,
            is_alone: AtomicBool::new(true),
            is_strict,
            returned: Notify::new(),
            numbers: AtomicU64::new(0),
            counts: Counts::default(),
        });
        let broker = Broker::new(sharing.clone(), store, asked);
        (sharing, broker)
    }

    /// How it is doing.
    pub fn status(&self) -> SharingStatus {
        let counts = &self.counts;
        SharingStatus {
            is_reached: !self.is_alone(),
            replicas: counts.replicas.load(Relaxed),
            calls: counts.calls.load(Relaxed),
            waits: counts.waits.load(Relaxed),
            outages: counts.outages.load(Relaxed),
        }
    }

    pub(super) fn is_alone(&self) -> bool {
        self.is_alone.load(Acquire)
    }

    pub(super) fn is_strict(&self) -> bool {
        self.is_strict
    }

    fn set_alone(&self, is_alone: bool) {
        self.is_alone.store(is_alone, Release);
    }

    /// The lease in `slot`, if it is of `window` or a later one; else a new one.
    pub(super) fn lease_in(
        self: &Arc<Self>,
        slot: &ArcSwapOption<Lease>,
        window: u32,
        terms: impl Fn() -> Terms,
    ) -> Arc<Lease> {
        loop {
            let before = slot.load();
            if let Some(lease) = &*before
                && lease.window() >= window
            {
                return Arc::clone(lease);
            }
            let fresh = Arc::new(self.lease(terms()));
            let found = slot.compare_and_swap(&*before, Some(fresh.clone()));
            let same = match (&*found, &*before) {
                (None, None) => true,
                (Some(found), Some(before)) => Arc::ptr_eq(found, before),
                _ => false,
            };
            if same {
                return fresh;
            }
        }
    }

    /// A new lease, which holds nothing.
    pub(super) fn lease(self: &Arc<Self>, terms: Terms) -> Lease {
        let number = self.numbers.fetch_add(1, Relaxed);
        Lease::new(number, terms, Arc::downgrade(self))
    }

    /// Puts `lease` on the broker's list; `false` when nobody hears it now.
    fn list(&self, lease: &Arc<Lease>) -> bool {
        let message = Message::Touched(lease.clone());
        self.messages.try_send(message).is_ok()
    }

    /// Hears that something was given back which other replicas may wait for.
    fn returned(&self) {
        if self.is_strict {
            self.returned.notify_one();
        }
    }

    /// Asks for what a request lacks. Waits for one call to the store, and for others to give back
    /// what they can spare.
    pub(super) async fn ask(&self, wanted: Vec<Shortage>, round: u32) -> Answer {
        self.counts.waits.fetch_add(1, Relaxed);
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let (answer, heard) = oneshot::channel();
        let ask = Message::Ask(Ask { wanted, answer });
        if self.is_alone() || self.messages.send(ask).await.is_err() {
            return Answer::Alone;
        }
        heard.await.unwrap_or(Answer::Alone)
    }
}
