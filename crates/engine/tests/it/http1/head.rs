//! Heads: what is written, what is read, and what an answer's head says about its body.

use http::{HeaderMap, HeaderValue, Method, Uri};
use lockgate_engine::upstream::http1::{
    Asked, BodyLength, HeadError, MAX_HEAD, RequestHead, ResponseHead, ResponseReader,
};
use proptest::collection::vec;
use proptest::prelude::*;

const NOTHING: Asked = Asked {
    head_only: false,
    upgrade: false,
};

/// Reads `wire` cut at `cuts`; the head and what is left for the body.
fn read(
    asked: Asked,
    wire: &[u8],
    cuts: &[usize],
) -> Result<Option<(ResponseHead, Vec<u8>)>, HeadError> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (wire.len() + 1)).collect();
    cuts.extend([0, wire.len()]);
    cuts.sort_unstable();
    let mut reader = ResponseReader::new(asked);
    for pair in cuts.windows(2) {
        let mut input = &wire[pair[0]..pair[1]];
        if let Some(head) = reader.push(&mut input)? {
            return Ok(Some((head, [input, &wire[pair[1]..]].concat())));
        }
        assert!(input.is_empty());
    }
    Ok(None)
}

/// Length of the body, whether the end of the connection ends it, and whether the connection stays.
type Framed = Result<(Option<u64>, bool, bool), HeadError>;

const UNTIL_CLOSE: Framed = Ok((None, true, false));

fn framing(asked: Asked, head: &str) -> Framed {
    let wire = format!("HTTP/1.1 {head}\r\n\r\n");
    let (head, _) = read(asked, wire.as_bytes(), &[])?.unwrap();
    let mut body = head.body;
    Ok((body.remaining(), body.finish().is_ok(), head.keep_alive))
}

