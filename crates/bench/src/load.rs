//! The load generator: raw keep-alive HTTP/1.1, request bytes built once.

mod blocking;
mod concurrent;
mod file;
mod response;
mod tally;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

pub(crate) use self::{
    blocking::{at_rate, one_connection},
    concurrent::{closed_loop, each_once, hold_open},
    file::{Length, download, upload},
    response::Framing,
    tally::Tally,
};

/// No single exchange may take longer than the window and this.
const GRACE: Duration = Duration::from_secs(20);

/// A request that is sent over and over.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) addr: SocketAddr,
    /// The whole request as it goes over the wire.
    pub(crate) request: Bytes,
    pub(crate) framing: Framing,
    /// How many events an answer must have; any other number is a failure.
    pub(crate) events: Option<u64>,
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("closed before the end of the answer")]
    Closed,
    #[error("unreadable answer: {0}")]
    Malformed(&'static str),
    #[error("HTTP {0}")]
    Status(u16),
    #[error("{0} events instead of {1}")]
    Events(u64, u64),
    #[error("{0} bytes instead of {1}")]
    Short(u64, u64),
    #[error("no answer in time")]
    Late,
}

/// The bytes of a `POST` request with a JSON body.
pub(crate) fn request(path: &str, headers: &[(&str, &str)], body: &str) -> Bytes {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    Bytes::from(format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: lockgate-bench\r\naccept: */*\r\n\
         content-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len(),
    ))
}
