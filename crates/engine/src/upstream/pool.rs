//! Idle connections of one core, by where they lead.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::uri::{Authority, Scheme};

use super::connection::Connection;

/// How long a connection may rest; below the idle limits of the big providers.
const IDLE_LIMIT: Duration = Duration::from_secs(55);

/// How many idle connections are kept per upstream and core.
const IDLE_PER_UPSTREAM: usize = 256;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
}

/// The idle connections of one core. Used by that core's thread only, so it needs no lock.
#[derive(Default)]
pub(super) struct Pool {
    idle: RefCell<HashMap<Origin, Vec<Idle>>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

// === impl Pool ===

impl Pool {
    /// The connection used last (its congestion window is the widest), if one is still open.
    pub(super) async fn take(&self, origin: &Origin) -> Option<Connection> {
        loop {
            let mut idle = self.idle.borrow_mut().get_mut(origin)?.pop()?;
            if idle.since.elapsed() < IDLE_LIMIT && idle.connection.is_usable().await {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection for the next request, unless there are plenty.
    pub(super) fn put(&self, origin: &Origin, connection: Connection) {
        let mut pool = self.idle.borrow_mut();
        let idle = Idle {
            connection,
            since: Instant::now(),
        };
        match pool.get_mut(origin) {
            Some(stack) if stack.len() >= IDLE_PER_UPSTREAM => {}
            Some(stack) => stack.push(idle),
            None => {
                pool.insert(origin.clone(), vec![idle]);
            }
        }
    }

    /// Closes what has rested too long.
    pub(super) fn sweep(&self) {
        self.idle.borrow_mut().retain(|_, stack| {
            stack.retain(|idle| idle.since.elapsed() < IDLE_LIMIT);
            !stack.is_empty()
        });
    }
}
