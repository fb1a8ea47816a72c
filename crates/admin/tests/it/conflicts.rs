//! Two requests that change the same thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{
    AuditEntry, AuditQuery, Change, EntityQuery, EntityStore, Page, StoreError, StoreFuture,
};
use lockgate_testkit::MemoryStore;
use serde_json::json;

use crate::support::Api;

/// A store in which somebody else was faster, some times.
struct Contended {
    store: Arc<MemoryStore>,
    times: AtomicU32,
}

impl EntityStore for Contended {
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>> {
        self.store.entity(id)
    }

    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>> {
        self.store.those(ids)
    }

    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>> {
        self.store.entities(query)
    }

    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()> {
        let left = self.times.load(Ordering::Relaxed);
        if left == 0 {
            return self.store.change(change);
        }
        self.times.store(left - 1, Ordering::Relaxed);
        Box::pin(std::future::ready(Err(StoreError::Changed)))
    }

    fn changed_since(&self, sequence: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)> {
        self.store.changed_since(sequence)
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>> {
        self.store.audit(query)
    }
}

#[tokio::test]
async fn the_slower_one_is_done_again_and_gives_up_at_last() {
    let mut api = Api::new();
    api.must("POST", "/tag/new", json!({"name": "t"})).await;
    for (times, status) in [(3, 200), (4, 409)] {
        api.admin.store = Arc::new(Contended {
            store: api.store.clone(),
            times: AtomicU32::new(times),
        });
        let body = json!({"name": "t", "description": times.to_string()});
        let reply = api.ask("POST", "/tag/update", body).await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
    let info = api.must("POST", "/tag/info", json!({"names": ["t"]})).await;
    assert_eq!(info["t"]["description"], "3");
    // What was not done is not in the log, and nobody was told of it.
    let actions: Vec<String> = api
        .audit()
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["created", "updated"]);
    assert_eq!(api.told.puts.lock().unwrap().len(), 2);
}
