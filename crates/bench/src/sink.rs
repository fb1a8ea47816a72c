//! An upstream for files: swallows uploads of any size and sends downloads, a block at a time.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    process::ExitCode,
    task::{Context, Poll},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    body::{Body, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
};
use tokio_util::task::TaskTracker;

use crate::serve;

/// Bytes of one piece of a download.
const BLOCK: usize = 64 * 1024;

/// A body of so many bytes that exist only a block at a time.
struct Zeros {
    left: u64,
}

type Answer = Either<Full<Bytes>, Zeros>;

/// Serves until killed.
pub(crate) fn run(addr: SocketAddr) -> Result<ExitCode> {
    let listener = serve::listen(addr).with_context(|| format!("cannot listen on {addr}"))?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        let connections = TaskTracker::new();
        loop {
            let (stream, _) = listener.accept().await?;
            connections.spawn(connection(stream));
        }
    })
}

async fn connection(stream: TcpStream) {
    // A client that leaves ends the connection; the measurement notices by what it has not got.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(respond))
        .await;
}

/// Counts what is sent; `?bytes=` asks for so many in return.
async fn respond(mut request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let mut taken = 0;
    while let Some(Ok(frame)) = request.body_mut().frame().await {
        taken += frame.data_ref().map_or(0, Bytes::len);
    }
    let wanted = request
        .uri()
        .query()
        .and_then(|query| query.strip_prefix("bytes=")?.parse().ok());
    let (kind, body) = match wanted {
        Some(left) => ("application/octet-stream", Either::Right(Zeros { left })),
        None => (
            "application/json",
            Either::Left(Full::from(format!(r#"{{"text":"{taken} bytes"}}"#))),
        ),
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

// === impl Zeros ===

impl Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static ZEROS: [u8; BLOCK] = [0; BLOCK];
        let size = usize::try_from(self.left).map_or(BLOCK, |left| left.min(BLOCK));
        if size == 0 {
            return Poll::Ready(None);
        }
        self.left -= size as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&ZEROS[..size])))))
    }
}
