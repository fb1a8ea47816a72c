//! Two WebSockets made one: frames travel both ways until a side closes or is gone.
//!
//! Each direction reads only when what it read before is written, so a slow reader slows its
//! writer down and nothing piles up here.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{ApiError, ErrorKind};
use lockgate_wire::realtime::{Protocol, Session as Events};
use lockgate_wire::websocket::{Close, Opcode, Passage, Violation, Watch, code};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, timeout};

use super::side::{FAREWELL, Side};
use super::{Joined, masks};
use crate::answer::Slot;
use crate::record::RecordGuard;
use crate::upstream::UpstreamStream;

/// How often a direction may move before others on this core are let through.
const MOVES: usize = 16;

/// A session whose two connections stand.
pub(super) struct Bridge<C> {
    client: Side<C>,
    upstream: Side<UpstreamStream>,
    /// From the client to the upstream.
    up: Passage,
    /// From the upstream to the client.
    down: Passage,
    events: Events,
    protocol: Protocol,
    record: RecordGuard,
    idle: Duration,
    moved: Instant,
    /// When the side that has not closed must have done so.
    closing: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    _slot: Slot,
}

/// How a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides closed.
    Closed,
    /// One closed, and the other did not answer.
    Unanswered,
    /// The client was gone without a word.
    ClientLeft,
    /// The client broke the protocol.
    ClientBroke(Violation),
    /// The upstream was gone without a word.
    UpstreamLeft(String),
    /// The upstream broke the protocol.
    UpstreamBroke(Violation),
    /// Nothing came for too long.
    Silent,
    /// The gateway stops.
    Stopping,
}

/// What a direction has come to.
enum Way {
    /// Waits for a reader or a writer.
    Waits,
    /// Its side has closed, and that is passed on.
    Closed,
    /// Where it comes from is gone.
    SourceGone(String),
    /// Where it goes is gone.
    TargetGone(String),
    /// Its side broke the protocol.
    Broke(Violation),
}

/// Looks at what a client says.
struct Asks<'a>(&'a Events);

/// Looks at what an upstream says.
struct Tells<'a> {
    events: &'a mut Events,
    record: &'a mut RecordGuard,
}

// === impl Watch ===

impl Watch for Asks<'_> {
    fn message(&mut self, payload: &[u8]) -> Option<Bytes> {
        self.0.for_upstream(payload)
    }
}

impl Watch for Tells<'_> {
    fn message(&mut self, payload: &[u8]) -> Option<Bytes> {
        self.passed(payload);
        self.events.for_client(payload)
    }

    fn passed(&mut self, payload: &[u8]) {
        if let Some(used) = self.events.usage(payload) {
            let total = self.record.record_mut().usage.get_or_insert_default();
            *total += used;
        }
    }
}

// === impl Bridge ===

impl<C: AsyncRead + AsyncWrite + Unpin> Bridge<C> {
    /// Between `client`, from which nothing was read, and the upstream.
    pub(super) fn new(client: C, joined: Joined) -> Self {
        Self::between(Side::new(client, BytesMut::new()), joined)
    }

    /// Between a client and the upstream.
    pub(super) fn between(client: Side<C>, joined: Joined) -> Self {
        let line = joined.line;
        let read = BytesMut::from(&line.upgraded.read_ahead[..]);
        let now = Instant::now();
        Self {
            client,
            upstream: Side::new(line.upgraded.stream, read),
            up: Passage::to_server(masks),
            down: Passage::to_client(),
            events: joined.events,
            protocol: joined.protocol,
            record: joined.record,
            idle: line.idle,
            moved: now,
            closing: None,
            timer: Box::pin(tokio::time::sleep_until(now + line.idle)),
            _slot: line.slot,
        }
    }

    /// Sends the upstream a message in the client's name.
    pub(super) fn say(&mut self, opcode: Opcode, message: &[u8]) {
        self.up.say(opcode, message, &mut self.upstream.output);
    }

    /// Lets frames travel until the session ends, or closes it when `stopping` is ready.
    pub(super) async fn run(mut self, stopping: Pin<&mut impl Future<Output = ()>>) {
        // What came with the handshake, or with the first message, waits for no reader.
        let mut first = true;
        let end = tokio::select! {
            biased;
            () = stopping => End::Stopping,
            end = std::future::poll_fn(|cx| {
                if std::mem::take(&mut first) && let Err(end) = self.begin() {
                    return Poll::Ready(end);
                }
                self.poll_travel(cx)
            }) => end,
        };
        self.note(&end);
        self.part(&end).await;
    }

    /// Moves what was read before the bridge stood.
    fn begin(&mut self) -> Result<(), End> {
        let mut asks = Asks(&self.events);
        let Side { input, .. } = &mut self.client;
        let pushed = self.up.push(input, &mut self.upstream.output, &mut asks);
        pushed.map_err(End::ClientBroke)?;
        let mut tells = Tells {
            events: &mut self.events,
            record: &mut self.record,
        };
        let Side { input, .. } = &mut self.upstream;
        let pushed = self.down.push(input, &mut self.client.output, &mut tells);
        pushed.map_err(End::UpstreamBroke)
    }

