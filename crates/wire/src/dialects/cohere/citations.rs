//! Citations: one list beside the content, whose entries point into it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::{Block, BlockKind, RawJson};

/// What every entry of the list has (API reference, `Citation`).
#[derive(Deserialize)]
#[expect(dead_code, reason = "read only to see whether it can be")]
struct Citation<'a> {
    start: u64,
    end: u64,
    #[serde(borrow)]
    sources: Vec<&'a RawValue>,
}

/// Keeps `citations` on the first text among `blocks`.
pub(super) fn attach(citations: Option<&RawValue>, blocks: &mut [Block]) {
    let Some(raw) = citations.filter(|raw| !matches!(raw.get(), "null" | "[]")) else {
        return;
    };
    let text = blocks.iter_mut().find_map(|block| match &mut block.kind {
        BlockKind::Text { citations, .. } => Some(citations),
        _ => None,
    });
    if let Some(citations) = text {
        *citations = Some(RawJson::from(raw.to_owned()));
    }
}

/// The citations on `blocks`, when they are in this dialect's format: a client of it could not
/// read another's.
pub(super) fn own(blocks: &[Block]) -> Option<&RawJson> {
    let mut texts = blocks.iter().filter_map(|block| match &block.kind {
        BlockKind::Text { citations, .. } => citations.as_ref(),
        _ => None,
    });
    texts.find(|raw| serde_json::from_str::<Vec<Citation<'_>>>(raw.get()).is_ok())
}
