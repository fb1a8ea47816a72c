//! A form, written for an upstream.

use bytes::{BufMut as _, Bytes, BytesMut};
use memchr::memmem;

/// A form that is being written. Names and file names lose what would break their header.
#[derive(Debug, Default)]
pub struct FormWriter {
    parts: Vec<(String, Bytes)>,
}

/// The boundary, unless a value says it.
const BOUNDARY: &str = "lockgate-form-boundary";

// === impl FormWriter ===

impl FormWriter {
    /// Adds a field.
    pub fn field(&mut self, name: &str, value: &str) {
        let head = format!("content-disposition: form-data; name=\"{}\"", plain(name));
        self.parts
            .push((head, Bytes::copy_from_slice(value.as_bytes())));
    }

    /// Adds a file; without a content type it is just bytes.
    pub fn file(&mut self, name: &str, file_name: &str, content_type: &str, bytes: Bytes) {
        let content_type = match content_type {
            "" => "application/octet-stream",
            known => known,
        };
        let head = format!(
            "content-disposition: form-data; name=\"{}\"; filename=\"{}\"\r\ncontent-type: {}",
            plain(name),
            plain(file_name),
            plain(content_type)
        );
        self.parts.push((head, bytes));
    }

    /// The content type and the body.
    #[must_use]
    pub fn finish(self) -> (String, Bytes) {
        let boundary = self.boundary();
        let length: usize = self
            .parts
            .iter()
            .map(|(head, value)| head.len() + value.len())
            .sum();
        let room = length + (self.parts.len() + 1) * (boundary.len() + 12);
        let mut body = BytesMut::with_capacity(room);
        for (head, value) in &self.parts {
            for piece in ["--", &boundary, "\r\n", head, "\r\n\r\n"] {
                body.put_slice(piece.as_bytes());
            }
            body.put_slice(value);
            body.put_slice(b"\r\n");
        }
        for piece in ["--", &boundary, "--\r\n"] {
            body.put_slice(piece.as_bytes());
        }
        let content_type = format!("multipart/form-data; boundary={boundary}");
        (content_type, body.freeze())
    }

    /// One that no value contains.
    fn boundary(&self) -> String {
        let mut boundary = BOUNDARY.to_owned();
        let mut number = 0;
        while self.parts.iter().any(|(head, value)| {
            head.contains(&boundary) || memmem::find(value, boundary.as_bytes()).is_some()
        }) {
            number += 1;
            boundary = format!("{BOUNDARY}-{number}");
        }
        boundary
    }
}

/// Text that may stand in a header, in quotes or not.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '"' || c == '\\' || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect()
}
