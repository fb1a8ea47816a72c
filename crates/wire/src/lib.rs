//! Wire formats of AI APIs: bytes and events in, bytes and events out.
//!
//! A [`dialect::Dialect`] translates one API's format to and from the [`canonical`] form and
//! knows no other dialect. Traffic between a client and an upstream of the same dialect is never
//! re-serialised: [`json::JsonObject`] splices the request, [`relay::Relay`] passes the answer on.

pub mod canonical;
mod claude;
pub mod dialect;
pub mod dialects;
pub mod event_stream;
pub mod form;
pub mod json;
pub mod ndjson;
pub mod operation;
mod read;
pub mod realtime;
pub mod relay;
pub mod rerank;
pub mod samples;
pub mod sse;
pub mod translate;
pub mod websocket;

pub use dialect::{Dialect, DialectId};
pub use operation::Operation;
