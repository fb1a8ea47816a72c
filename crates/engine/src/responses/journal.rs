//! A response in the making: what it is now, and the events that led there.
//!
//! One core makes it, any core may be asked for it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use lockgate_wire::json::JsonObject;
use tokio::sync::watch;

use super::{PREVIOUS, events};
use crate::auth::Identity;

/// How much of its events is kept, in bytes. A longer stream cannot be picked up again.
const EVENTS: usize = 8 * 1024 * 1024;

/// A response that is made in the background.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub owner: Identity,
    /// What it is made from, as items without the brackets around them.
    pub items: Bytes,
    previous: Option<String>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug)]
struct Progress {
    response: Bytes,
    /// As frames; the number of an event is its place.
    events: Vec<Bytes>,
    /// Bytes of them.
    size: usize,
    /// How many there were, kept or not.
    count: u64,
    state: State,
}

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// In the making.
    Open,
    /// Complete, failed, or given up by the gateway.
    Ended,
    /// Given up by its owner.
    Cancelled,
    /// Its owner wants it forgotten.
    Deleted,
}

// === impl Journal ===

impl Journal {
    /// Begins with `response`, as the first event of a stream would show it.
    pub(super) fn new(
        owner: Identity,
        items: Bytes,
        previous: Option<String>,
        id: String,
        mut response: JsonObject,
    ) -> Self {
        let (progress, _) = watch::channel(Progress {
            response: Bytes::new(),
            events: Vec::new(),
            size: 0,
            count: 0,
            state: State::Open,
        });
        let journal = Self {
            id,
            owner,
            items,
            previous,
            progress,
        };
        journal.restamp(&mut response);
        response.set_str("status", "queued");
        for kind in ["response.created", "response.queued"] {
            let mut event = JsonObject::empty();
            event.set_str("type", kind);
            event.set("response", response.to_bytes());
            journal.note(event, &response, State::Open);
        }
        journal
    }

    /// The response as it is now.
    pub(crate) fn response(&self) -> Bytes {
        self.progress.borrow().response.clone()
    }

    /// How far it is.
    pub(crate) fn state(&self) -> State {
        self.progress.borrow().state
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        let progress = self.progress.borrow();
        progress.size + progress.response.len() + self.items.len() + self.id.len()
    }

    /// Takes the next frames of the answer.
    pub(super) fn absorb(&self, frames: &[u8]) {
        for event in events::events(frames) {
            let kind = events::kind(&event);
            // Said already, before anybody was asked.
            if matches!(
                kind.as_deref(),
                Some("response.created" | "response.queued")
            ) {
                continue;
            }
            match events::response_of(&event) {
                Some(mut response) => {
                    self.restamp(&mut response);
                    let last = events::is_last(&event);
                    let mut event = event;
                    event.set("response", response.to_bytes());
                    let state = if last { State::Ended } else { State::Open };
                    self.note(event, &response, state);
                }
                None => self.add(event),
            }
        }
    }

    /// Ends it, unless it has ended: `state` says why. Returns whether this did.
    pub(crate) fn end(&self, state: State, status: &str) -> bool {
        self.progress.send_if_modified(|progress| {
            let open = progress.state == State::Open;
            if open && let Some(mut response) = events::parse(&progress.response) {
                response.set_str("status", status);
                progress.response = response.to_bytes();
            }
            if open || state == State::Deleted {
                progress.state = state;
            }
            open
        })
    }

    /// Waits until nobody wants it any more.
    pub(super) async fn given_up(&self) {
        let mut progress = self.progress.subscribe();
        let wanted = |state| matches!(state, State::Open | State::Ended);
        // The sender is here: there is no other end than this.
        let _seen = progress.wait_for(|now| !wanted(now.state)).await;
    }

    /// Its events from number `from` on, also those to come. `None` when they are not kept.
    pub(super) fn follow(self: Arc<Self>, from: usize) -> Option<impl Stream<Item = Bytes>> {
        let progress = self.progress.subscribe();
        if progress.borrow().is_cut() {
            return None;
        }
        Some(unfold(
            (progress, from),
            |(mut progress, from)| async move {
                loop {
                    let (frames, over) = progress.borrow_and_update().beyond(from);
                    if let Some((frames, next)) = frames {
                        return Some((frames, (progress, next)));
                    }
                    if over || progress.changed().await.is_err() {
                        return None;
                    }
                }
            },
        ))
    }

    fn restamp(&self, response: &mut JsonObject) {
        response.set_str("id", &self.id);
        response.set("background", "true");
        if let Some(previous) = &self.previous {
            response.set_str(PREVIOUS, previous);
        }
    }

    fn note(&self, event: JsonObject, response: &JsonObject, state: State) {
        self.progress.send_if_modified(|progress| {
            let open = progress.state == State::Open;
            if open {
                progress.response = response.to_bytes();
                progress.state = state;
                progress.add(event);
            }
            open
        });
    }

    fn add(&self, event: JsonObject) {
        self.progress.send_if_modified(|progress| {
            let open = progress.state == State::Open;
            if open {
                progress.add(event);
            }
            open
        });
    }
}

// === impl Progress ===

impl Progress {
    fn add(&mut self, mut event: JsonObject) {
        event.set("sequence_number", self.count.to_string());
        let frame = events::frame(&event);
        self.count += 1;
        self.size += frame.len();
        if self.size <= EVENTS {
            self.events.push(frame);
        } else {
            self.events = Vec::new();
        }
    }

    fn is_cut(&self) -> bool {
        self.size > EVENTS
    }

    /// The frames from number `from` on and the number behind them, and whether none will follow.
    fn beyond(&self, from: usize) -> (Option<(Bytes, usize)>, bool) {
        let frames = self.events.get(from..).filter(|frames| !frames.is_empty());
        let frames = frames.map(|frames| (frames.concat().into(), self.events.len()));
        (frames, self.is_cut() || self.state != State::Open)
    }
}
