//! Reading a request body into memory, bounded.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

/// The whole body, at most `limit` bytes. A body that arrives in one piece is not copied.
pub async fn read_body<B>(mut body: B, limit: usize) -> Result<Bytes, GatewayError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    // A client that announces too much is refused before it sends it.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| {
            let message = format!("the request body broke off: {e}");
            GatewayError::client(ErrorKind::InvalidRequest, message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            rest.reserve(first.len() + data.len() + expected.min(limit));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
        if rest.len() > limit {
            return Err(too_large(limit));
        }
    }
    if first.len() > limit {
        return Err(too_large(limit));
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

fn too_large(limit: usize) -> GatewayError {
    let message = format!("the request body is larger than {limit} bytes");
    GatewayError::client(ErrorKind::RequestTooLarge, message)
}
