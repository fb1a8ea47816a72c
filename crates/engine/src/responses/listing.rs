//! The items that a response was made from, page by page.

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use serde_json::{Value, json};

use super::{Kept, item};

/// How many items a page has when nobody says; OpenAI API reference, "List input items".
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// Which items to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Behind the item with this id.
    pub after: Option<String>,
    /// So many.
    pub limit: Option<usize>,
    /// Oldest first rather than newest first.
    pub ascending: bool,
}

// === impl Kept ===

impl Kept {
    /// A page of the items that the response was made from.
    pub fn list_input(&self, page: &Page) -> Result<Value, GatewayError> {
        self::page(&self.input(), page)
    }
}

/// A page of `items`, a JSON array.
pub(super) fn page(items: &[u8], page: &Page) -> Result<Value, GatewayError> {
    let mut items: Vec<Value> = serde_json::from_slice(items).map_err(|e| {
        let message = format!("the items kept cannot be read: {e}");
        GatewayError::gateway(ErrorKind::Internal, message)
    })?;
    for (number, item) in items.iter_mut().enumerate() {
        item::complete(item, number);
    }
    if !page.ascending {
        items.reverse();
    }
    if let Some(after) = &page.after
        && let Some(place) = items.iter().position(|item| item["id"] == *after)
    {
        items.drain(..=place);
    }
    let limit = page.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let id = |item: Option<&Value>| item.map_or(Value::Null, |item| item["id"].clone());
    Ok(json!({
        "object": "list",
        "first_id": id(items.first()),
        "last_id": id(items.last()),
        "has_more": has_more,
        "data": items,
    }))
}
