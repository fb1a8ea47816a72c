//! One file up or down over a socket, never whole in memory.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use super::{GRACE, LoadError};

/// Bytes of one write.
const BLOCK: usize = 64 * 1024;
const BOUNDARY: &str = "lockgate-bench";

/// How the length of an upload is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Known,
    Chunked,
}

/// Sends a form with `model` and a file of `size` bytes.
///
/// # Errors
///
/// Any answer but a 200 that says the bytes of the whole form have arrived, give or take a longer or shorter model name.
pub(crate) fn upload(
    addr: SocketAddr,
    path: &str,
    key: &str,
    model: &str,
    size: u64,
    length: Length,
) -> Result<(), LoadError> {
    let before = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--{BOUNDARY}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\n"
    );
    let after = format!("\r\n--{BOUNDARY}--\r\n");
    let framing = match length {
        Length::Known => {
            format!(
                "content-length: {}",
                before.len() as u64 + size + after.len() as u64
            )
        }
        Length::Chunked => "transfer-encoding: chunked".to_owned(),
    };
    let mut stream = connect(addr)?;
    stream.write_all(
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
             content-type: multipart/form-data; boundary={BOUNDARY}\r\n{framing}\r\n\r\n"
        )
        .as_bytes(),
    )?;
    let mut send = |bytes: &[u8]| match length {
        Length::Known => stream.write_all(bytes),
        Length::Chunked => {
            stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes())?;
            stream.write_all(bytes)?;
            stream.write_all(b"\r\n")
        }
    };
    send(before.as_bytes())?;
    let block = vec![b'x'; BLOCK];
    let mut left = size;
    while left > 0 {
        let part = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        send(&block[..part])?;
        left -= part as u64;
    }
    send(after.as_bytes())?;
    if length == Length::Chunked {
        stream.write_all(b"0\r\n\r\n")?;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    succeeded(&answer)?;
    let arrived = arrived(&answer).ok_or(LoadError::Malformed("no number of bytes"))?;
    if arrived < size {
        return Err(LoadError::Short(arrived, size));
    }
    Ok(())
}

/// Fetches `path`, whose answer, head and framing included, must be at least `size` bytes.
pub(crate) fn download(
    addr: SocketAddr,
    path: &str,
    key: &str,
    size: u64,
) -> Result<(), LoadError> {
    let mut stream = connect(addr)?;
    stream.write_all(
        format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
        )
        .as_bytes(),
    )?;
    let mut block = vec![0; BLOCK];
    let length = stream.read(&mut block)?;
    succeeded(&block[..length])?;
    let mut arrived = length as u64;
    loop {
        match stream.read(&mut block)? {
            0 => break,
            length => arrived += length as u64,
        }
    }
    if arrived < size {
        return Err(LoadError::Short(arrived, size));
    }
    Ok(())
}

fn connect(addr: SocketAddr) -> Result<TcpStream, LoadError> {
    let stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(GRACE))?;
    Ok(stream)
}

fn succeeded(answer: &[u8]) -> Result<(), LoadError> {
    let status = answer
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or(LoadError::Closed)?;
    match status {
        200 => Ok(()),
        status => Err(LoadError::Status(status)),
    }
}

/// The number in the sink's answer.
fn arrived(answer: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(answer);
    let (_, rest) = text.split_once(r#""text":""#)?;
    rest.split_once(" bytes")?.0.parse().ok()
}

#[cfg(test)]
mod tests;
