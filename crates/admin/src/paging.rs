//! Lists in pages, as LiteLLM counts them.

use lockgate_core::ports::Paging;
use serde_json::{Value, json};

use crate::query::Query;
use crate::refusal::Refusal;

/// Which page was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    page: u32,
    size: u32,
}

// === impl Wanted ===

impl Wanted {
    /// `page`, and `size` by the name the route has for it.
    pub(crate) fn read(
        query: &Query,
        size: &str,
        default: u32,
        most: u32,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            page: query.number("page", 1, 1, u32::MAX)?,
            size: query.number(size, default, 1, most)?,
        })
    }

    pub(crate) fn paging(self) -> Paging {
        Paging::page(self.page, self.size)
    }

    /// Those of `rows` that are on this page.
    pub(crate) fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        let offset = usize::try_from(self.paging().offset).unwrap_or(usize::MAX);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        rows.into_iter().skip(offset).take(size).collect()
    }

    /// `{<name>, total, page, page_size, total_pages}`
    pub(crate) fn answer(self, name: &str, rows: &[Value], total: u64) -> Value {
        json!({
            name: rows,
            "total": total,
            "page": self.page,
            "page_size": self.size,
            "total_pages": self.pages(total),
        })
    }

    /// `{<name>, total_count, current_page, total_pages}`, which the lists of keys have.
    pub(crate) fn key_answer(self, name: &str, rows: &[Value], total: u64) -> Value {
        json!({
            name: rows,
            "total_count": total,
            "current_page": self.page,
            "total_pages": self.pages(total),
        })
    }

    fn pages(self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.size))
    }
}
