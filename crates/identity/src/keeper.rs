//! What happens apart from requests: keys are renewed, and tokens shown to the endpoint.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::fetch::Fetch;
use crate::memory::Known;
use crate::question::Question;
use crate::source::{KeySource, Place};

/// How often it is looked whether something is due, which also finds what a reload added.
const TICK: Duration = Duration::from_millis(500);
/// Questions that the endpoint is asked at the same time.
const MOST_UNDER_WAY: usize = 64;
/// Questions that wait for their turn; those beyond are not asked.
const MOST_WAITING: usize = 1024;

/// Holds the keys of all issuers, across reloads. There is one in the process.
///
/// [`Keeper::run`] is the only one that fetches, so an issuer is never asked twice at the same time.
#[derive(Default)]
pub struct Keeper {
    bell: Notify,
    sources: Mutex<Vec<Weak<KeySource>>>,
    questions: Mutex<VecDeque<Question<Known>>>,
}

// === impl Keeper ===

impl Keeper {
    /// A keeper that has nothing yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Runs for ever, on a thread that serves no requests.
    pub async fn run(&self, fetch: &impl Fetch) {
        let mut renewals: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
        let mut questions: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
        loop {
            for source in self.due() {
                renewals.push(Box::pin(async move { source.renew(fetch).await }));
            }
            while questions.len() < MOST_UNDER_WAY {
                let Some(question) = self.questions().pop_front() else {
                    break;
                };
                questions.push(Box::pin(question.ask(fetch)));
            }
            tokio::select! {
                Some(()) = renewals.next() => {}
                Some(()) = questions.next() => {}
                () = self.bell.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// The source for `place`: the one that is there, with its keys, or a new one.
    pub(crate) fn source(&self, place: Place) -> Arc<KeySource> {
        let mut sources = lock(&self.sources);
        sources.retain(|source| source.strong_count() > 0);
        let known = sources.iter().filter_map(Weak::upgrade);
        if let Some(known) = known.into_iter().find(|known| known.place == place) {
            return known;
        }
        let source = Arc::new(KeySource::new(place));
        sources.push(Arc::downgrade(&source));
        self.bell.notify_one();
        source
    }

    /// Has a question asked; false when too many wait already.
    pub(crate) fn ask(&self, question: Question<Known>) -> bool {
        let mut questions = self.questions();
        if questions.len() >= MOST_WAITING {
            return false;
        }
        questions.push_back(question);
        drop(questions);
        self.bell.notify_one();
        true
    }

    /// Has it looked at once what is due.
    pub(crate) fn wake(&self) {
        self.bell.notify_one();
    }

    fn due(&self) -> Vec<Arc<KeySource>> {
        let now = Instant::now();
        let sources: Vec<_> = lock(&self.sources)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        sources
            .into_iter()
            .filter(|source| source.begin(now))
            .collect()
    }

    fn questions(&self) -> MutexGuard<'_, VecDeque<Question<Known>>> {
        lock(&self.questions)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

/// Nothing that panics is done under these locks, and what they guard is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
