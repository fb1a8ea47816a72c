//! Writes inputs for every target out of the fixtures of `wire`, for a first run:
//! `cargo run -p lockgate-fuzz --example seed -- <folder>`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_wire::DialectId;
use lockgate_wire::event_stream::EventStreamDecoder;

/// Forms as clients send them; the first line is the content type.
const FORMS: [&str; 4] = [
    "multipart/form-data; boundary=XyZ\n--XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF--XyZ\r\n-\r\n--XyZ--\r\n",
    "multipart/form-data; boundary=\"XyZ\"\n--XyZ\r\ncontent-type: audio/wav\r\nContent-Disposition: form-data; filename=\"name=model.wav\"; name=\"file\"\r\n\r\nRIFF\r\n--Xy\r\n--XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\r\n--XyZ--",
    "Multipart/Form-Data;charset=utf-8;BOUNDARY=a\npreamble\r\n--a\r\ncontent-disposition: form-data; name=mod\\el\r\n\r\nx\r\n--ab\r\n\r\n--a \t\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--a--\r\nepilogue",
    "multipart/form-data; boundary=a\n--a\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--a--",
];

/// What hardly any fixture has.
const STREAMS: [&str; 3] = [
    "\u{feff}data: a\r\rdata\n: comment\nevent: e\nid: 7\ndata:  b\n\ndata: \u{1f30a}",
    "{\"a\":1}\r\n\r\n \t[2]\n\n{\"b\":",
    "\n\n: hello\n\ndata: {\"choices\":[],\"model\" : \"up\",\"usage\":{\"prompt_tokens\":7}}\n\n\r\ndata: [DONE]\n\n",
];

fn main() -> io::Result<()> {
    let Some(out) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("which folder shall they go to?"));
    };
    let mut seeds = Seeds { out, written: 0 };
    for form in FORMS {
        seeds.add("form", b"3", form.as_bytes())?;
    }
    for stream in STREAMS {
        for target in ["sse", "ndjson", "stream_openai_chat", "stream_ollama"] {
            seeds.add(target, b"2", stream.as_bytes())?;
        }
        seeds.add("relay", b"\x072", stream.as_bytes())?;
    }
    for (number, dialect) in (0_u8..).zip(DialectId::ALL) {
        let folder = match dialect {
            DialectId::OpenAiChat => "openai_chat",
            other => other.as_str(),
        };
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../wire/fixtures")
            .join(folder);
        for kind in fs::read_dir(fixtures)? {
            let kind = kind?.path();
            for file in fs::read_dir(&kind)? {
                let body = fs::read(file?.path())?;
                let name = kind.file_name().and_then(|name| name.to_str());
                seeds.fixture(number, folder, name.unwrap_or_default(), &body)?;
            }
        }
    }
    Ok(())
}

struct Seeds {
    out: PathBuf,
    written: usize,
}

impl Seeds {
    fn add(&mut self, target: &str, head: &[u8], body: &[u8]) -> io::Result<()> {
        let folder = self.out.join(target);
        fs::create_dir_all(&folder)?;
        self.written += 1;
        let name = format!("seed-{}", self.written);
        fs::write(folder.join(name), [head, body].concat())
    }

    fn fixture(&mut self, number: u8, folder: &str, kind: &str, body: &[u8]) -> io::Result<()> {
        let swallowing = number + 7;
        match kind {
            "streams" if folder == "bedrock" => {
                let raw = [b"!", body].concat();
                let lines = lines(body);
                for form in [&raw, &lines] {
                    self.add("stream_bedrock", b"4", form)?;
                    self.add("event_stream", b"5", form)?;
                    self.add("relay", &[number, b'6'], form)?;
                }
            }
            "streams" => {
                self.add(&format!("stream_{folder}"), b"4", body)?;
                let framing = if folder == "ollama" { "ndjson" } else { "sse" };
                self.add(framing, b"5", body)?;
                self.add("relay", &[number, b'6'], body)?;
                self.add("relay", &[swallowing, b'3'], body)?;
            }
            "requests" | "generate" => {
                self.add("request", &[number, b'0'], body)?;
                self.add("json_index", b"", body)?;
            }
            "embeddings" | "count_tokens" => {
                self.add("request", &[number, b'1'], body)?;
                self.add("response", &[number, 0], body)?;
            }
            "responses" | "errors" => {
                self.add("response", &[number, 29], body)?;
                self.add("json_index", b"", body)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// An event stream as a line for each frame.
fn lines(stream: &[u8]) -> Vec<u8> {
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(stream);
    let mut out = Vec::new();
    while let Ok(Some(frame)) = decoder.next_frame() {
        let names = [
            ("e ", frame.header(":event-type")),
            ("x ", frame.header(":exception-type")),
            ("r ", frame.header(":error-code")),
        ];
        for (kind, name) in names {
            if let Some(name) = name {
                out.extend_from_slice(kind.as_bytes());
                out.extend_from_slice(name.as_bytes());
                out.push(b' ');
                out.extend_from_slice(frame.payload());
                out.push(b'\n');
            }
        }
    }
    out
}
