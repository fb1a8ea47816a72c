//! Items as a client gets them, every required member present.
//!
//! Source: API reference, `OutputItem`; the official SDKs' types.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::logprobs::TokenOut;
use crate::canonical::RawJson;

/// An item of an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum ItemOut<'a> {
    Message {
        id: &'a str,
        status: &'static str,
        role: &'static str,
        content: Vec<PartOut<'a>>,
    },
    Reasoning {
        id: &'a str,
        summary: Vec<PartOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<Cow<'a, str>>,
    },
    FunctionCall {
        id: &'a str,
        status: &'static str,
        arguments: &'a str,
        call_id: &'a str,
        name: &'a str,
    },
    CustomToolCall {
        id: &'a str,
        status: &'static str,
        call_id: &'a str,
        input: &'a str,
        name: &'a str,
    },
    ImageGenerationCall {
        id: &'a str,
        status: &'static str,
        result: &'a str,
    },
    /// One of this dialect, as it came.
    #[serde(untagged)]
    Raw(&'a RawValue),
}

/// A part of a message, or of a summary.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum PartOut<'a> {
    OutputText {
        annotations: Vec<RawJson>,
        logprobs: Vec<TokenOut<'a>>,
        text: &'a str,
    },
    Refusal {
        refusal: &'a str,
    },
    SummaryText {
        text: &'a str,
    },
}

/// The members that this API requires of an annotation, by its type.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "read only to see whether they are there")]
enum AnnotationIn {
    UrlCitation(UrlCitation),
    FileCitation {
        file_id: String,
        filename: String,
        index: u64,
    },
    ContainerFileCitation {
        container_id: String,
        file_id: String,
        filename: String,
        start_index: u64,
        end_index: u64,
    },
    FilePath {
        file_id: String,
        index: u64,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct UrlCitation {
    start_index: u64,
    end_index: u64,
    url: String,
    title: String,
}

/// The chat API's annotation: the members stand in an object of their own.
#[derive(Debug, Deserialize)]
struct NestedIn {
    url_citation: UrlCitation,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum AnnotationOut {
    UrlCitation(UrlCitation),
}

/// Of citations in anyone's format, those that can be written here.
pub(in super::super) fn annotations(citations: Option<&RawJson>) -> Vec<RawJson> {
    let all: Vec<&RawValue> = citations
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    all.into_iter().filter_map(annotation).collect()
}

fn annotation(raw: &RawValue) -> Option<RawJson> {
    if serde_json::from_str::<AnnotationIn>(raw.get()).is_ok() {
        return Some(raw.to_owned().into());
    }
    let NestedIn { url_citation } = serde_json::from_str(raw.get()).ok()?;
    RawJson::from_value(&AnnotationOut::UrlCitation(url_citation)).ok()
}
