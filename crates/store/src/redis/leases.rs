//! Leases in Redis: one script settles and grants, for many counters at once.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lockgate_core::ports::{LeaseAsk, LeaseGrant, LeaseStore, Shared, StoreError, StoreFuture};
use redis::{Script, ScriptInvocation};
use tokio::sync::Mutex;

use super::RedisAddress;
use super::link::Link;

/// The parts of one replica, in Redis. See `share.lua` for what is kept.
pub struct RedisLeases {
    address: RedisAddress,
    trust: Arc<rustls::ClientConfig>,
    /// What all keys begin with.
    prefix: String,
    replica: String,
    calls: AtomicU64,
    script: Script,
    leave: Script,
    link: Mutex<Option<Link>>,
}

/// A replica that is silent for longer is gone, and what it held is free.
const ALIVE: Duration = Duration::from_secs(5);
/// A replica that is silent for longer is forgotten.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// Counters in one call: Redis does nothing else meanwhile.
const AT_ONCE: usize = 200;

/// Each answer: the seven numbers of a grant; the first: whether we are new, and how many we are.
type Answers = Vec<Vec<i64>>;

// === impl RedisLeases ===

impl RedisLeases {
    /// The parts of `replica`, a name that no other process has, nor had. `trust` says whom to
    /// believe where TLS is spoken. Nothing is asked yet.
    #[must_use]
    pub fn new(address: RedisAddress, trust: Arc<rustls::ClientConfig>, replica: &str) -> Self {
        let namespace = address.namespace.as_deref();
        let namespace = namespace.map(|name| format!("{name}:")).unwrap_or_default();
        Self {
            address,
            trust,
            prefix: format!("{namespace}lockgate:"),
            replica: replica.to_owned(),
            calls: AtomicU64::new(0),
            script: Script::new(include_str!("share.lua")),
            leave: Script::new("return redis.call('ZADD', KEYS[1], 1, ARGV[1])"),
            link: Mutex::new(None),
        }
    }

    fn key(&self, name: impl Display) -> String {
        format!("{}{name}", self.prefix)
    }

    fn invocation(&self, asked: &[LeaseAsk]) -> ScriptInvocation<'_> {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        let mut script = self.script.prepare_invoke();
        script.key(self.key("replicas"));
        script.key(self.key(format_args!("calls:{}", self.replica)));
        script.arg(&self.replica).arg(call);
        script.arg(millis(ALIVE)).arg(millis(REMEMBERED));
        let or_nothing = |amount: Option<i64>| amount.map(|n| n.to_string()).unwrap_or_default();
        for ask in asked {
            script.key(self.key(format_args!("counter:{}", ask.counter)));
            script.arg(format!("{}.{}", self.replica, ask.part));
            script.arg(ask.most).arg(millis(ask.kept));
            script.arg(or_nothing(ask.known)).arg(or_nothing(ask.reset));
            script.arg(ask.used).arg(ask.answered).arg(ask.granted);
            script.arg(ask.need).arg(ask.spare).arg(ask.slack);
            script.arg(u8::from(ask.ends)).arg(ask.least);
        }
        script
    }

    async fn call(&self, script: &ScriptInvocation<'_>) -> Result<Answers, StoreError> {
        let mut link = self.link.lock().await;
        let mut open = match link.take() {
            Some(open) => open,
            None => Link::open(&self.address, &self.trust).await?,
        };
        let answers = open.run(script).await?;
        *link = Some(open);
        Ok(answers)
    }

    async fn share_some(&self, asked: &[LeaseAsk]) -> Result<Shared, StoreError> {
        let answers = self.call(&self.invocation(asked)).await?;
        let strange = || StoreError::Refused("Redis gave an answer that is not ours".to_owned());
        let mut answers = answers.into_iter();
        let first = answers.next().ok_or_else(strange)?;
        let &[is_new, replicas] = first.as_slice() else {
            return Err(strange());
        };
        let grants: Vec<LeaseGrant> = answers.filter_map(|answer| grant(&answer)).collect();
        if grants.len() != asked.len() {
            return Err(strange());
        }
        Ok(Shared {
            grants,
            is_new: is_new != 0,
            replicas: u32::try_from(replicas).unwrap_or(u32::MAX),
        })
    }
}

impl LeaseStore for RedisLeases {
    fn share<'a>(&'a self, asked: &'a [LeaseAsk]) -> StoreFuture<'a, Shared> {
        Box::pin(async move {
            let mut shared = self
                .share_some(asked.get(..AT_ONCE).unwrap_or(asked))
                .await?;
            for more in asked.chunks(AT_ONCE).skip(1) {
                let next = self.share_some(more).await?;
                shared.grants.extend(next.grants);
                shared.is_new |= next.is_new;
            }
            Ok(shared)
        })
    }

    fn leave(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut script = self.leave.prepare_invoke();
            script.key(self.key("replicas")).arg(&self.replica);
            let mut link = self.link.lock().await;
            // Who is not connected holds nothing for long.
            let Some(mut open) = link.take() else {
                return Ok(());
            };
            open.run::<i64>(&script).await.map(|_| ())
        })
    }
}

fn grant(answer: &[i64]) -> Option<LeaseGrant> {
    let &[
        granted,
        used,
        held,
        soon,
        most_slack,
        begins_anew,
        is_wanted,
    ] = answer
    else {
        return None;
    };
    Some(LeaseGrant {
        granted,
        used,
        held,
        soon,
        most_slack,
        begins_anew: begins_anew != 0,
        is_wanted: is_wanted != 0,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
