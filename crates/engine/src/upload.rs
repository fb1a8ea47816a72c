//! A form with a file in it: read until it names the model, passed on as it arrives.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::{self, Display};
use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::form::{FieldFinder, FormError, Found};

use crate::upstream::RequestBody;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Rest = Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>>;

/// A form whose model is known.
#[derive(Clone)]
pub(crate) struct Upload {
    content_type: HeaderValue,
    /// What was read to find the model.
    read: Bytes,
    /// Where the model stands in it.
    model: Range<usize>,
    /// The length of all of it, when the client said.
    length: Option<u64>,
    /// What is still to come; gone once it was sent.
    rest: Rc<RefCell<Rest>>,
    state: Rc<Cell<State>>,
    /// All of it, once it was gathered.
    whole: Rc<OnceCell<Bytes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// All of it was read: it can be sent again.
    Whole,
    /// The rest was not asked for yet.
    Waiting,
    /// The rest went to an upstream.
    Spent,
}

// === impl Upload ===

impl Upload {
    /// Reads `body` until it names the model, at most `limit` bytes of it.
    pub(crate) async fn receive<B>(
        headers: &HeaderMap,
        body: B,
        limit: usize,
    ) -> Result<Self, GatewayError>
    where
        B: Body<Data = Bytes> + 'static,
        B::Error: Display,
    {
        let content_type = headers.get(CONTENT_TYPE).cloned();
        let content_type = content_type.unwrap_or_else(|| HeaderValue::from_static(""));
        let text = content_type.to_str().unwrap_or_default();
        let mut finder = FieldFinder::new(text, "model").map_err(|e| bad_form(&e))?;
        let mut rest: Rest = Box::pin(body.map_err(|e| BoxError::from(e.to_string())));
        let mut read = BytesMut::new();
        let (model, complete) = loop {
            if let Found::Value(range) = finder.search(&read).map_err(|e| bad_form(&e))? {
                break (range, rest.is_end_stream());
            }
            if read.len() > limit {
                return Err(no_model_within(limit));
            }
            match rest.as_mut().frame().await {
                Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(broke_off(&error)),
                None => return Err(no_model()),
            }
        };
        let state = if complete {
            State::Whole
        } else {
            State::Waiting
        };
        let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        Ok(Self {
            content_type,
            read: read.freeze(),
            model,
            length: length.and_then(|length| length.parse().ok()),
            rest: Rc::new(RefCell::new(rest)),
            state: Rc::new(Cell::new(state)),
            whole: Rc::default(),
        })
    }

    /// Reads the rest, at most `limit` bytes of it all, unless it was sent already.
    pub(crate) async fn gather(&self, limit: usize) -> Result<(), GatewayError> {
        let mut all = BytesMut::from(&self.read[..]);
        match self.state.get() {
            _ if self.whole.get().is_some() => return Ok(()),
            State::Spent => return Ok(()),
            State::Whole => {}
            State::Waiting => {
                // What breaks off now cannot be read again.
                self.state.set(State::Spent);
                let frame = || poll_fn(|cx| self.rest.borrow_mut().as_mut().poll_frame(cx));
                while let Some(frame) = frame().await {
                    let frame = frame.map_err(|error| broke_off(&error))?;
                    all.extend_from_slice(&frame.into_data().unwrap_or_default());
                    if all.len() > limit {
                        return Err(too_large(limit));
                    }
                }
            }
        }
        self.state.set(State::Whole);
        // Nobody else sets it: a call has one attempt at a time.
        let _ = self.whole.set(all.freeze());
        Ok(())
    }

    /// All of it, once it was gathered.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        self.whole.get()
    }

    /// The model as the client named it.
    pub(crate) fn model(&self) -> String {
        String::from_utf8_lossy(&self.read[self.model.clone()]).into_owned()
    }

    /// The form's content type, its boundary included.
    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    /// Whether the form cannot be sent again.
    pub(crate) fn is_spent(&self) -> bool {
        self.state.get() == State::Spent
    }

    /// The form with `model` in place of the client's name of it; `None` when it is spent.
    pub(crate) fn body(&self, model: &str) -> Option<RequestBody> {
        let read = self.whole.get().unwrap_or(&self.read);
        let mut start = BytesMut::with_capacity(read.len() + model.len());
        start.extend_from_slice(&read[..self.model.start]);
        start.extend_from_slice(model.as_bytes());
        start.extend_from_slice(&read[self.model.end..]);
        let start = start.freeze();
        match self.state.get() {
            State::Whole => Some(start.into()),
            State::Spent => None,
            State::Waiting => {
                self.state.set(State::Spent);
                let to_come = |length: u64| length.checked_sub(self.read.len() as u64);
                let length = self
                    .length
                    .and_then(to_come)
                    .map(|l| l + start.len() as u64);
                Some(RequestBody::stream(Remainder {
                    start: Some(start),
                    rest: self.rest.clone(),
                    length,
                }))
            }
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a form for {}, {:?}", self.model(), self.state.get())
    }
}

/// What was read, then what still comes.
struct Remainder {
    start: Option<Bytes>,
    rest: Rc<RefCell<Rest>>,
    /// Of both.
    length: Option<u64>,
}

// === impl Remainder ===

impl Body for Remainder {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.start.take() {
            Some(start) => Poll::Ready(Some(Ok(Frame::data(start)))),
            None => self.rest.borrow_mut().as_mut().poll_frame(cx),
        }
    }

    fn size_hint(&self) -> SizeHint {
        // Asked for before anything is sent.
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}

fn bad_form(error: &FormError) -> GatewayError {
    let message = format!("the request body cannot be read: {error}");
    GatewayError::client(ErrorKind::InvalidRequest, message)
}

fn broke_off(error: &BoxError) -> GatewayError {
    let message = format!("the request body broke off: {error}");
    GatewayError::client(ErrorKind::InvalidRequest, message)
}

fn no_model() -> GatewayError {
    let message = "the form has no field `model`: name one that GET /v1/models lists";
    GatewayError::client(ErrorKind::InvalidRequest, message).with_param("model")
}

fn too_large(limit: usize) -> GatewayError {
    let message = format!(
        "the form is larger than {limit} bytes, the most that is kept for a provider with a format \
         of its own"
    );
    GatewayError::client(ErrorKind::RequestTooLarge, message)
}

fn no_model_within(limit: usize) -> GatewayError {
    let message = format!(
        "the first {limit} bytes of the form do not name the model; send the field `model` \
         before the file"
    );
    GatewayError::client(ErrorKind::RequestTooLarge, message).with_param("model")
}
