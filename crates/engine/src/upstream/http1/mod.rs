//! HTTP/1.1 as a client speaks it (RFC 9112), without IO: bytes in, heads and payload out.

mod body;
mod chunked;
mod request_head;
mod response_head;

pub use self::body::{Decoder, FramingError};
pub use self::request_head::{BodyLength, RequestHead};
pub use self::response_head::{Asked, HeadError, MAX_HEAD, ResponseHead, ResponseReader};
