//! Hearing what other replicas changed.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{EntityStore, SpendStore, StoreError};
use lockgate_engine::Shared;
use lockgate_store::Store;
use tokio::time::sleep;

use super::KeepingState;
use crate::composing::Composer;

/// How often the database is asked; so long a change may take to reach another replica.
const EVERY: Duration = Duration::from_secs(1);

/// Reads the changes behind a place in their sequence.
pub(crate) struct Follower {
    store: Store,
    shared: Arc<Shared>,
    composer: Rc<Composer>,
    sequence: i64,
}

// === impl Follower ===

impl Follower {
    /// Begins with what is changed from now on.
    pub(super) async fn start(
        store: Store,
        shared: Arc<Shared>,
        composer: Rc<Composer>,
    ) -> Result<Self, StoreError> {
        let (_, sequence) = store.changed_since(-1).await?;
        Ok(Self {
            store,
            shared,
            composer,
            sequence,
        })
    }

    /// Follows for ever; a database that is away is asked again.
    pub(super) async fn run(mut self, state: &KeepingState) {
        loop {
            sleep(EVERY).await;
            let read = self.step().await;
            let was_reached = state.reached.swap(read.is_ok(), Relaxed);
            match read {
                Ok(()) if !was_reached => tracing::info!("the database answers again"),
                Err(error) if was_reached => tracing::error!(
                    "{error}; serving goes on from memory, and what is served is kept in the journal"
                ),
                Ok(()) | Err(_) => {}
            }
        }
    }

    async fn step(&mut self) -> Result<(), StoreError> {
        let (changed, sequence) = self.store.changed_since(self.sequence).await?;
        if !changed.is_empty() {
            let there = self.store.those(&changed).await?;
            self.apply(&changed, &there).await?;
        }
        self.sequence = sequence;
        Ok(())
    }

    async fn apply(&self, changed: &[EntityId], there: &[Entity]) -> Result<(), StoreError> {
        let governance = &self.shared.governance;
        let known: HashSet<EntityId> = there.iter().map(Entity::id).collect();
        let fresh: Vec<EntityId> = known
            .iter()
            .filter(|id| governance.directory.account(id).is_none())
            .cloned()
            .collect();
        governance.directory.load(there);
        let gone = changed.iter().filter(|id| !known.contains(id));
        let gone: Vec<EntityId> = gone.cloned().collect();
        for id in &gone {
            governance.directory.remove(id);
        }
        self.composer.stock().changed(there, &gone);
        self.composer.refresh().await;
        // What is new here may have spent elsewhere.
        if !fresh.is_empty() {
            let zone = self
                .shared
                .snapshot
                .load()
                .config
                .governance
                .timezone
                .clone();
            for spend in self.store.spend(&fresh).await? {
                governance.directory.spend(&spend, &zone);
            }
        }
        Ok(())
    }
}
