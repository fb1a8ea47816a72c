//! One attempt: a call goes to one deployment, and an answer comes back or a failure.

mod forwarded;
mod mishap;
mod outgoing;
mod session;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use lockgate_core::error::GatewayError;
use lockgate_providers::UrlStyle;
use lockgate_wire::canonical::{ApiError, ErrorKind, FinishReason, Usage};
use lockgate_wire::dialect::Spliced;
use tokio::time::Instant;

pub(crate) use self::mishap::{broken, no_credential, unreachable_upstream};
use self::mishap::{encoded, redirected};
use self::outgoing::METHOD;
pub(crate) use self::session::Line;
use crate::answer::{Channel, Slot, StreamParts};
use crate::call::Call;
use crate::deployment::Deployment;
use crate::prepare::{OwnAnswer, Passage, Prepared};
use crate::redact::redact;
use crate::upstream::{BodyError, Upstream, UpstreamBody, UpstreamRequest, UpstreamResponse};

/// The largest whole answer that is taken into memory.
pub(crate) const LARGEST_ANSWER: usize = 256 * 1024 * 1024;
/// The largest error answer that is looked at.
const LARGEST_ERROR: usize = 1024 * 1024;
/// How long a stream's preamble is held back, so that an error right behind it can still lead to
/// another attempt.
const HOLD: Duration = Duration::from_secs(2);

/// The four limits of one attempt, as durations from its start (connecting has its own).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until the head of the answer, or the first byte of a stream.
    pub first_byte: Duration,
    /// Between two chunks.
    pub idle: Duration,
    /// Until the answer is complete.
    pub total: Duration,
}

/// An answer, ready for the client but for the headers that are the gateway's own.
pub(crate) struct Reply {
    /// The upstream's headers.
    pub headers: HeaderMap,
    /// The answer.
    pub content: Content,
}

/// What an answer holds.
pub(crate) enum Content {
    /// All of it.
    Whole {
        /// The body, in the client's dialect.
        bytes: Bytes,
        /// Tokens, when the upstream told.
        usage: Option<Usage>,
        /// Why the model stopped, when known.
        finish: Option<FinishReason>,
    },
    /// Its beginning; the rest follows.
    Stream(Box<StreamParts>),
    /// A connection that speaks WebSocket from now on.
    Session(Box<Line>),
}

/// An attempt that came to nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong.
    pub error: GatewayError,
    /// The upstream's headers, if it answered.
    pub headers: HeaderMap,
}

/// Everything one attempt needs.
pub(crate) struct Attempt<'a> {
    /// The request.
    pub call: &'a Call,
    /// Where it goes.
    pub deployment: &'a Arc<Deployment>,
    /// The model's name there.
    pub model: &'a str,
    /// The request as it goes there.
    pub prepared: &'a Prepared,
    /// How long it may take.
    pub limits: Limits,
    /// The client gets usage in streams, also when it did not ask.
    pub always_usage: bool,
}

// === impl Attempt ===

