//! Whatever a server made of hyper answers is read as it was meant.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Method, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockgate_engine::upstream::UpstreamRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::scripted::LONG;
use crate::support::{on_core, upstream};

/// What the server is to answer, and to which method.
#[derive(Debug, Clone)]
struct Planned {
    method: Method,
    status: u16,
    frames: Vec<Bytes>,
    /// The length is declared.
    sized: bool,
    /// Pieces of the body come a while after each other.
    slow: bool,
    close: bool,
    headers: Vec<String>,
}

fn planned() -> impl Strategy<Value = Planned> {
    let method = prop_oneof![
        3 => Just(Method::POST),
        2 => Just(Method::GET),
        1 => Just(Method::HEAD),
        1 => Just(Method::DELETE),
    ];
    let status = prop_oneof![
        6 => Just(200u16),
        1 => Just(204),
        1 => Just(304),
        1 => Just(429),
        1 => Just(500),
    ];
    let frame = prop_oneof![
        8 => vec(any::<u8>(), 1..300),
        1 => (60_000usize..140_000).prop_map(|length| (0..length).map(|at| (at % 251) as u8).collect()),
    ];
    let frames = vec(frame.prop_map(Bytes::from), 0..6);
    let headers = vec("[ -~]{0,40}", 0..20);
    (
        method,
        status,
        frames,
        any::<bool>(),
        any::<bool>(),
        proptest::bool::weighted(0.2),
        headers,
    )
        .prop_map(
            |(method, status, frames, sized, slow, close, headers)| Planned {
                method,
                status,
                frames,
                sized,
                slow,
                close,
                headers,
            },
        )
}

// === impl Planned ===

impl Planned {
    fn response(&self) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
        let body = if self.sized {
            Full::new(Bytes::from(self.frames.concat())).boxed_unsync()
        } else {
            let slow = self.slow;
            let frames = stream::iter(self.frames.clone()).then(move |frame| async move {
                if slow {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(Frame::data(frame))
            });
            StreamBody::new(frames).boxed_unsync()
        };
        let mut response = Response::builder().status(self.status);
        for value in &self.headers {
            response = response.header("x-planned", value);
        }
        if self.close {
            response = response.header("connection", "close");
        }
        response.body(body).unwrap()
    }

    fn body(&self) -> Vec<u8> {
        if self.method == Method::HEAD || matches!(self.status, 204 | 304) {
            return Vec::new();
        }
        self.frames.concat()
    }
}

async fn serve(listener: TcpListener, plan: Rc<RefCell<std::vec::IntoIter<Planned>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let plan = plan.clone();
        let answer = service_fn(move |_| {
            let planned = plan.borrow_mut().next().unwrap();
            async move { Ok::<_, Infallible>(planned.response()) }
        });
        tokio::task::spawn_local(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer),
        );
    }
}

async fn read_all(plan: Vec<Planned>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Rc::new(RefCell::new(plan.clone().into_iter()));
    tokio::task::spawn_local(serve(listener, script));
    let upstream = upstream();
    for planned in plan {
        let request = UpstreamRequest {
            method: planned.method.clone(),
            uri: format!("http://127.0.0.1:{port}/").parse().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new().into(),
            head_deadline: Instant::now() + LONG,
        };
        let mut response = upstream.send(request).await.unwrap();
        assert_eq!(response.status, planned.status, "{planned:?}");
        let values: Vec<&str> = response
            .headers
            .get_all("x-planned")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        let expected: Vec<&str> = planned.headers.iter().map(|value| value.trim()).collect();
        assert_eq!(values, expected);
        let body = response.body.collect(1 << 24).await.unwrap();
        assert!(body == planned.body(), "{planned:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn answers_in_a_row_are_read_as_they_were_meant(plan in vec(planned(), 1..10)) {
        on_core(read_all(plan));
    }
}
