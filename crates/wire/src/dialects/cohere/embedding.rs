//! Embeddings: `/v2/embed`.
//!
//! Source: API reference, embed (`V2EmbedRequest`, `EmbedByTypeResponse`).

mod request;
mod response;

pub(super) use request::{decode as decode_request, encode as encode_request};
pub(super) use response::{decode as decode_response, encode as encode_response};
