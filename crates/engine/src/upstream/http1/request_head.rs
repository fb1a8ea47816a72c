//! Writing the head of a request.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Uri};

/// What a request says about its body's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// This many bytes follow.
    Known(u64),
    /// Chunks follow; the last one is empty.
    Chunked,
}

/// The head of a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// Any but CONNECT.
    pub method: &'a Method,
    /// Absolute; its path and query become the target, its authority the `host`.
    pub uri: &'a Uri,
    /// The headers. Those that frame the message or name the host are written from what is known
    /// here, never from this map: two opinions about a length are a smuggled request.
    pub headers: &'a HeaderMap,
    /// A proxy gets it and must be told where it goes: the target is the URI itself.
    pub absolute: bool,
    /// The length of the body.
    pub length: BodyLength,
}

/// Room for most heads.
const USUAL: usize = 512;

// === impl RequestHead ===

impl RequestHead<'_> {
    /// Appends the head to `out`. The types of `http` hold no line breaks, so nothing in them can
    /// end a line early.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(USUAL);
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        if self.absolute {
            let scheme = self.uri.scheme_str().unwrap_or("http");
            out.extend_from_slice(scheme.as_bytes());
            out.extend_from_slice(b"://");
            out.extend_from_slice(host(self.uri).as_bytes());
        }
        let target = self
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        if !target.starts_with('/') {
            out.push(b'/');
        }
        out.extend_from_slice(target.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        out.extend_from_slice(host(self.uri).as_bytes());
        out.extend_from_slice(b"\r\n");
        for (name, value) in self.headers {
            if name == HOST || name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
                continue;
            }
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        self.write_length(out);
        out.extend_from_slice(b"\r\n");
    }

    fn write_length(&self, out: &mut Vec<u8>) {
        match self.length {
            // Said of methods that are expected to have a body only (RFC 9110, section 8.6).
            BodyLength::Known(0) if *self.method != Method::POST && *self.method != Method::PUT => {
            }
            BodyLength::Known(length) => {
                out.extend_from_slice(b"content-length: ");
                out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            BodyLength::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        }
    }
}

/// Host and port, without what stands before an `@`.
fn host(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}
