//! Hearing what other replicas changed.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{EntityStore, SpendStore, StoreError};
use lockgate_engine::Shared;
use lockgate_store::Store;
use tokio::time::{sleep, timeout};

use super::KeepingState;
use crate::composing::Composer;

/// How often the database is asked; so long a change may take to reach another replica.
const EVERY: Duration = Duration::from_secs(1);
/// A database that takes longer to say what changed is told of as away.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// Follows until the database is another one; one that is away is asked again.
    pub(super) async fn run(mut self, state: &KeepingState) {
        loop {
            sleep(EVERY).await;
            let read = self.step().await;
            let was_reached = state.reached.swap(read.is_ok(), Relaxed);
            match read {
                Ok(_) if !was_reached => tracing::info!("the database answers again"),
                Err(ref error) if was_reached => tracing::error!(
                    "{error}; serving goes on from memory, and what is served is kept in the journal"
                ),
                Ok(_) | Err(_) => {}
            }
            if matches!(read, Ok(ControlFlow::Break(()))) {
                return;
            }
        }
    }

    async fn step(&mut self) -> Result<ControlFlow<()>, StoreError> {
        let asked = timeout(PATIENCE, self.store.changed_since(self.sequence)).await;
        let silent = |_| StoreError::Away("the database does not answer".to_owned());
        let (changed, sequence) = asked.map_err(silent)??;
        if sequence < self.sequence {
            return Ok(ControlFlow::Break(()));
        }
        if !changed.is_empty() {
            let there = self.store.those(&changed).await?;
            self.apply(&changed, &there).await?;
        }
        self.sequence = sequence;
        Ok(ControlFlow::Continue(()))
    }

    async fn apply(&self, changed: &[EntityId], there: &[Entity]) -> Result<(), StoreError> {
        let governance = &self.shared.governance;
        let known: HashSet<EntityId> = there.iter().map(Entity::id).collect();
        let fresh: Vec<EntityId> = known
            .iter()
            .filter(|id| governance.directory.account(id).is_none())
            .cloned()
            .collect();
        // What is new here may have spent elsewhere. Asked before anybody can spend it here.
        let spends = match fresh.as_slice() {
            [] => Vec::new(),
            fresh => self.store.spend(fresh).await?,
        };
        governance.directory.load(there);
        let gone = changed.iter().filter(|id| !known.contains(id));
        let gone: Vec<EntityId> = gone.cloned().collect();
        for id in &gone {
            governance.directory.remove(id);
        }
        {
            let snapshot = self.shared.snapshot.load();
            let zone = &snapshot.config.governance.timezone;
            for spend in &spends {
                governance.directory.had_spent(spend, zone);
            }
        }
        self.composer.stock().changed(there, &gone);
        self.composer.refresh().await;
        Ok(())
    }
}
