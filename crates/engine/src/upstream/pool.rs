//! Idle connections of one core, by where they lead.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::task::Context;
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, Scheme};

use super::connection::Connection;
use super::io::ReadBuffer;

/// How long a connection may rest; below the idle limits of the big providers.
const IDLE_LIMIT: Duration = Duration::from_secs(55);

/// How many idle connections are kept per upstream and core.
const IDLE_PER_UPSTREAM: usize = 256;

/// The longest head whose memory is kept for the next one.
const KEPT_HEAD: usize = 16 * 1024;

/// Where a connection leads. Spelled otherwise it is another place: nobody is hurt by that, and
/// comparing stays cheap.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    scheme: Scheme,
    pub(super) authority: Authority,
}

/// What the connections of one core share. Used by that core's thread only, so it needs no lock.
#[derive(Default)]
pub(super) struct Pool {
    idle: RefCell<HashMap<Origin, Vec<Idle>>>,
    /// Where all of them read into.
    pub(super) buffer: ReadBuffer,
    /// Where heads of requests are written into.
    head: Cell<Vec<u8>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

// === impl Origin ===

impl Origin {
    /// Where `uri` leads; `None` if it does not say.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        Some(Self {
            scheme: uri.scheme()?.clone(),
            authority: uri.authority()?.clone(),
        })
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.authority.as_str() == other.authority.as_str()
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.authority.as_str().hash(state);
    }
}

// === impl Pool ===

impl Pool {
    /// The connection used last (its congestion window is the widest), if one is still open.
    pub(super) fn take(&self, origin: &Origin, cx: &mut Context<'_>) -> Option<Connection> {
        let mut pool = self.idle.borrow_mut();
        let stack = pool.get_mut(origin)?;
        loop {
            let mut idle = stack.pop()?;
            if idle.since.elapsed() < IDLE_LIMIT && idle.connection.is_usable(cx) {
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

    /// Memory for the head of a request.
    pub(super) fn take_head(&self) -> Vec<u8> {
        self.head.take()
    }

    /// Keeps it for the next one.
    pub(super) fn put_head(&self, head: Vec<u8>) {
        if head.capacity() <= KEPT_HEAD {
            self.head.set(head);
        }
    }
}