    fn poll_travel(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let mut asks = Asks(&self.events);
        let up = travel(
            (&mut self.client, &mut self.upstream),
            &mut self.up,
            &mut asks,
            (cx, &mut self.moved),
        );
        let mut tells = Tells {
            events: &mut self.events,
            record: &mut self.record,
        };
        let down = travel(
            (&mut self.upstream, &mut self.client),
            &mut self.down,
            &mut tells,
            (cx, &mut self.moved),
        );
        match (up, down) {
            (Way::Closed, Way::Closed) => Poll::Ready(End::Closed),
            (Way::Broke(violation), _) => Poll::Ready(End::ClientBroke(violation)),
            (_, Way::Broke(violation)) => Poll::Ready(End::UpstreamBroke(violation)),
            // Who was told good-bye may leave without another word.
            (Way::Closed, Way::SourceGone(_) | Way::TargetGone(_))
            | (Way::SourceGone(_) | Way::TargetGone(_), Way::Closed) => Poll::Ready(End::Closed),
            (_, Way::SourceGone(why)) | (Way::TargetGone(why), _) => {
                Poll::Ready(End::UpstreamLeft(why))
            }
            (Way::SourceGone(_), _) | (_, Way::TargetGone(_)) => Poll::Ready(End::ClientLeft),
            (Way::Waits | Way::Closed, Way::Waits | Way::Closed) => self.poll_patience(cx),
        }
    }

    /// Ready when nothing has moved for too long, or a close was not answered in time.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.up.closed().is_some() || self.down.closed().is_some() {
            let due = *self
                .closing
                .get_or_insert_with(|| Instant::now() + FAREWELL);
            return self.poll_due(cx, due).map(|()| End::Unanswered);
        }
        let due = self.moved + self.idle;
        self.poll_due(cx, due).map(|()| End::Silent)
    }

    /// Ready at `due`. The timer is set anew when it fires, or would fire too late: not with every
    /// frame.
    fn poll_due(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        if self.timer.deadline() > due {
            self.timer.as_mut().reset(due);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
        Poll::Pending
    }

    fn note(&mut self, end: &End) {
        let record = self.record.record_mut();
        record.error = match end {
            End::Closed | End::Unanswered | End::ClientLeft | End::Stopping => None,
            End::ClientBroke(violation) => Some(format!("the client's WebSocket: {violation}")),
            End::UpstreamBroke(violation) => Some(format!("the upstream's WebSocket: {violation}")),
            End::UpstreamLeft(why) => Some(format!("the upstream broke off the session: {why}")),
            End::Silent => Some("the session was silent for too long".to_owned()),
        };
        // Who leaves without a word leaves early.
        if !matches!(end, End::ClientLeft) {
            self.record.finish();
        }
    }

    /// Tells each side what it does not know, as far as it still listens.
    async fn part(&mut self, end: &End) {
        let (to_client, to_upstream) = self.last_words(end);
        if let (Some(message), true) = (&to_client.0, self.down.is_between_messages())
            && self.down.closed().is_none()
        {
            let output = &mut self.client.output;
            self.down.say(Opcode::Text, message, output);
        }
        for (passage, close, output) in [
            (&mut self.down, to_client.1, &mut self.client.output),
            (&mut self.up, to_upstream, &mut self.upstream.output),
        ] {
            if let Some(close) = close
                && passage.is_between_frames()
            {
                passage.close(close, output);
            }
        }
        // A side that is gone, or does not read, is let go.
        let _late = timeout(FAREWELL, self.upstream.finish()).await;
        if !matches!(end, End::ClientLeft) {
            let farewell = async {
                if self.client.finish().await.is_ok() {
                    self.client.linger().await;
                }
            };
            let _late = timeout(FAREWELL, farewell).await;
        }
    }

    /// For the client: an event and a close. For the upstream: a close.
    fn last_words(&self, end: &End) -> ((Option<Bytes>, Option<Close>), Option<Close>) {
        let gone = |why: &str| Some(Close::new(code::GOING_AWAY, why));
        match end {
            End::Closed | End::Unanswered => {
                // Where only one of them said something, the other side is told the same.
                (
                    (None, self.up.closed().cloned()),
                    self.down.closed().cloned(),
                )
            }
            End::ClientLeft => ((None, None), gone("the client left")),
            End::ClientBroke(violation) => {
                let close = Close::from(*violation);
                ((None, Some(close)), gone("the client left"))
            }
            End::UpstreamBroke(violation) => {
                let own = Close::from(*violation);
                (self.failed("the upstream broke the protocol"), Some(own))
            }
            End::UpstreamLeft(_) => (self.failed("the upstream broke off the session"), None),
            End::Silent => {
                let why = "the session was silent for too long";
                ((None, gone(why)), gone(why))
            }
            End::Stopping => {
                let why = "the gateway is stopping";
                ((None, gone(why)), gone(why))
            }
        }
    }

    fn failed(&self, why: &str) -> (Option<Bytes>, Option<Close>) {
        let error = ApiError::new(ErrorKind::BadGateway, why);
        let id = format!("event_{}", self.record.record().call_id.replace('-', ""));
        let event = self.protocol.error_event(&error, &id);
        (event, Some(Close::new(code::INTERNAL, why)))
    }
}

/// Moves what can be moved in one direction.
fn travel<A, B>(
    (source, target): (&mut Side<A>, &mut Side<B>),
    passage: &mut Passage,
    watch: &mut impl Watch,
    (cx, moved): (&mut Context<'_>, &mut Instant),
) -> Way
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..MOVES {
        match target.poll_write(cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Way::TargetGone(error.to_string()),
            Poll::Pending => return Way::Waits,
        }
        if passage.closed().is_some() {
            return Way::Closed;
        }
        match source.poll_read(cx) {
            Poll::Ready(Ok(0)) => return Way::SourceGone(ended().to_string()),
            Poll::Ready(Ok(_)) => *moved = Instant::now(),
            Poll::Ready(Err(error)) => return Way::SourceGone(error.to_string()),
            Poll::Pending => return Way::Waits,
        }
        if let Err(violation) = passage.push(&mut source.input, &mut target.output, watch) {
            return Way::Broke(violation);
        }
    }
    cx.waker().wake_by_ref();
    Way::Waits
}

fn ended() -> io::Error {
    let message = "its connection ended without a close";
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}
