//! What a cost depends on besides the usual counts, kept so that it can be calculated again.

use serde::{Deserialize, Serialize};

use super::CostSource;
use crate::money::Nanodollars;

/// What a cost depends on besides [`super::LedgerTokens`], and what became of it. Absent members
/// are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerDetails {
    /// Of the tokens written to a cache, those with a lifetime of one hour.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h: u64,
    /// Input tokens that encode audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_input: u64,
    /// Output tokens that encode audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_output: u64,
    /// Of the tokens read from a cache, those that encode audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read_audio: u64,
    /// Input tokens that encode pictures.
    #[serde(skip_serializing_if = "is_zero")]
    pub image_input: u64,
    /// Input tokens that encode video.
    #[serde(skip_serializing_if = "is_zero")]
    pub video_input: u64,
    /// Output tokens that encode pictures.
    #[serde(skip_serializing_if = "is_zero")]
    pub image_output: u64,
    /// Searches of the web.
    #[serde(skip_serializing_if = "is_zero")]
    pub web_searches: u64,
    /// The tier that served it, as `wire` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// Served at the speed that costs more.
    #[serde(skip_serializing_if = "is_no")]
    pub fast: bool,
    /// Bound to the United States.
    #[serde(skip_serializing_if = "is_no")]
    pub us_only: bool,
    /// More is not charged: what was set aside for a request whose counts are a guess, in
    /// billionths of a dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// What it cost before it was priced anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repriced: Option<Repriced>,
}

/// That a request was priced anew, and what it had cost before anybody did that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repriced {
    /// When it was done last, in microseconds since 1970.
    pub at: i64,
    /// What it cost when it ended, in billionths of a dollar.
    #[serde(with = "super::whole")]
    pub first_cost: Nanodollars,
    /// Where that came from.
    pub first_source: CostSource,
}

// === impl LedgerDetails ===

impl LedgerDetails {
    /// These in a box, unless they say nothing.
    #[must_use]
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_no(flag: &bool) -> bool {
    !*flag
}