impl Attempt<'_> {
    /// Sends the request and reads the answer: all of it, or, of a stream, as much as it takes to
    /// know that it is one.
    pub(crate) async fn run(&self, upstream: &Upstream) -> Result<Reply, Failure> {
        let started = Instant::now();
        let slot = Slot::new(self.deployment);
        if self.prepared.passage == Passage::Session {
            return Box::pin(self.switch(upstream, slot, started)).await;
        }
        let response = self.send(upstream, started).await?;
        let total = started + self.limits.total;
        if response.status >= 400 {
            return Err(Box::pin(self.refused(response, total)).await);
        }
        let UpstreamResponse {
            status,
            headers,
            body,
        } = response;
        if status >= 300 {
            let error = redirected(status);
            return Err(Failure { error, headers });
        }
        if let Some(coding) = coding(&headers) {
            let error = encoded(coding, status);
            return Err(Failure { error, headers });
        }
        let streams = self.call.streams() && !is_json(&headers);
        let content = if self.prepared.passage == Passage::Forwarded {
            self.pass_on(body, &headers, slot, total).await
        } else if streams {
            Box::pin(self.begin_stream(body, slot, started)).await
        } else {
            self.read_whole(body, total).await
        };
        match content {
            Ok(content) => Ok(Reply {
                headers: self.described(headers),
                content,
            }),
            Err(error) => Err(Failure { error, headers }),
        }
    }

    /// The headers, with the content type of an answer that was translated.
    fn described(&self, mut headers: HeaderMap) -> HeaderMap {
        let content_type = match self.prepared.own.as_ref().map(|own| &own.answer) {
            Some(OwnAnswer::Transcript(_, request)) => request.format.content_type(),
            Some(OwnAnswer::Pictures(..) | OwnAnswer::Vectors(_)) => "application/json",
            Some(OwnAnswer::Sound) | None => return headers,
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers
    }

    async fn send(
        &self,
        upstream: &Upstream,
        started: Instant,
    ) -> Result<UpstreamResponse, Failure> {
        self.check_key()?;
        let (uri, headers) = self.addressed()?;
        let request = UpstreamRequest {
            method: METHOD,
            uri,
            headers,
            body: self.body()?,
            head_deadline: started + self.limits.first_byte.min(self.limits.total),
        };
        upstream
            .send(request)
            .await
            .map_err(|e| unreachable_upstream(&e).into())
    }

    fn check_key(&self) -> Result<(), GatewayError> {
        match self.deployment.connection.missing_key() {
            None => Ok(()),
            Some(missing) => Err(GatewayError::connection(
                ErrorKind::Authentication,
                missing.to_string(),
            )),
        }
    }

    async fn refused(&self, mut response: UpstreamResponse, total: Instant) -> Failure {
        let packed = coding(&response.headers).map(|coding| encoded(coding, response.status));
        let read = response.body.collect(LARGEST_ERROR);
        let body = match tokio::time::timeout_at(total, read).await {
            Ok(Ok(body)) if packed.is_none() => body,
            // The status alone says enough.
            _ => Bytes::new(),
        };
        let dialect = self.prepared.dialect.dialect();
        let name = dialect.error_header();
        let name = name.and_then(|name| response.headers.get(name)?.to_str().ok());
        let mut error = match name {
            Some(name) => dialect.decode_named_error(response.status, name, &body),
            None => dialect.decode_error(response.status, &body),
        };
        if let Some(packed) = packed {
            error.message = packed.api.message;
        }
        error.message = redact(error.message, &self.deployment.connection.secrets());
        let retry_after = crate::retry_after::read(&response.headers);
        Failure {
            error: GatewayError::upstream(error, retry_after),
            headers: response.headers,
        }
    }

    /// Reads a stream up to its first content, so that an error before it fails the attempt.
    async fn begin_stream(
        &self,
        mut body: UpstreamBody,
        slot: Slot,
        started: Instant,
    ) -> Result<Content, GatewayError> {
        let mut channel = self.channel();
        let mut first = Bytes::new();
        let mut closed = false;
        let total = started + self.limits.total;
        let mut patience = total.min(started + self.limits.first_byte);
        let mut hold = None;
        while !channel.content_seen() && !closed {
            let deadline = hold.unwrap_or(patience);
            match tokio::time::timeout_at(deadline, body.chunk()).await {
                Err(_) if hold.is_some() => break,
                Err(_) => return Err(broken(&BodyError::Idle)),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                Ok(Some(Ok(chunk))) => first = joined(first, channel.push(chunk)),
                Ok(None) => {
                    closed = true;
                    first = joined(first, channel.finish());
                }
            }
            closed |= channel.ended();
            if let Some(error) = &channel.seen().error
                && !channel.content_seen()
            {
                return Err(GatewayError::upstream(with_status(error), None));
            }
            hold.get_or_insert_with(|| total.min(Instant::now() + HOLD));
            patience = total;
        }
        if closed && !channel.content_seen() {
            return Err(broken(&BodyError::Broken("it holds nothing".into())));
        }
        let parts = StreamParts {
            first,
            upstream: body,
            channel,
            closed,
            idle: self.limits.idle,
            total,
            slot: Some(slot),
        };
        Ok(Content::Stream(Box::new(parts)))
    }

    fn channel(&self) -> Channel {
        let channel = self.bare_channel();
        if self.deployment.provider.url == UrlStyle::SageMaker {
            return channel.enveloped();
        }
        channel
    }

    fn bare_channel(&self) -> Channel {
        let mut reply = self.call.reply();
        reply.include_usage |= self.always_usage;
        match self.prepared.passage {
            Passage::Relayed(spliced) => {
                let usage_injected = spliced.usage_injected && !self.always_usage;
                Channel::relay(self.call.dialect, reply, Spliced { usage_injected })
            }
            Passage::Forwarded | Passage::Session => Channel::opaque(),
            Passage::Translated => Channel::translate(
                self.prepared.dialect,
                self.call.dialect,
                &reply,
                self.deployment
                    .entry
                    .litellm_params
                    .merge_reasoning_content_in_choices,
            ),
        }
    }
}

// === impl Failure ===

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Self {
            error,
            headers: HeaderMap::new(),
        }
    }
}

/// The usual beginning is a single piece, and is not copied.
fn joined(first: Bytes, more: Bytes) -> Bytes {
    if first.is_empty() {
        return more;
    }
    let mut out = first
        .try_into_mut()
        .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    out.extend_from_slice(&more);
    out.freeze()
}

/// An error event's status: what its kind stands for when it came inside a 200.
fn with_status(error: &ApiError) -> ApiError {
    let mut error = error.clone();
    if error.status < 400 {
        error.status = error.kind.status();
    }
    error
}

/// How the body is packed, although nobody asked for that.
fn coding(headers: &HeaderMap) -> Option<&str> {
    let coding = headers.get(http::header::CONTENT_ENCODING)?.to_str().ok()?;
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"))
}
