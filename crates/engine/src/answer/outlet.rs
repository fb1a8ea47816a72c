//! The last step of a streamed answer: what is done with bytes that are the client's already.

use bytes::Bytes;

/// Looks at, or reshapes, a stream of whole frames on its way out.
pub trait Outlet {
    /// Takes an answer that is no stream; returns what is written for it.
    fn whole(&mut self, body: Bytes) -> Bytes {
        body
    }

    /// Takes the next frames; returns what is written for them.
    fn push(&mut self, frames: Bytes) -> Bytes;

    /// The stream ended; returns what is written last.
    fn close(&mut self) -> Bytes;
}
