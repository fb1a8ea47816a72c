//! Entities of one kind by id: many readers that never wait, and one writer.
//!
//! A map in shards, each behind a pointer that is replaced as a whole. A reader loads one pointer
//! and looks once; a writer copies one shard, which holds a few hundred pointers when there are
//! 100,000 entities. Replacing an entity does not touch the map at all: see [`Seat`].

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::account::{Account, Seat};

/// Seats by key.
#[derive(Debug)]
pub(super) struct Shelf<K> {
    hasher: RandomState,
    shards: Box<[ArcSwap<Shard<K>>]>,
}

type Shard<K> = HashMap<K, Arc<Seat>, RandomState>;

/// A power of two.
const SHARDS: usize = 256;

// === impl Shelf ===

impl<K: Hash + Eq + Clone> Shelf<K> {
    /// The account under `key`.
    pub(super) fn account<Q>(&self, key: &Q) -> Option<Arc<Account>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shard(key).load().get(key)?.account()
    }

    /// The seat under `key`, whether somebody sits there or not.
    pub(super) fn seat<Q>(&self, key: &Q) -> Option<Arc<Seat>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shard(key).load().get(key).cloned()
    }

    /// Adds seats. Only one thread at a time may do so.
    pub(super) fn add(&self, seats: impl IntoIterator<Item = (K, Arc<Seat>)>) {
        let mut by_shard: HashMap<usize, Vec<(K, Arc<Seat>)>> = HashMap::new();
        for (key, seat) in seats {
            by_shard
                .entry(self.place(&key))
                .or_default()
                .push((key, seat));
        }
        for (place, seats) in by_shard {
            self.change(place, |shard| shard.extend(seats));
        }
    }

    /// Takes a seat away. Only one thread at a time may do so.
    pub(super) fn remove(&self, key: &K) {
        self.change(self.place(key), |shard| {
            shard.remove(key);
        });
    }

    /// All seats.
    pub(super) fn seats(&self) -> impl Iterator<Item = Arc<Seat>> {
        let shards = self.shards.iter().map(ArcSwap::load_full);
        shards.flat_map(|shard| shard.values().cloned().collect::<Vec<_>>())
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Shard<K>)) {
        if let Some(shard) = self.shards.get(place) {
            let mut next = Shard::clone(&shard.load());
            change(&mut next);
            shard.store(Arc::new(next));
        }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> &ArcSwap<Shard<K>> {
        &self.shards[self.place(key)]
    }

    fn place<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the lower bits are needed"
        )]
        let hash = self.hasher.hash_one(key) as usize;
        hash & (SHARDS - 1)
    }
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        let hasher = RandomState::new();
        let empty = || ArcSwap::from_pointee(Shard::with_hasher(RandomState::new()));
        Self {
            shards: (0..SHARDS).map(|_| empty()).collect(),
            hasher,
        }
    }
}