proptest! {
    #[test]
    fn a_head_is_read_however_it_is_cut(
        status in 200u16..600,
        interim in 0usize..3,
        values in vec("[ -~]{0,40}", 0..12),
        body in vec(any::<u8>(), 0..30),
        cuts in vec(any::<usize>(), 0..40),
    ) {
        let mut wire = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(interim);
        wire.extend_from_slice(format!("HTTP/1.1 {status} Fine\r\n").as_bytes());
        for (at, value) in values.iter().enumerate() {
            wire.extend_from_slice(format!("X-{at}: {value}\r\nx-all:{value}\r\n").as_bytes());
        }
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(&body);
        for cuts in [cuts, (0..wire.len()).collect()] {
            let (head, rest) = read(NOTHING, &wire, &cuts).unwrap().unwrap();
            prop_assert_eq!(head.status, status);
            prop_assert_eq!(&rest, &body);
            prop_assert_eq!(head.headers.len(), 2 * values.len());
            for (at, value) in values.iter().enumerate() {
                prop_assert_eq!(&head.headers[format!("x-{at}")], value.trim());
            }
            let all: Vec<_> = head.headers.get_all("x-all").iter().collect();
            prop_assert_eq!(all, values.iter().map(|value| value.trim()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        wire in vec(any::<u8>(), 0..200),
        cuts in vec(any::<usize>(), 0..10),
    ) {
        let mut likely = b"HTTP/1.1 200 OK\r\n".to_vec();
        likely.extend_from_slice(&wire);
        for wire in [wire, likely] {
            let whole = read(NOTHING, &wire, &[]).map(|read| read.map(|(head, _)| head.status));
            let cut = read(NOTHING, &wire, &cuts).map(|read| read.map(|(head, _)| head.status));
            // In pieces, an error may show only when the head could be complete.
            prop_assert!(cut == whole || cut == Ok(None), "{:?} {:?}", whole, cut);
        }
    }

    #[test]
    fn a_written_head_is_what_a_server_reads(
        path in "(/[!$-;=@-~]{0,20}){0,3}(\\?[!$-;=?-~]{0,20})?",
        values in vec("[!-~]([ -~]{0,30}[!-~])?", 0..8),
        length in proptest::option::of(any::<u64>()),
    ) {
        let uri: Uri = match format!("http://user:pass@host:81{path}").parse() {
            Ok(uri) => uri,
            Err(_) => return Err(TestCaseError::reject("no URI")),
        };
        let mut headers = HeaderMap::new();
        for (at, value) in values.iter().enumerate() {
            headers.insert(
                http::HeaderName::try_from(format!("x-{at}")).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        // What frames the message is never taken from the map.
        for framing in ["host", "content-length", "transfer-encoding"] {
            headers.append(framing, HeaderValue::from_static("7"));
        }
        let mut wire = Vec::new();
        let length = length.map_or(BodyLength::Chunked, BodyLength::Known);
        RequestHead { method: &Method::POST, uri: &uri, headers: &headers, absolute: false, length }
            .write(&mut wire);
        let mut lines = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut lines);
        prop_assert_eq!(request.parse(&wire).unwrap(), httparse::Status::Complete(wire.len()));
        prop_assert_eq!(request.method, Some("POST"));
        let target = uri.path_and_query().unwrap().as_str();
        let read = request.path.unwrap();
        prop_assert!(read == target || read == format!("/{target}"), "{}", read);
        let mut expected: Vec<(String, String)> = vec![("host".into(), "host:81".into())];
        expected.extend(values.iter().enumerate().map(|(at, v)| (format!("x-{at}"), v.clone())));
        expected.push(match length {
            BodyLength::Known(length) => ("content-length".into(), length.to_string()),
            BodyLength::Chunked => ("transfer-encoding".into(), "chunked".into()),
        });
        let read: Vec<(String, String)> = request.headers.iter()
            .map(|line| (line.name.into(), String::from_utf8(line.value.to_vec()).unwrap()))
            .collect();
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn a_target_begins_with_a_slash() {
    for (uri, target) in [
        ("http://h", "/"),
        ("http://h/", "/"),
        ("http://h?a=b", "/?a=b"),
        ("http://h/a%20b?c#d", "/a%20b?c"),
    ] {
        let mut wire = Vec::new();
        let uri = uri.parse().unwrap();
        let head = RequestHead {
            method: &Method::GET,
            uri: &uri,
            headers: &HeaderMap::new(),
            absolute: false,
            length: BodyLength::Known(0),
        };
        head.write(&mut wire);
        let expected = format!("GET {target} HTTP/1.1\r\nhost: h\r\n\r\n");
        assert_eq!(String::from_utf8(wire).unwrap(), expected);
    }
}

/// A body of so many bytes on a connection that stays.
fn sized(length: u64) -> Framed {
    Ok((Some(length), length == 0, true))
}

#[test]
fn the_head_frames_the_body() {
    let chunked = |keep| Ok((None, false, keep));
    for (head, expected) in [
        ("200 OK\r\ncontent-length: 5", sized(5)),
        ("200 OK\r\ncontent-length: 0", sized(0)),
        ("200 OK\r\ncontent-length: 5\r\ncontent-length: 5", sized(5)),
        ("200 OK\r\ncontent-length: 5 , 5", sized(5)),
        (
            "200 OK\r\ncontent-length: 5\r\nconnection: close",
            Ok((Some(5), false, false)),
        ),
        ("200 OK\r\nTransfer-Encoding: Chunked", chunked(true)),
        // A length beside it is a smuggler's: not believed, and nothing follows.
        (
            "200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5",
            chunked(false),
        ),
        (
            "200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked",
            chunked(false),
        ),
        (
            "200 OK\r\ntransfer-encoding: chunked\r\nconnection: x, Close",
            chunked(false),
        ),
        ("200 OK", UNTIL_CLOSE),
        ("204 No Content", sized(0)),
        // Not a body, but no good sign.
        (
            "204 No Content\r\ncontent-length: 5",
            Ok((Some(0), true, false)),
        ),
        (
            "204 No Content\r\ntransfer-encoding: chunked",
            Ok((Some(0), true, false)),
        ),
        ("304 Not Modified\r\ncontent-length: 5", sized(0)),
    ] {
        assert_eq!(framing(NOTHING, head), expected, "{head}");
    }
}

#[test]
fn the_request_has_a_say_in_it() {
    let head_only = Asked {
        head_only: true,
        ..NOTHING
    };
    for head in [
        "200 OK\r\ncontent-length: 5",
        "200 OK\r\ntransfer-encoding: chunked",
        "200 OK",
    ] {
        assert_eq!(framing(head_only, head), sized(0), "{head}");
    }
    let upgrade = Asked {
        upgrade: true,
        ..NOTHING
    };
    assert_eq!(framing(upgrade, "101 Switching Protocols"), UNTIL_CLOSE);
    assert_eq!(framing(upgrade, "200 OK\r\ncontent-length: 5"), sized(5));
    let unasked = framing(NOTHING, "101 Switching Protocols\r\nupgrade: websocket");
    assert_eq!(unasked, Err(HeadError::Unasked));
}

#[test]
fn a_length_is_one_number() {
    for length in [
        "5\r\ncontent-length: 6",
        "5, 6",
        "5,",
        "+5",
        "-5",
        "0x5",
        "5 5",
        "",
        "18446744073709551616",
    ] {
        let refused = framing(NOTHING, &format!("200 OK\r\ncontent-length: {length}"));
        assert_eq!(refused, Err(HeadError::Length), "{length}");
    }
}

#[test]
fn an_encoding_that_nobody_asked_for_is_refused() {
    for encoding in [
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "chunked\r\ntransfer-encoding: chunked",
        "xchunked",
        "\"chunked\"",
        "",
    ] {
        let refused = framing(NOTHING, &format!("200 OK\r\ntransfer-encoding: {encoding}"));
        assert_eq!(refused, Err(HeadError::Encoding), "{encoding}");
    }
}

#[test]
fn http_1_0_keeps_a_connection_only_when_it_says_so() {
    for (head, kept) in [
        ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n", false),
        (
            "HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\n",
            true,
        ),
        // It has no chunks: who writes them all the same is not trusted further.
        (
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n",
            false,
        ),
    ] {
        let (head, _) = read(NOTHING, head.as_bytes(), &[]).unwrap().unwrap();
        assert_eq!(head.keep_alive, kept);
    }
}

#[test]
fn lines_that_readers_could_disagree_about_are_refused() {
    for head in [
        "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\n content-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 20 Short\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ] {
        for cuts in [vec![], (0..head.len()).collect()] {
            let refused = read(NOTHING, head.as_bytes(), &cuts);
            assert!(matches!(refused, Err(HeadError::Syntax(_))), "{head:?}");
        }
    }
}

#[test]
fn a_head_has_an_end() {
    let filler = |length: usize| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(length));
    let frame = filler(0).len();
    let fits = filler(MAX_HEAD - frame);
    let too_long = filler(MAX_HEAD - frame + 1);
    for cuts in [
        vec![],
        vec![1000],
        vec![MAX_HEAD - 1],
        (0..fits.len()).step_by(700).collect(),
    ] {
        assert!(read(NOTHING, fits.as_bytes(), &cuts).unwrap().is_some());
        let refused = read(NOTHING, too_long.as_bytes(), &cuts);
        assert_eq!(refused.err(), Some(HeadError::TooLong), "{cuts:?}");
    }
    let endless = vec![b'a'; 2 * MAX_HEAD];
    let endless = [b"HTTP/1.1 200 OK\r\nx: ", endless.as_slice()].concat();
    let refused = read(NOTHING, &endless, &[100]);
    assert_eq!(refused.err(), Some(HeadError::TooLong));
    let many = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: a\r\n".repeat(count));
    assert!(read(NOTHING, many(128).as_bytes(), &[]).unwrap().is_some());
    let refused = read(NOTHING, many(129).as_bytes(), &[]);
    assert!(matches!(refused, Err(HeadError::Syntax(_))));
}

#[test]
fn interim_answers_have_an_end() {
    let interim = |count| {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(count);
        format!("{interim}HTTP/1.1 200 OK\r\n\r\n")
    };
    assert!(
        read(NOTHING, interim(16).as_bytes(), &[7])
            .unwrap()
            .is_some()
    );
    let refused = read(NOTHING, interim(17).as_bytes(), &[7]);
    assert_eq!(refused.err(), Some(HeadError::Interim));
}
