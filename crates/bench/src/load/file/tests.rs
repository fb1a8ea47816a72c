use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread,
};

use super::{Length, LoadError, download, upload};

/// A server that reads one request to its end and answers with `answer`.
fn answering(method: &'static str, answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut block = [0; 4096];
        let end: &[u8] = if method == "POST" {
            b"--\r\n"
        } else {
            b"\r\n\r\n"
        };
        while !seen.ends_with(end) {
            let length = stream.read(&mut block).unwrap();
            seen.extend_from_slice(&block[..length]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
    });
    addr
}

fn send(answer: &'static str) -> Result<(), LoadError> {
    upload(
        answering("POST", answer),
        "/v1/files",
        "sk",
        "m",
        5000,
        Length::Known,
    )
}

#[test]
fn an_upload_counts_when_every_byte_arrived() {
    send("HTTP/1.1 200 OK\r\n\r\n{\"text\":\"5200 bytes\"}").unwrap();
    let short = send("HTTP/1.1 200 OK\r\n\r\n{\"text\":\"4999 bytes\"}");
    assert!(
        matches!(short, Err(LoadError::Short(4999, 5000))),
        "{short:?}"
    );
    let refused = send("HTTP/1.1 413 Too Large\r\n\r\n{\"text\":\"5200 bytes\"}");
    assert!(
        matches!(refused, Err(LoadError::Status(413))),
        "{refused:?}"
    );
    let silent = send("");
    assert!(matches!(silent, Err(LoadError::Closed)), "{silent:?}");
}

#[test]
fn a_download_counts_when_every_byte_arrived() {
    let fetch = |size| {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
        download(answering("GET", answer), "/v1/files/f/content", "sk", size)
    };
    fetch(10).unwrap();
    let short = fetch(1000);
    assert!(matches!(short, Err(LoadError::Short(_, 1000))), "{short:?}");
}
