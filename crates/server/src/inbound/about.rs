//! What a person sees who opens the gateway's address, and what a tool reads.

use http::Response;
use lockgate_engine::AnswerBody;

use super::reply;

/// `/`: what this is and where to go from here.
pub(super) fn about() -> Response<AnswerBody> {
    reply::typed("text/html; charset=utf-8", include_str!("about.html"))
}

/// `/openapi.json`
pub(super) fn openapi() -> Response<AnswerBody> {
    reply::json(include_str!("openapi.json"))
}
