//! Connections that died while they rested, and what is sent again because of it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use lockgate_engine::upstream::{RequestBody, Upstream, UpstreamError};

use super::scripted::{Scripted, Step, fine, say};
use crate::support::{on_core, upstream};

fn whole() -> RequestBody {
    Bytes::from_static(b"hello").into()
}

fn streamed() -> RequestBody {
    RequestBody::stream(Full::new(Bytes::from_static(b"hello")))
}

/// Asks and reads the answer.
async fn ask(
    upstream: &Upstream,
    server: &Scripted,
    body: RequestBody,
) -> Result<Bytes, UpstreamError> {
    let mut response = upstream.send(server.post(body)).await?;
    Ok(response.body.collect(1000).await.unwrap())
}

/// What becomes of a second request, whose body is `body`, and of how many requests the server
/// heard.
async fn second(
    scripts: Vec<Vec<Step>>,
    body: RequestBody,
) -> (Result<Bytes, UpstreamError>, usize) {
    let server = Scripted::start(scripts).await;
    let upstream = upstream();
    assert_eq!(ask(&upstream, &server, whole()).await.unwrap(), "fine");
    let answer = ask(&upstream, &server, body).await;
    (answer, server.requests.borrow().len())
}

#[test]
fn a_request_that_met_a_closing_connection_is_sent_again() {
    on_core(async {
        let closes = vec![Step::Request, fine(), Step::Request];
        let answers = vec![Step::Request, fine(), Step::Hold];
        let (answer, requests) = second(vec![closes, answers], whole()).await;
        assert_eq!(
            (answer.unwrap(), requests),
            (Bytes::from_static(b"fine"), 3)
        );
    });
}

#[test]
fn it_is_sent_again_only_once() {
    on_core(async {
        let first = vec![Step::Request, fine(), Step::Request];
        let second_one = vec![Step::Request];
        let never = vec![Step::Request, fine(), Step::Hold];
        let (answer, requests) = second(vec![first, second_one, never], whole()).await;
        assert!(matches!(answer, Err(UpstreamError::Broken { .. })));
        assert_eq!(requests, 3);
    });
}

#[test]
fn a_request_that_was_being_answered_is_not_sent_again() {
    on_core(async {
        for begun in ["HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n"] {
            let first = vec![Step::Request, fine(), Step::Request, say(begun)];
            let never = vec![Step::Request, fine(), Step::Hold];
            let (answer, requests) = second(vec![first, never], whole()).await;
            assert!(
                matches!(answer, Err(UpstreamError::Broken { .. })),
                "{begun}"
            );
            assert_eq!(requests, 2, "{begun}");
        }
    });
}

#[test]
fn a_body_that_is_gone_is_not_sent_again() {
    on_core(async {
        let first = vec![Step::Request, fine(), Step::Request];
        let never = vec![Step::Request, fine(), Step::Hold];
        let (answer, requests) = second(vec![first, never], streamed()).await;
        assert!(matches!(answer, Err(UpstreamError::Broken { .. })));
        assert_eq!(requests, 2);
    });
}

#[test]
fn a_new_connection_that_closes_is_a_failure() {
    on_core(async {
        let never = vec![Step::Request, fine(), Step::Hold];
        let server = Scripted::start([vec![Step::Request], never]).await;
        let answer = ask(&upstream(), &server, whole()).await;
        assert!(matches!(answer, Err(UpstreamError::Broken { .. })));
        assert_eq!(server.requests.borrow().len(), 1);
    });
}

#[test]
fn an_answer_that_nobody_asked_for_is_given_to_nobody() {
    on_core(async {
        let unasked = say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
        let first = vec![Step::Request, fine(), unasked, Step::Hold];
        let answers = vec![Step::Request, fine(), Step::Hold];
        let server = Scripted::start([first, answers]).await;
        let upstream = upstream();
        assert_eq!(ask(&upstream, &server, whole()).await.unwrap(), "fine");
        // Time for the runtime to hear of it, should it have come behind the answer.
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(ask(&upstream, &server, whole()).await.unwrap(), "fine");
        assert_eq!(server.connections.get(), 2);
    });
}
