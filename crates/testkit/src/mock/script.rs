//! What a model name asks the mock to do.

use std::time::Duration;

/// The behaviour a model name stands for.
///
/// A name is a head, then any of the suffixes, joined by dashes: `mock-60ms`, `mock-100c-d20ms`, `tools-5c`,
/// `fail-503`, `flaky-2-60ms`. What is not understood is ignored, so `gpt-4o` behaves like `mock`.
///
/// | head | behaviour |
/// |---|---|
/// | `mock` | a short text |
/// | `tools` | two parallel tool calls, streamed in fragments |
/// | `agent` | the calls of `tools`, and a short text once the request has their results |
/// | `reasoning` | thinking, then text |
/// | `echo` | the last user text of the request |
/// | `length` | a text cut off at the token limit |
/// | `fail-N` | HTTP status N (429 with `Retry-After: 1`) |
/// | `flaky-N` | status 500 for the first N requests of this name, then a text |
/// | `context-window` | the error of a prompt that is too long |
/// | `content-policy` | the answer of a content filter |
/// | `hang` | nothing, ever |
/// | `hang-stream` | the head and the first piece, then silence |
/// | `cut-stream` | a few pieces, then the connection is dropped |
/// | `error-in-stream` | status 200 and an error as first event |
/// | `late-error-in-stream` | a few pieces, then an error event |
///
/// | suffix | meaning |
/// |---|---|
/// | `60ms` | wait before the response head |
/// | `100c` | the text has 100 pieces (3 unless said) |
/// | `d20ms` | wait before every streamed piece but the first |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Wait before the response head.
    pub delay: Duration,
    /// Pieces of text; `None` for the usual three.
    pub chunks: Option<u32>,
    /// Wait before every streamed piece but the first.
    pub pace: Duration,
    /// What the answer consists of.
    pub flavour: Flavour,
    /// What goes wrong.
    pub fault: Fault,
}

/// What an answer consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Text that ends by itself.
    #[default]
    Text,
    /// Two parallel tool calls.
    Tools,
    /// Two parallel tool calls, or text when the request has the results of some.
    Agent,
    /// Thinking, then text.
    Reasoning,
    /// The last user text of the request.
    Echo,
    /// Text that ends at the token limit.
    Length,
}

/// What goes wrong with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// This status, with the error body of the dialect.
    Status(u16),
    /// Status 500 for the first so many requests of this name.
    Flaky(u32),
    /// The error of a prompt that is too long.
    ContextWindow,
    /// The answer of a content filter.
    ContentPolicy,
    /// No answer, the connection stays open.
    Hang,
    /// The head and the first piece, then silence.
    HangStream,
    /// A few pieces, then the connection is dropped.
    CutStream,
    /// A stream that starts with an error.
    ErrorFirst,
    /// A stream that breaks off with an error after a few pieces.
    ErrorLate,
}

const HEADS: &[(&str, Flavour, Fault)] = &[
    ("late-error-in-stream", Flavour::Text, Fault::ErrorLate),
    ("error-in-stream", Flavour::Text, Fault::ErrorFirst),
    ("context-window", Flavour::Text, Fault::ContextWindow),
    ("content-policy", Flavour::Text, Fault::ContentPolicy),
    ("hang-stream", Flavour::Text, Fault::HangStream),
    ("cut-stream", Flavour::Text, Fault::CutStream),
    ("hang", Flavour::Text, Fault::Hang),
    ("tools", Flavour::Tools, Fault::None),
    ("agent", Flavour::Agent, Fault::None),
    ("reasoning", Flavour::Reasoning, Fault::None),
    ("echo", Flavour::Echo, Fault::None),
    ("length", Flavour::Length, Fault::None),
];

// === impl Script ===

impl Script {
    /// Reads a model name; every name has a meaning.
    #[must_use]
    pub fn parse(model: &str) -> Self {
        let mut script = Self::default();
        let mut rest = model;
        if let Some((head, flavour, fault)) = HEADS.iter().find(|(head, ..)| has_head(model, head))
        {
            script.flavour = *flavour;
            script.fault = *fault;
            rest = &model[head.len()..];
        }
        let mut words = rest.split('-');
        while let Some(word) = words.next() {
            match word {
                "fail" => {
                    let status = words.next().and_then(|status| status.parse().ok());
                    script.fault = Fault::Status(status.unwrap_or(500));
                }
                "flaky" => {
                    let failures = words.next().and_then(|failures| failures.parse().ok());
                    script.fault = Fault::Flaky(failures.unwrap_or(1));
                }
                _ => script.suffix(word),
            }
        }
        script
    }

    fn suffix(&mut self, word: &str) {
        if let Some(pace) = word.strip_prefix('d').and_then(milliseconds) {
            self.pace = pace;
        } else if let Some(delay) = milliseconds(word) {
            self.delay = delay;
        } else if let Some(chunks) = word.strip_suffix('c').and_then(|count| count.parse().ok()) {
            self.chunks = Some(chunks);
        }
    }
}

fn milliseconds(word: &str) -> Option<Duration> {
    word.strip_suffix("ms")?
        .parse()
        .ok()
        .map(Duration::from_millis)
}

fn has_head(model: &str, head: &str) -> bool {
    model
        .strip_prefix(head)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
