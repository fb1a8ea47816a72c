//! Small answers that are written here.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use lockgate_engine::AnswerBody;
use serde::Serialize;

/// A 200 with JSON text.
pub(super) fn json(body: impl Into<Bytes>) -> Response<AnswerBody> {
    typed("application/json", body)
}

/// A 200 with a value as JSON.
pub(super) fn value(value: &impl Serialize) -> Response<AnswerBody> {
    json(serde_json::to_vec(value).unwrap_or_default())
}

/// A 200 of some content type.
pub(super) fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::plain(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The same answer with another status.
pub(super) fn with_status(
    mut response: Response<AnswerBody>,
    status: StatusCode,
) -> Response<AnswerBody> {
    *response.status_mut() = status;
    response
}
