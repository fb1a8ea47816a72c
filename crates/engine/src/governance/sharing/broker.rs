//! What asks the store: one call at a time, for all requests that wait and all leases that were
//! touched.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lockgate_core::ports::{LeaseAsk, LeaseGrant, LeaseStore, Shared, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::books::Rest;
use super::{Answer, Lease, Purse, Sharing, Shortage};
use crate::governance::now;

/// Keeps the leases of this replica in step with the store. It belongs on the control plane.
pub struct Broker {
    sharing: Arc<Sharing>,
    store: Arc<dyn LeaseStore>,
    messages: mpsc::Receiver<Message>,
    /// The leases that hold something, or did lately.
    listed: Vec<Arc<Lease>>,
    tick: Interval,
    heard_at: Instant,
}

/// What the data plane says.
#[derive(Debug)]
pub(super) enum Message {
    /// A request lacks something.
    Ask(Ask),
    /// A lease that is on no list has changed.
    Touched(Arc<Lease>),
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Ask {
    pub wanted: Vec<Shortage>,
    pub answer: oneshot::Sender<Answer>,
}

/// What requests lack of one lease.
#[derive(Debug)]
pub(super) struct Need {
    pub lease: Arc<Lease>,
    /// All of them together.
    pub all: i64,
    /// The most modest of them.
    pub least: i64,
}

/// Why the broker woke up.
enum Woken {
    Asked(Message),
    Tick,
    Returned,
}

/// How often others hear what this replica has used and given back.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// How often the store hears that this replica is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Between two attempts to reach a store that is away.
const RETRY: Duration = Duration::from_millis(500);
/// Requests that are answered with one call.
const AT_ONCE: usize = 256;
/// How long requests are refused without asking, once nobody had anything to spare.
const HOPELESS: Duration = Duration::from_millis(25);
/// Seconds after its end for which the lease of a window is kept for what may still be settled.
const LATE: i64 = 60;

// === impl Need ===

impl Need {
    fn none(lease: Arc<Lease>) -> Self {
        Self {
            lease,
            all: 0,
            least: 0,
        }
    }

    fn add(&mut self, amount: i64) {
        self.least = if self.all == 0 {
            amount
        } else {
            self.least.min(amount)
        };
        self.all = self.all.saturating_add(amount);
    }
}

// === impl Broker ===

impl Broker {
    pub(super) fn new(
        sharing: Arc<Sharing>,
        store: Arc<dyn LeaseStore>,
        messages: mpsc::Receiver<Message>,
    ) -> Self {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            sharing,
            store,
            messages,
            listed: Vec::new(),
            tick,
            heard_at: Instant::now(),
        }
    }

    /// Asks the store for the first time. When it is away, that is left to [`Broker::run`].
    pub async fn begin(&mut self) {
        let begun = self.store.share(&[]).await;
        if let Err(error) = &begun {
            tracing::error!(
                "{error}; limits and budgets are this replica's own until Redis answers"
            );
        }
        self.heard(&begun);
    }

    /// Keeps leases in step, for ever.
    pub async fn run(&mut self) {
        loop {
            if self.sharing.is_alone() {
                self.reach().await;
            } else {
                self.step().await;
            }
        }
    }

    /// Tells the last of what was used, and gives everything back. To be called when no request is
    /// in flight.
    pub async fn close(&mut self) {
        if !self.sharing.is_alone() {
            let listed = self.listed.clone();
            self.share(listed.into_iter().map(Need::none).collect(), Vec::new())
                .await;
        }
        if let Err(error) = self.store.leave().await {
            tracing::debug!("Redis did not hear that this replica ends: {error}");
        }
    }

    async fn step(&mut self) {
        let woken = tokio::select! {
            biased;
            Some(message) = self.messages.recv() => Woken::Asked(message),
            _ = self.tick.tick() => Woken::Tick,
            () = self.sharing.returned.notified() => Woken::Returned,
        };
        match woken {
            Woken::Asked(message) => self.serve(message).await,
            Woken::Tick => self.look_around().await,
            Woken::Returned => {
                let touched = self.touched();
                self.share(touched, Vec::new()).await;
            }
        }
    }

