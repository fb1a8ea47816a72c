//! Limits and budgets that are shared with other replicas, through Redis.

use std::sync::Arc;

use lockgate_core::config::Config;
use lockgate_engine::Shared;
use lockgate_engine::governance::{self, Broker};
use lockgate_store::{RedisAddress, RedisLeases};

/// What keeps this replica's part in step.
pub(crate) struct Sharing {
    leases: Arc<governance::Sharing>,
    broker: Broker,
}

// === impl Sharing ===

impl Sharing {
    /// Begins to share, if the configuration names a Redis. One that is away is looked for again;
    /// one that is named wrongly is said to be.
    pub(crate) async fn begin(
        config: &Config,
        trust: &Arc<rustls::ClientConfig>,
        shared: &Shared,
    ) -> Option<Self> {
        let settings = config.redis.as_ref()?;
        let address = match RedisAddress::find(settings) {
            Ok(address) => address,
            Err(error) => {
                tracing::error!("{error}; limits and budgets are this replica's own");
                return None;
            }
        };
        tracing::info!("limits and budgets are shared in {address}");
        let replica = uuid::Uuid::now_v7().to_string();
        let store = Arc::new(RedisLeases::new(address, trust.clone(), &replica));
        let strict = config.general.strict_limits;
        let (leases, mut broker) = governance::Sharing::open(store, strict);
        broker.begin().await;
        shared.governance.share(leases.clone());
        Some(Self { leases, broker })
    }

    /// What the data plane asks.
    pub(crate) fn leases(&self) -> Arc<governance::Sharing> {
        self.leases.clone()
    }
}

/// Gives back what this replica holds. To be called when no request is in flight.
pub(crate) async fn close(sharing: Option<Sharing>) {
    if let Some(mut sharing) = sharing {
        sharing.broker.close().await;
    }
}

/// Keeps it in step, for ever.
pub(crate) async fn run(sharing: Option<&mut Sharing>) {
    match sharing {
        Some(sharing) => sharing.broker.run().await,
        None => std::future::pending().await,
    }
}
