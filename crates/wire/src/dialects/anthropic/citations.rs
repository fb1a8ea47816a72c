//! Citations of a text block: a list of locations in what the model was given.

use serde::Deserialize;

use crate::canonical::RawJson;

/// The kinds of location of the messages API reference, text citation objects.
const LOCATIONS: [&str; 5] = [
    "char_location",
    "page_location",
    "content_block_location",
    "web_search_result_location",
    "search_result_location",
];

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