    /// Answers a request, and those that have come with it.
    async fn serve(&mut self, first: Message) {
        let mut asks = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Touched(lease) => self.listed.push(lease),
                Message::Ask(ask) => asks.push(ask),
            }
            if asks.len() < AT_ONCE {
                next = self.messages.try_recv().ok();
            }
        }
        if asks.is_empty() {
            return;
        }
        let mut needs: Vec<Need> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for wanted in asks.iter().flat_map(|ask| &ask.wanted) {
            let lease = &wanted.lease;
            let place = *places.entry(lease.number()).or_insert_with(|| {
                needs.push(Need::none(lease.clone()));
                needs.len() - 1
            });
            if let Some(need) = needs.get_mut(place) {
                need.add(wanted.amount);
            }
            if lease.begin() {
                self.listed.push(lease.clone());
            }
        }
        self.share(needs, asks).await;
    }

    fn touched(&self) -> Vec<Need> {
        let touched = self.listed.iter().filter(|lease| lease.was_touched());
        touched.cloned().map(Need::none).collect()
    }

    /// One tick: what was touched is told, what rests is let go.
    async fn look_around(&mut self) {
        let mut told = Vec::new();
        let mut ended = Vec::new();
        let mut dropped = Vec::new();
        for lease in &self.listed {
            let mut books = lease.books();
            if lease.was_touched() {
                books.quiet = 0;
                told.push(Need::none(lease.clone()));
                continue;
            }
            match books.rest(lease) {
                Rest::Nothing => {}
                Rest::Ask => told.push(Need::none(lease.clone())),
                Rest::End => ended.push(lease.clone()),
                Rest::Drop => dropped.push(lease.number()),
            }
        }
        if !told.is_empty() || self.heard_at.elapsed() >= HEARTBEAT {
            self.share(told, Vec::new()).await;
        }
        self.end(ended).await;
        self.let_go(&dropped);
    }

    async fn end(&mut self, leases: Vec<Arc<Lease>>) {
        if leases.is_empty() || self.sharing.is_alone() {
            return;
        }
        let asked: Vec<LeaseAsk> = leases
            .iter()
            .map(|lease| lease.books().ask(&Need::none(lease.clone()), true, true))
            .collect();
        let shared = self.store.share(&asked).await;
        if let Ok(shared) = &shared {
            for ((lease, asked), grant) in leases.iter().zip(&asked).zip(&shared.grants) {
                lease.books().hear(lease, asked, grant);
            }
            let numbers: Vec<u64> = leases.iter().map(|lease| lease.number()).collect();
            self.let_go(&numbers);
        }
        self.heard(&shared);
    }

    fn let_go(&mut self, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        let numbers: std::collections::HashSet<u64> = numbers.iter().copied().collect();
        self.listed.retain(|lease| {
            let goes = numbers.contains(&lease.number());
            if goes {
                lease.end();
                // Somebody may have come meanwhile.
                if lease.was_touched() {
                    lease.touch();
                }
            }
            !goes
        });
    }

    /// Makes one call: tells of `needs` and of what was used, and gives out what is granted.
    async fn share(&mut self, needs: Vec<Need>, asks: Vec<Ask>) {
        let is_strict = self.sharing.is_strict;
        let asked: Vec<LeaseAsk> = needs
            .iter()
            .map(|need| {
                need.lease.was_touched();
                need.lease.books().ask(need, is_strict, false)
            })
            .collect();
        let shared = self.store.share(&asked).await;
        self.heard(&shared);
        let Ok(Shared { grants, .. }) = shared else {
            return answer_alone(asks);
        };
        let mut given: HashMap<u64, (i64, LeaseGrant)> = HashMap::new();
        for ((asked, Need { lease, .. }), grant) in asked.iter().zip(&needs).zip(grants) {
            lease.books().hear(lease, asked, &grant);
            given.insert(lease.number(), (grant.granted, grant));
        }
        for ask in asks {
            answer(ask, &mut given, is_strict);
        }
        for Need { lease, .. } in &needs {
            if let Some((left, _)) = given.get(&lease.number()) {
                lease.grant(*left);
            }
        }
    }

    /// Takes note of an answer, or of none.
    fn heard(&mut self, shared: &Result<Shared, StoreError>) {
        let counts = &self.sharing.counts;
        match shared {
            Ok(shared) => {
                counts.calls.fetch_add(1, Relaxed);
                counts.replicas.store(u64::from(shared.replicas), Relaxed);
                self.heard_at = Instant::now();
                if shared.is_new {
                    // Redis may have lost everything: it is told again.
                    self.listed.iter().for_each(|lease| lease.mark());
                }
                self.sharing.set_alone(false);
            }
            Err(error) => {
                if !self.sharing.is_alone() {
                    counts.outages.fetch_add(1, Relaxed);
                    tracing::error!(
                        "Redis is away: {error}; serving goes on, and limits and budgets are this \
                         replica's own until it answers"
                    );
                }
                self.sharing.set_alone(true);
            }
        }
    }

    /// Tries to reach a store that is away. Nobody waits for that.
    async fn reach(&mut self) {
        let store = self.store.clone();
        let tried = async {
            sleep(RETRY).await;
            store.share(&[]).await
        };
        tokio::pin!(tried);
        let shared = loop {
            tokio::select! {
                shared = &mut tried => break shared,
                Some(message) = self.messages.recv() => match message {
                    Message::Ask(ask) => answer_alone(vec![ask]),
                    Message::Touched(lease) => self.listed.push(lease),
                },
            }
        };
        if shared.is_ok() {
            tracing::info!("Redis answers again; limits and budgets are shared again");
            self.listed.iter().for_each(|lease| lease.mark());
        } else {
            // Windows that have passed are of no interest to anybody.
            let now = now();
            self.listed.retain(|lease| {
                let stays = lease.terms().ends_at.saturating_add(LATE) > now;
                if !stays {
                    lease.end();
                }
                stays
            });
        }
        self.heard(&shared);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.sharing.set_alone(true);
    }
}

fn answer_alone(asks: Vec<Ask>) {
    for ask in asks {
        // A client that has left does not wait any more.
        let _gone = ask.answer.send(Answer::Alone);
    }
}

/// Gives `ask` what it wants of what was granted, first come, first served.
fn answer(ask: Ask, given: &mut HashMap<u64, (i64, LeaseGrant)>, is_strict: bool) {
    let mut purse = Purse::default();
    let mut is_final = false;
    for Shortage { lease, amount } in ask.wanted {
        let Some((left, grant)) = given.get_mut(&lease.number()) else {
            continue;
        };
        if *left >= amount {
            *left -= amount;
            purse.put(lease, amount);
        } else {
            let is_hopeless = is_strict || grant.soon.saturating_add(*left) < amount;
            if is_hopeless {
                lease.refuse_for(HOPELESS);
            }
            is_final |= is_hopeless;
        }
    }
    // Who has left meanwhile drops the purse, which gives everything back.
    let _gone = ask.answer.send(Answer::Granted { purse, is_final });
}
