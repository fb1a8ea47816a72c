//! The floor: the least a reverse proxy built on hyper can do, laid out over cores as the gateway is.

use std::{io, net::SocketAddr, process::ExitCode, thread};

use anyhow::{Context, Result, anyhow};
use http::{
    HeaderMap, HeaderName, Request, Response, Uri, header,
    uri::{Authority, Scheme},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
};
use tokio_util::task::TaskTracker;

use crate::serve;

type Upstream = Client<HttpConnector, Incoming>;

/// Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 5] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Serves until killed: one thread, one runtime, one listener and one upstream pool per core.
pub(crate) fn run(addr: SocketAddr, upstream: SocketAddr, threads: usize) -> Result<ExitCode> {
    let authority: Authority = upstream.to_string().parse()?;
    let workers: Vec<_> = (0..threads.max(1))
        .map(|_| {
            let listener = serve::listen(addr)?;
            let authority = authority.clone();
            thread::Builder::new()
                .name("floor".to_owned())
                .spawn(move || worker(listener, authority))
        })
        .collect::<io::Result<_>>()
        .with_context(|| format!("cannot listen on {addr}"))?;
    for worker in workers {
        worker.join().map_err(|_| anyhow!("a worker panicked"))??;
    }
    Ok(ExitCode::SUCCESS)
}

fn worker(listener: std::net::TcpListener, authority: Authority) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let upstream: Upstream = Client::builder(TokioExecutor::new()).build(connector);
        let connections = TaskTracker::new();
        loop {
            let (stream, _) = listener.accept().await?;
            connections.spawn(connection(stream, upstream.clone(), authority.clone()));
        }
    })
}

async fn connection(stream: TcpStream, upstream: Upstream, authority: Authority) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| forward(request, upstream.clone(), authority.clone()));
    // A client that leaves, or an upstream that fails, ends the connection; the load counts it.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn forward(
    mut request: Request<Incoming>,
    upstream: Upstream,
    authority: Authority,
) -> Result<Response<Incoming>> {
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(uri)?;
    // The client writes the host of the new target.
    request.headers_mut().remove(header::HOST);
    strip(request.headers_mut());
    let mut response = upstream.request(request).await?;
    strip(response.headers_mut());
    Ok(response)
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
