//! Citations of a text block: a list of locations in what the model was given.

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};

use crate::canonical::RawJson;

/// The kinds of location of the messages API reference, text citation objects.
const LOCATIONS: [&str; 5] = [
    "char_location",
    "page_location",
    "content_block_location",
    "web_search_result_location",
    "search_result_location",
];

/// Citations in an answer. The published schema requires the list and lets it be null; `@ai-sdk/anthropic`
/// refuses null. Empty, it is right for both.
pub(super) struct Listed<'a>(pub(super) Option<&'a RawJson>);

#[derive(Deserialize)]
struct Citation {
    r#type: String,
}

/// The citations when they are in this dialect's format; other dialects' are left out, because
/// a client of this one could not read them.
pub(super) fn own(citations: Option<&RawJson>) -> Option<&RawJson> {
    let citations = citations?;
    let list: Vec<Citation> = serde_json::from_str(citations.get()).ok()?;
    let known = |c: &Citation| LOCATIONS.contains(&c.r#type.as_str());
    (!list.is_empty() && list.iter().all(known)).then_some(citations)
}

// === impl Listed ===

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(citations) => citations.serialize(to),
            None => to.collect_seq(std::iter::empty::<()>()),
        }
    }
}
