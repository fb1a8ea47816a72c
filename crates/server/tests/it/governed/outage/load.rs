//! Constant load: clients that ask, one request after the other, until they are told to stop.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use lockgate_testkit::Gateway;
use tokio::task::JoinSet;

use crate::governed::{holder, question};
use crate::support::{CHAT, eventually};

const CLIENTS: usize = 4;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);

/// Clients with the same key, all of whose requests must be served.
pub(super) struct Load {
    answered: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

// === impl Load ===

impl Load {
    pub(super) fn start(gateway: &Gateway, key: &str) -> Self {
        let (answered, stop) = (
            Arc::new(AtomicI64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let client = holder(gateway, key);
            let (answered, stop) = (answered.clone(), stop.clone());
            clients.spawn(async move {
                while !stop.load(Relaxed) {
                    let reply = client.post(CHAT, &question()).await.unwrap();
                    assert_eq!(reply.status, 200, "{}", reply.text());
                    answered.fetch_add(1, Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Self {
            answered,
            stop,
            clients,
        }
    }

    /// Waits for some more answers.
    pub(super) async fn goes_on(&self) {
        let enough = self.answered.load(Relaxed) + 50;
        eventually("the load goes on", || async {
            self.answered.load(Relaxed) >= enough
        })
        .await;
    }

    /// Ends it; says how many requests were answered, which is all of them.
    pub(super) async fn stop(self) -> i64 {
        self.stop.store(true, Relaxed);
        self.clients.join_all().await;
        self.answered.load(Relaxed)
    }
}
