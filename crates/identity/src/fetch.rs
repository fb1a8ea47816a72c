//! How issuers are asked, which is somebody else's job.

use bytes::Bytes;
use http::{Request, Response};

/// An HTTP client. It follows no redirect, gives up after a few seconds and reads no more than a
/// megabyte of an answer.
pub trait Fetch {
    /// Sends a request and waits for the whole answer, whatever its status.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, FetchFailed>>;
}

/// There was no answer, and why. Holds no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchFailed(pub String);
