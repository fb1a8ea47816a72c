//! One request and its answer.

use bytes::Bytes;
use http::HeaderValue;
use lockgate_engine::upstream::{BodyError, RequestBody, Upstream, UpstreamError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::scripted::{Scripted, Step, fine, say};
use crate::support::{on_core, upstream};

const HELLO: Bytes = Bytes::from_static(b"hello");

async fn ask(upstream: &Upstream, server: &Scripted) -> Result<Bytes, BodyError> {
    let mut response = upstream.send(server.post(HELLO)).await.unwrap();
    response.body.collect(1 << 24).await
}

#[test]
fn answers_follow_each_other_on_one_connection() {
    on_core(async {
        let answers = [
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nf\r\n3;x\r\nine\r\n0\r\nx: y\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 4\r\nconnection: Keep-Alive\r\n\r\nfine",
        ];
        let script = answers.map(|answer| [Step::Request, say(answer)]).concat();
        let server = Scripted::start([[script, vec![Step::Hold]].concat()]).await;
        let upstream = upstream();
        for _ in answers {
            assert_eq!(ask(&upstream, &server).await.unwrap(), "fine");
        }
        assert_eq!(server.connections.get(), 1);
        let request = server.requests.borrow()[0].clone();
        let expected = format!(
            "POST /path HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: 5\r\n\r\nhello",
            server.port
        );
        assert_eq!(String::from_utf8(request).unwrap(), expected);
    });
}

#[test]
fn a_connection_that_may_be_out_of_step_is_not_used_again() {
    on_core(async {
        for answer in [
            // More than it said.
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfineHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\nX",
            // Two opinions about its length.
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine",
            "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine",
        ] {
            let first = vec![Step::Request, say(answer), Step::Hold];
            let second = vec![Step::Request, fine(), Step::Hold];
            let server = Scripted::start([first, second]).await;
            let upstream = upstream();
            assert_eq!(ask(&upstream, &server).await.unwrap(), "fine", "{answer}");
            assert_eq!(ask(&upstream, &server).await.unwrap(), "fine", "{answer}");
            assert_eq!(server.connections.get(), 2, "{answer}");
        }
    });
}

#[test]
fn a_body_may_end_with_the_connection() {
    on_core(async {
        let script = vec![Step::Request, say("HTTP/1.1 200 OK\r\n\r\nfi"), say("ne")];
        let server = Scripted::start([script]).await;
        assert_eq!(ask(&upstream(), &server).await.unwrap(), "fine");
    });
}

#[test]
fn a_body_that_ends_early_or_is_none_is_an_error_behind_what_came() {
    on_core(async {
        for (answer, reason) in [
            ("content-length: 9\r\n\r\nfine", "complete"),
            (
                "transfer-encoding: chunked\r\n\r\n4\r\nfine\r\n",
                "complete",
            ),
            (
                "transfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n",
                "complete",
            ),
            ("transfer-encoding: chunked\r\n\r\n4\r\nfine\r\nx", "size"),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{answer}");
            let server = Scripted::start([vec![Step::Request, say(answer)]]).await;
            let mut response = upstream().send(server.post(HELLO)).await.unwrap();
            assert_eq!(response.body.chunk().await.unwrap().unwrap(), "fine");
            let error = response.body.chunk().await.unwrap().unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(response.body.chunk().await, None);
        }
    });
}

#[test]
fn what_is_no_answer_is_told() {
    on_core(async {
        for (answer, reason) in [
            ("SSH-2.0-OpenSSH_9.6\r\n", "not an HTTP/1 answer"),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: a\r\n\r\n",
                "content-length",
            ),
            ("HTTP/1.1 200 OK\r\ncontent-le", "closed"),
            ("", "closed"),
        ] {
            let server = Scripted::start([vec![Step::Request, say(answer)]]).await;
            let Err(error) = upstream().send(server.post(HELLO)).await else {
                panic!("an answer to {answer}");
            };
            assert!(matches!(error, UpstreamError::Broken { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    });
}

#[test]
fn a_large_answer_comes_through_in_any_framing() {
    on_core(async {
        let body: Vec<u8> = (0..1_000_000u32).map(|at| (at % 251) as u8).collect();
        let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for (at, piece) in body.chunks(777).enumerate() {
            // Sizes of one to sixteen digits.
            chunked
                .extend_from_slice(format!("{:0w$x}\r\n", piece.len(), w = at % 16 + 1).as_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        let mut sized = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec();
        sized.extend_from_slice(&body);
        let script = vec![
            Step::Request,
            say(chunked),
            Step::Request,
            say(sized),
            Step::Hold,
        ];
        let server = Scripted::start([script]).await;
        let upstream = upstream();
        assert_eq!(ask(&upstream, &server).await.unwrap(), body);
        assert_eq!(ask(&upstream, &server).await.unwrap(), body);
        assert_eq!(server.connections.get(), 1);
    });
}

#[test]
fn an_upgrade_gives_the_stream_and_what_was_said_already() {
    on_core(async {
        let switch = "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\nwelcome";
        let server =
            Scripted::start([vec![Step::Request, say(switch), Step::Request, fine()]]).await;
        let mut request = server.post(Bytes::new());
        request
            .headers
            .insert("connection", HeaderValue::from_static("upgrade"));
        request
            .headers
            .insert("upgrade", HeaderValue::from_static("echo"));
        let response = upstream().send(request).await.unwrap();
        assert_eq!(response.status, 101);
        let mut upgraded = response.body.upgrade().unwrap();
        let mut said = upgraded.read_ahead.to_vec();
        upgraded
            .stream
            .write_all(b"anything\r\n\r\n")
            .await
            .unwrap();
        upgraded.stream.read_to_end(&mut said).await.unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.starts_with("welcome") && said.ends_with("fine"),
            "{said}"
        );
        assert!(server.requests.borrow()[1].ends_with(b"anything\r\n\r\n"));
    });
}

#[test]
fn a_refusal_in_the_middle_of_a_large_request_is_heard() {
    on_core(async {
        let refusal = "HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig";
        let script = vec![Step::Head, say(refusal), Step::Hold];
        let server = Scripted::start([script.clone(), script]).await;
        let upstream = upstream();
        let large = Bytes::from(vec![b'x'; 64 << 20]);
        let endless = futures_util::stream::repeat_with(|| {
            let data = Bytes::from_static(&[b'x'; 8192]);
            Ok::<_, std::io::Error>(http_body::Frame::data(data))
        });
        let endless = RequestBody::stream(http_body_util::StreamBody::new(endless));
        for body in [large.into(), endless] {
            let mut response = upstream.send(server.post(body)).await.unwrap();
            assert_eq!(response.status, 413);
            assert_eq!(response.body.collect(100).await.unwrap(), "big");
        }
        assert_eq!(server.connections.get(), 2);
    });
}
