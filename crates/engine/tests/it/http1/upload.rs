//! Bodies of requests: in pieces, and read while they are sent.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use lockgate_engine::upstream::{Pieces, RequestBody, UpstreamError};

use super::scripted::{Scripted, Step, fine, say};
use crate::support::{on_core, upstream};

/// A body of these pieces, each a while after the other, of unknown length.
fn slow(pieces: &[&'static str]) -> RequestBody {
    let pieces: Vec<_> = pieces.to_vec();
    let frames = stream::iter(pieces).then(async |piece| {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(piece.as_bytes())))
    });
    RequestBody::stream(StreamBody::new(frames))
}

/// What the server reads of `body`, head and all.
async fn arrives(body: RequestBody) -> String {
    let server = Scripted::start([vec![Step::Request, fine(), Step::Hold]]).await;
    let mut response = upstream().send(server.post(body)).await.unwrap();
    assert_eq!(response.body.collect(100).await.unwrap(), "fine");
    let request = server.requests.borrow_mut().remove(0);
    let request = String::from_utf8(request).unwrap();
    request
        .split_once("\r\n")
        .unwrap()
        .1
        .split_once("\r\n")
        .unwrap()
        .1
        .to_owned()
}

#[test]
fn pieces_arrive_in_a_row() {
    on_core(async {
        // More than are given to the system at once, some of them empty.
        let pieces: Pieces = (0..50).map(|at| Bytes::from("ab".repeat(at % 4))).collect();
        let length = pieces.len();
        let expected: String = (0..50).map(|at| "ab".repeat(at % 4)).collect();
        let expected = format!("content-length: {length}\r\n\r\n{expected}");
        assert_eq!(arrives(pieces.into()).await, expected);
        assert_eq!(
            arrives(Pieces::default().into()).await,
            "content-length: 0\r\n\r\n"
        );
    });
}

#[test]
fn a_body_of_unknown_length_is_sent_in_chunks() {
    on_core(async {
        let sent = arrives(slow(&["first", "", "0123456789abcdef"])).await;
        assert_eq!(
            sent,
            "transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
        );
        let empty = arrives(slow(&[])).await;
        assert_eq!(empty, "transfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    });
}

#[test]
fn a_body_of_known_length_is_sent_as_it_is() {
    on_core(async {
        let sent = arrives(RequestBody::stream(Full::new(Bytes::from_static(b"hello")))).await;
        assert_eq!(sent, "content-length: 5\r\n\r\nhello");
        let large = "x".repeat(5 << 20);
        let sent = arrives(RequestBody::stream(Full::new(Bytes::from(large.clone())))).await;
        assert_eq!(
            sent,
            format!("content-length: {}\r\n\r\n{large}", large.len())
        );
    });
}

#[test]
fn a_body_that_breaks_off_is_its_sender_s_failure() {
    on_core(async {
        let frames = [
            Ok(Frame::data(Bytes::from_static(b"a"))),
            Err(std::io::Error::other("the client left")),
        ];
        let body = RequestBody::stream(StreamBody::new(stream::iter(frames)));
        let server = Scripted::start([vec![Step::Hold]]).await;
        let Err(error) = upstream().send(server.post(body)).await else {
            panic!("an answer");
        };
        assert!(matches!(error, UpstreamError::Body(_)), "{error}");
        assert!(error.to_string().contains("the client left"), "{error}");
    });
}

#[test]
fn an_answer_may_begin_before_the_request_has_ended() {
    on_core(async {
        let early = say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nearly\r\n");
        let late = say("4\r\nlate\r\n0\r\n\r\n");
        let script = vec![Step::Head, early, Step::Request, late, Step::Hold];
        let server = Scripted::start([script]).await;
        let upstream = upstream();
        let body = slow(&["a", "b", "c", "d", "e"]);
        let mut response = upstream.send(server.post(body)).await.unwrap();
        assert_eq!(response.body.chunk().await.unwrap().unwrap(), "early");
        assert_eq!(response.body.collect(100).await.unwrap(), "late");
        let request = server.requests.borrow_mut().remove(0);
        let body = "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n1\r\ne\r\n0\r\n\r\n";
        assert!(
            request.ends_with(body.as_bytes()),
            "{}",
            request.escape_ascii()
        );
    });
}
