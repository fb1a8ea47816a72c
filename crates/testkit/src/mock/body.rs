//! Response bodies that follow a script: paced, hanging or cut short.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::log::Ticket;

/// What happens after the last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The body ends as it should.
    Finish,
    /// Nothing more comes, the connection stays open.
    Hang,
    /// The connection is dropped.
    Cut,
}

/// The body of a mock response.
#[derive(Debug)]
pub(super) enum MockBody {
    Whole(Option<Bytes>),
    Frames(Frames),
}

#[derive(Debug)]
pub(super) struct Frames {
    frames: Arc<[Bytes]>,
    next: usize,
    pace: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    rested: bool,
    end: End,
    ticket: Ticket,
}

// === impl Frames ===

impl Frames {
    pub(super) fn new(frames: Arc<[Bytes]>, pace: Duration, end: End, ticket: Ticket) -> Self {
        Self {
            frames,
            next: 0,
            pace,
            sleep: None,
            rested: true,
            end,
            ticket,
        }
    }

    /// Waits between two frames. Without a pace it still yields once: hyper then flushes, and every frame is a write
    /// of its own, as a model server produces them.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.rested {
            return Poll::Ready(());
        }
        if self.pace.is_zero() {
            self.rested = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let pace = self.pace;
        let timer = self.sleep.get_or_insert_with(|| Box::pin(sleep(pace)));
        ready!(timer.as_mut().poll(cx));
        self.sleep = None;
        self.rested = true;
        Poll::Ready(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
        ready!(self.poll_rest(cx));
        let Some(frame) = self.frames.get(self.next) else {
            return match self.end {
                End::Finish => Poll::Ready(None),
                End::Hang => Poll::Pending,
                End::Cut => {
                    self.ticket.finish();
                    Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
                }
            };
        };
        let frame = frame.clone();
        self.next += 1;
        self.rested = false;
        if self.is_done() {
            self.ticket.finish();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_done(&self) -> bool {
        self.end == End::Finish && self.next == self.frames.len()
    }
}

// === impl MockBody ===

impl Body for MockBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Frames(frames) => frames
                .poll_next(cx)
                .map(|next| next.map(|next| next.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_none(),
            Self::Frames(frames) => frames.is_done(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => {
                SizeHint::with_exact(body.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Frames(_) => SizeHint::default(),
        }
    }
}
