//! The body of a request for a resource: read as far as it may say whose that is.

use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::form::{Field, leading_fields};
use lockgate_wire::json::JsonObject;

use super::resource::{MODEL_PARAMETERS, decode_members, first_name, is_json};
use crate::pipeline::body_limit;
use crate::read_body::read_body;
use crate::snapshot::Snapshot;
use crate::upstream::RequestBody;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Rest = Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>>;

/// How much of a form is read to find its fields.
const FIELDS: usize = 64 * 1024;
/// Deeper than any such body.
const DEPTH: usize = 64;
/// What names the provider in a body.
const PROVIDER: &str = "custom_llm_provider";

/// A body.
pub(super) enum ResourceBody {
    /// An object, and the model that the ids in it name.
    Json(JsonObject, Option<String>),
    /// A form, whose fields before the file are known.
    Form(Form),
    /// Anything else.
    Other(RequestBody),
}

/// A form that still arrives.
pub(super) struct Form {
    read: Bytes,
    fields: Vec<Field>,
    rest: Rest,
    /// Of all of it, when the client said.
    length: Option<u64>,
    /// What becomes of the fields that name the model.
    names: Names,
}

/// What becomes of the fields that name the model.
enum Names {
    /// They are the provider's.
    Stay,
    /// They were for the gateway.
    Go,
    /// They name the model as the provider does.
    Become(String),
}

// === impl ResourceBody ===

impl ResourceBody {
    /// Reads as much of `body` as is needed.
    pub(super) async fn read<B>(
        snapshot: &Snapshot,
        head: &Parts,
        body: B,
    ) -> Result<Self, GatewayError>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        if body.is_end_stream() {
            return Ok(Self::Other(RequestBody::stream(body)));
        }
        if is_json(&head.headers) {
            let bytes = read_body(body, body_limit(snapshot)).await?;
            return Ok(match JsonObject::parse(bytes.clone(), DEPTH) {
                Ok(mut object) => {
                    let model = decode_members(&mut object);
                    Self::Json(object, model)
                }
                // What is wrong with it the provider will say.
                Err(_) => Self::Other(bytes.into()),
            });
        }
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let content_type: &str = text(CONTENT_TYPE).unwrap_or_default();
        if !content_type.starts_with("multipart/form-data") {
            return Ok(Self::Other(RequestBody::stream(body)));
        }
        let length = text(CONTENT_LENGTH).and_then(|length: &str| length.parse().ok());
        Form::read(content_type, length, body).await.map(Self::Form)
    }

    /// The model that it names, if `is_model` knows it: a field may be the provider's.
    pub(super) fn holder(&self, is_model: impl Fn(&str) -> bool) -> Option<String> {
        match self {
            Self::Json(_, Some(model)) => Some(model.clone()),
            Self::Json(object, None) => MODEL_PARAMETERS
                .iter()
                .filter_map(|name| first_name(&object.get_str(name)?))
                .find(|model| is_model(model)),
            Self::Form(form) => MODEL_PARAMETERS
                .iter()
                .filter_map(|name| first_name(form.value(name)?))
                .find(|model| is_model(model)),
            Self::Other(_) => None,
        }
    }

    /// The provider that it names.
    pub(super) fn provider(&self) -> Option<String> {
        match self {
            Self::Json(object, _) => object.get_str(PROVIDER).map(|name| name.into_owned()),
            Self::Form(form) => form.value(PROVIDER).map(str::to_owned),
            Self::Other(_) => None,
        }
    }

    /// Has it name the model as the provider does, if it names `public`, and not at all where the
    /// API has no such field.
    pub(super) fn rename(&mut self, public: &str, model: &str, has_model: bool) {
        match self {
            // A batch is made from a file, whose lines name the model.
            Self::Json(object, _) if object.contains("input_file_id") => {
                object.remove("model");
            }
            Self::Json(object, _) if object.get_str("model").as_deref() == Some(public) => {
                object.set_str("model", model);
            }
            Self::Form(form) if has_model => form.names = Names::Become(model.to_owned()),
            Self::Form(form) => form.names = Names::Go,
            Self::Json(..) | Self::Other(_) => {}
        }
    }

    /// The body as it is sent, without what was meant for the gateway.
    pub(super) fn into_request(self) -> RequestBody {
        match self {
            Self::Json(mut object, _) => {
                object.remove(PROVIDER);
                object.remove("target_model_names");
                object.to_bytes().into()
            }
            Self::Form(form) => form.into_request(),
            Self::Other(body) => body,
        }
    }
}

// === impl Form ===

impl Form {
    async fn read<B>(content_type: &str, length: Option<u64>, body: B) -> Result<Self, GatewayError>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        let mut rest: Rest = Box::pin(body.map_err(|e| BoxError::from(e.to_string())));
        let mut read = BytesMut::new();
        let fields = loop {
            let found = leading_fields(content_type, &read).map_err(|e| unreadable(&e))?;
            if found.is_complete || read.len() > FIELDS {
                break found.fields;
            }
            match rest.as_mut().frame().await {
                Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(unreadable(&error)),
                None => break found.fields,
            }
        };
        Ok(Self {
            read: read.freeze(),
            fields,
            rest,
            length,
            names: Names::Stay,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        std::str::from_utf8(self.read.get(field.value.clone())?).ok()
    }

    /// Without the fields that were meant for the gateway.
    fn into_request(self) -> RequestBody {
        let mut start = BytesMut::with_capacity(self.read.len());
        let mut at = 0;
        for field in &self.fields {
            let names_model = MODEL_PARAMETERS.contains(&field.name.as_str());
            let (cut, instead): (_, &[u8]) = match &self.names {
                Names::Become(model) if field.name == "model" => {
                    (field.value.clone(), model.as_bytes())
                }
                Names::Become(_) | Names::Go if names_model => (field.part.clone(), b""),
                _ if field.name == PROVIDER => (field.part.clone(), b""),
                _ => continue,
            };
            start.extend_from_slice(&self.read[at..cut.start]);
            start.extend_from_slice(instead);
            at = cut.end;
        }
        start.extend_from_slice(&self.read[at..]);
        let to_come = |length: u64| length.checked_sub(self.read.len() as u64);
        let left = self.length.and_then(to_come);
        RequestBody::stream(Remainder {
            left: left.map(|left| left + start.len() as u64),
            start: Some(start.freeze()),
            rest: self.rest,
        })
    }
}

/// What was read, then what still comes.
struct Remainder {
    start: Option<Bytes>,
    rest: Rest,
    left: Option<u64>,
}

impl Body for Remainder {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.start.take().filter(|start| !start.is_empty()) {
            Some(start) => Poll::Ready(Some(Ok(Frame::data(start)))),
            None => self.rest.as_mut().poll_frame(cx),
        }
    }

    fn size_hint(&self) -> SizeHint {
        // Asked for before anything is sent.
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}

fn unreadable(error: &dyn Display) -> GatewayError {
    let message = format!("the request body cannot be read: {error}");
    GatewayError::client(ErrorKind::InvalidRequest, message)
}
