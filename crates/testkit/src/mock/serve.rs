//! The mock's accept loop and request handling, one current-thread runtime per thread.

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::TcpStream, runtime, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    body::{End, Frames, MockBody},
    log::{Log, Recorded, Ticket},
    operation::Operation,
    reply::{Prepared, Reply},
    script::Fault,
};

const BACKLOG: i32 = 4096;

/// Binds a listener that others may share.
pub(super) fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves `listener` on a thread of its own until `stop`.
pub(super) fn spawn(
    listener: TcpListener,
    log: Arc<Log>,
    stop: CancellationToken,
) -> io::Result<JoinHandle<()>> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    thread::Builder::new()
        .name("mock-upstream".to_owned())
        .spawn(move || {
            // Dropping the runtime afterwards drops every open connection.
            runtime.block_on(stop.run_until_cancelled(accept(listener, log)));
        })
}

async fn accept(listener: tokio::net::TcpListener, log: Arc<Log>) {
    let connections = TaskTracker::new();
    loop {
        // A connection that failed before it was accepted is the peer's loss.
        if let Ok((stream, _)) = listener.accept().await {
            log.connection();
            connections.spawn(connection(stream, Arc::clone(&log)));
        }
    }
}

async fn connection(stream: TcpStream, log: Arc<Log>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(request, Arc::clone(&log)));
    // Errors are peers that leave and streams cut on purpose; the log counts the former.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    request: Request<Incoming>,
    log: Arc<Log>,
) -> Result<Response<MockBody>, Infallible> {
    let (head, body) = request.into_parts();
    let operation = Operation::of(&head.method, head.uri.path(), &head.headers);
    match operation {
        Operation::Log => return Ok(whole(200, Bytes::from(log.to_json().to_string()))),
        Operation::Reset => {
            log.reset();
            return Ok(whole(200, Bytes::from_static(b"{}")));
        }
        _ => {}
    }
    let Ok(body) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return Ok(whole(400, Bytes::new()));
    };
    let model = operation.model(head.uri.path(), &body).to_owned();
    let prepared = Prepared::of(
        operation,
        &model,
        head.uri.query().unwrap_or_default(),
        &body,
    );
    let mut reply = &prepared.reply;
    if let (Fault::Flaky(failures), Some(recovered)) = (prepared.script.fault, &prepared.recovered)
        && log.attempt(&model) >= failures
    {
        reply = recovered;
    }
    let ticket = log.request(Recorded {
        path: head.uri.to_string(),
        method: head.method,
        headers: head.headers,
        body,
        model,
    });
    if !prepared.script.delay.is_zero() {
        sleep(prepared.script.delay).await;
    }
    Ok(response(reply, &prepared, ticket).await)
}

async fn response(reply: &Reply, prepared: &Prepared, mut ticket: Ticket) -> Response<MockBody> {
    match reply {
        Reply::Whole { status, body } => {
            ticket.finish();
            whole(*status, body.clone())
        }
        Reply::Half { body, end } => half(body, *end, ticket),
        Reply::Stream {
            content_type,
            frames,
            end,
        } => {
            let frames = Frames::new(Arc::clone(frames), prepared.script.pace, *end, ticket);
            let mut response = Response::new(MockBody::Frames(frames));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            identify(&mut response);
            response
        }
        Reply::Never => std::future::pending().await,
    }
}

fn whole(status: u16, body: Bytes) -> Response<MockBody> {
    let mut response = Response::new(MockBody::Whole(Some(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if status == 429 {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    identify(&mut response);
    response
}

/// Declares the whole length, sends half of it.
fn half(body: &Bytes, end: End, ticket: Ticket) -> Response<MockBody> {
    let first = body.slice(..body.len() / 2);
    let frames = Frames::new(Arc::from([first]), std::time::Duration::ZERO, end, ticket);
    let mut response = Response::new(MockBody::Frames(frames));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    response
}

/// Providers name each exchange; a fixed name costs nothing and shows whether it is passed on.
fn identify(response: &mut Response<MockBody>) {
    response
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("req_mock"));
}
