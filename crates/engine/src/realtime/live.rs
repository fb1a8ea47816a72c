//! Sessions of Google's Live API: the client's first message says with which model.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use lockgate_core::error::{Fault, GatewayError};
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::realtime::{Protocol, Session as Events, setup_model, with_setup_model};
use lockgate_wire::websocket::{Close, Inbox, Opcode, Received, code};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Joined;
use super::bridge::Bridge;
use super::join::Wishes;
use super::side::{Side, part};
use crate::engine::Engine;
use crate::governance::Caller;
use crate::pipeline::Endpoint;
use crate::record::RecordGuard;
use crate::snapshot::Snapshot;

/// The longest first message: it may hold instructions and tools.
const SETUP: usize = 4 * 1024 * 1024;
/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A session whose model is not known yet.
pub(super) struct Opening {
    engine: Engine,
    snapshot: Arc<Snapshot>,
    endpoint: Endpoint,
    headers: HeaderMap,
    /// Who asks, until that is needed.
    caller: Option<Caller>,
    record: RecordGuard,
}

/// Why there is no first message.
enum Nothing {
    /// The client is gone.
    Left,
    /// It says good-bye, or is told so.
    Close(Close),
}

// === impl Opening ===

impl Opening {
    pub(super) fn new(
        engine: Engine,
        snapshot: Arc<Snapshot>,
        (endpoint, headers, caller): (Endpoint, &HeaderMap, Caller),
        record: RecordGuard,
    ) -> Self {
        Self {
            engine,
            snapshot,
            endpoint,
            headers: headers.clone(),
            caller: Some(caller),
            record,
        }
    }

    /// Waits for the first message, then serves the session.
    pub(super) async fn run<C>(
        mut self: Box<Self>,
        client: C,
        mut stopping: Pin<&mut impl Future<Output = ()>>,
    ) where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        self.record.record_mut().status = 101;
        let mut client = Side::new(client, BytesMut::new());
        let found = tokio::select! {
            biased;
            () = stopping.as_mut() => {
                Err(Nothing::Close(Close::new(code::GOING_AWAY, "the gateway is stopping")))
            }
            found = self.open(&mut client) => found,
        };
        match found {
            Ok((joined, setup)) => {
                let mut bridge = Bridge::between(client, joined(self.record));
                bridge.say(Opcode::Text, &setup);
                bridge.run(stopping).await;
            }
            Err(Nothing::Left) => {}
            Err(Nothing::Close(close)) => {
                self.record.finish();
                part(&mut client, &close).await;
            }
        }
    }

    /// The upstream's connection and the message that it begins with.
    async fn open<C>(
        &mut self,
        client: &mut Side<C>,
    ) -> Result<(impl FnOnce(RecordGuard) -> Joined + use<C>, Bytes), Nothing>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let message = match timeout(PATIENCE, first_message(client)).await {
            Ok(message) => message?,
            Err(_) => return Err(self.refuse(&no_setup("no message came"))),
        };
        let Some(model) = setup_model(&message) else {
            let error = no_setup("the first message must be `setup` and name a `model`");
            return Err(self.refuse(&error));
        };
        self.endpoint.model = Some(model);
        let wishes = Wishes {
            endpoint: &self.endpoint,
            headers: &self.headers,
            query: "",
            beta: None,
        };
        let Some(caller) = self.caller.take() else {
            return Err(Nothing::Left);
        };
        let found = self
            .engine
            .line_for(&self.snapshot, wishes, caller, &mut self.record);
        let line = match Box::pin(found).await {
            Ok((line, _)) => line,
            Err(failure) => return Err(self.refuse(&failure.error)),
        };
        let deployment = self.record.record().deployment.clone();
        let resource = deployment.map(|found| found.connection.live_model(&line.model));
        let setup = match resource {
            Some(Ok(resource)) => with_setup_model(&message, &resource),
            Some(Err(error)) => {
                let error = GatewayError::connection(ErrorKind::Internal, error.to_string());
                return Err(self.refuse(&error));
            }
            None => None,
        };
        let events = Events::new(Protocol::Gemini, &self.record.record().model, &line.model);
        let joined = move |record| Joined {
            line,
            events,
            protocol: Protocol::Gemini,
            record,
        };
        Ok((joined, setup.unwrap_or(message)))
    }

    /// The close that tells the client of an error: the API has no other way.
    fn refuse(&mut self, error: &GatewayError) -> Nothing {
        let record = self.record.record_mut();
        record.status = error.api.status;
        record.error = Some(error.api.message.clone());
        let code = match error.source_of_fault {
            Fault::Client => code::POLICY,
            _ => code::INTERNAL,
        };
        Nothing::Close(Close::new(code, &error.api.message))
    }
}

/// The client's first message; pings before it are answered.
async fn first_message<C>(client: &mut Side<C>) -> Result<Bytes, Nothing>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let mut inbox = Inbox::new(SETUP);
    loop {
        let received = inbox.next(&mut client.input);
        match received.map_err(|e| Nothing::Close(Close::from(e)))? {
            Some(Received::Message(message)) => return Ok(message),
            Some(Received::Ping(payload)) => {
                client.say(Opcode::Pong, &payload);
                client.write().await.map_err(|_| Nothing::Left)?;
            }
            Some(Received::Pong) => {}
            Some(Received::Close(close)) => return Err(Nothing::Close(close)),
            None => match client.read().await {
                Ok(0) | Err(_) => return Err(Nothing::Left),
                Ok(_) => {}
            },
        }
    }
}

fn no_setup(why: &str) -> GatewayError {
    GatewayError::client(ErrorKind::InvalidRequest, why)
}
