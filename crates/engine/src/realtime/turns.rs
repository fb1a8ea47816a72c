//! The Responses API over a WebSocket: each message asks for a response, and its events come back
//! as messages (OpenAI, "WebSocket mode").
//!
//! Every turn goes through the pipeline as if it had been posted, so it reaches any model, falls
//! back, and is counted by itself.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use lockgate_wire::sse::SseDecoder;
use lockgate_wire::websocket::{Close, Inbox, Opcode, Received, code};
use lockgate_wire::{DialectId, Operation};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::side::{Side, part};
use crate::answer::AnswerBody;
use crate::engine::Engine;
use crate::pipeline::Endpoint;
use crate::read_body::read_body;

/// Deeper than any request that is served; the pipeline has its own limit.
const DEPTH: usize = 512;
/// The largest error that is told.
const LARGEST_ERROR: usize = 1024 * 1024;

/// A client that takes turns.
pub(super) struct Turns {
    pub(super) engine: Engine,
    /// Its handshake's, with its key.
    pub(super) headers: HeaderMap,
    /// Its key, where no header has it.
    pub(super) key: Option<String>,
    /// The longest message.
    pub(super) limit: usize,
    /// How long it may rest between two turns.
    pub(super) idle: Duration,
}

/// What is known of the client besides its connection.
struct Desk {
    inbox: Inbox,
    /// A message that came during a turn.
    waiting: Option<Bytes>,
}

/// Why there are no more turns.
enum Over {
    /// The client is gone.
    Left,
    /// It says good-bye, or is told so.
    Close(Close),
}

// === impl Turns ===

impl Turns {
    /// Serves the client until it leaves. A turn that was begun is finished before a stop.
    pub(super) async fn run<C>(self, client: C, mut stopping: Pin<&mut impl Future<Output = ()>>)
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let mut client = Side::new(client, BytesMut::new());
        let mut desk = Desk {
            inbox: Inbox::new(self.limit),
            waiting: None,
        };
        let over = loop {
            let next = tokio::select! {
                biased;
                () = stopping.as_mut() => Err(gone("the gateway is stopping")),
                next = timeout(self.idle, desk.message(&mut client)) => {
                    next.unwrap_or_else(|_| Err(gone("the session was silent for too long")))
                }
            };
            let served = match next {
                Ok(message) => self.turn(&mut client, &mut desk, &message).await,
                Err(over) => Err(over),
            };
            if let Err(over) = served {
                break over;
            }
        };
        if let Over::Close(close) = over {
            part(&mut client, &close).await;
        }
    }

    async fn turn<C>(
        &self,
        client: &mut Side<C>,
        desk: &mut Desk,
        message: &Bytes,
    ) -> Result<(), Over>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let body = match posted(message) {
            Ok(body) => body,
            Err(error) => return tell(client, &refusal(&error)).await,
        };
        let mut request = Request::new(Full::new(body));
        *request.headers_mut() = self.headers.clone();
        let endpoint = Endpoint {
            dialect: DialectId::OpenAiResponses,
            operation: Operation::Chat,
            model: None,
            stream: None,
            json_array: false,
            key: self.key.clone(),
        };
        let mut served = Box::pin(self.engine.serve(endpoint, request));
        let response = tokio::select! {
            response = served.as_mut() => response,
            over = desk.attend(client) => return Err(over),
        };
        if response.status().is_success() {
            pass_on(client, desk, response).await
        } else {
            tell(client, &failure(response).await).await
        }
    }
}

// === impl Desk ===

impl Desk {
    /// The client's next message; pings before it are answered.
    async fn message<C>(&mut self, client: &mut Side<C>) -> Result<Bytes, Over>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            if let Some(message) = self.waiting.take() {
                return Ok(message);
            }
            let received = self.inbox.next(&mut client.input);
            match received.map_err(|e| Over::Close(Close::from(e)))? {
                Some(Received::Message(message)) => return Ok(message),
                Some(Received::Ping(payload)) => {
                    client.say(Opcode::Pong, &payload);
                    client.write().await.map_err(|_| Over::Left)?;
                }
                Some(Received::Pong) => {}
                Some(Received::Close(close)) => return Err(Over::Close(close)),
                None => match client.read().await {
                    Ok(0) | Err(_) => return Err(Over::Left),
                    Ok(_) => {}
                },
            }
        }
    }

    /// Answers pings during a turn, until the client leaves. One message is taken and waits; the
    /// next stays with the client.
    async fn attend<C>(&mut self, client: &mut Side<C>) -> Over
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        if self.waiting.is_none() {
            match self.message(client).await {
                Ok(message) => self.waiting = Some(message),
                Err(over) => return over,
            }
        }
        std::future::pending().await
    }
}

/// The events of a streamed answer, one message each.
async fn pass_on<C>(
    client: &mut Side<C>,
    desk: &mut Desk,
    response: Response<AnswerBody>,
) -> Result<(), Over>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let mut body = response.into_body();
    let mut decoder = SseDecoder::default();
    let mut events = Vec::new();
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            over = desk.attend(client) => return Err(over),
        };
        let data = match frame {
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            // The stream has told of it in its last event.
            Some(Err(_)) | None => return Ok(()),
        };
        if decoder.push(&data, &mut events).is_err() {
            return Ok(());
        }
        for event in events.drain(..).filter(|event| event.data != "[DONE]") {
            client.say(Opcode::Text, event.data.as_bytes());
        }
        client.write().await.map_err(|_| Over::Left)?;
    }
}

async fn tell<C>(client: &mut Side<C>, event: &Value) -> Result<(), Over>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    client.say(Opcode::Text, event.to_string().as_bytes());
    client.write().await.map_err(|_| Over::Left)
}

/// What would have been posted for the same response.
fn posted(message: &Bytes) -> Result<Bytes, GatewayError> {
    let refused = |why: String| GatewayError::client(ErrorKind::InvalidRequest, why);
    let mut body = JsonObject::parse(message.clone(), DEPTH)
        .map_err(|e| refused(format!("the message is not a JSON object: {e}")))?;
    if body.get_str("type").as_deref() != Some("response.create") {
        let why = "the only event that is served is `response.create`";
        return Err(refused(why.to_owned()).with_param("type"));
    }
    if body.get_bool("generate") == Some(false) {
        let why = "there is nothing to warm up here: `generate: false` is not served";
        return Err(refused(why.to_owned()).with_param("generate"));
    }
    for name in ["type", "generate", "background", "stream_options"] {
        body.remove(name);
    }
    body.set("stream", Bytes::from_static(b"true"));
    Ok(body.to_bytes())
}

fn refusal(error: &GatewayError) -> Value {
    let api = &error.api;
    json!({ "type": "error", "status": api.status, "error": {
        "type": api.error_type.as_deref().unwrap_or("invalid_request_error"),
        "code": api.code, "message": api.message, "param": api.param,
    } })
}

/// The error that was answered instead of a stream.
async fn failure(response: Response<AnswerBody>) -> Value {
    let status = response.status().as_u16();
    let body = read_body(response.into_body(), LARGEST_ERROR).await;
    let body = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    let error = body.and_then(|mut body: Value| body.get_mut("error").map(Value::take));
    json!({ "type": "error", "status": status, "error": error })
}

fn gone(why: &str) -> Over {
    Over::Close(Close::new(code::GOING_AWAY, why))
}
