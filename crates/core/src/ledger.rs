//! What is written down about a request when it ended.

mod details;

use serde::{Deserialize, Serialize};

use crate::entity::EntityKind;
use crate::money::Nanodollars;

pub use self::details::{LedgerDetails, Repriced};

/// One finished request: also one that failed, was left by its client, or came out of a cache.
///
/// Absent members are left out, so that a line of the journal is short.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerEntry {
    /// Unique, and ordered by time: a version 7 UUID. What is written twice is counted once.
    pub id: String,
    /// `x-litellm-call-id`: the client's or ours.
    pub call_id: String,
    /// The answer's own id, such as `chatcmpl-...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// When the request was accepted, in microseconds since 1970.
    pub started_at: i64,
    /// When it ended, in microseconds since 1970.
    pub ended_at: i64,
    /// From sending to the first content of a stream, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_us: Option<u64>,
    /// The client's dialect.
    pub dialect: String,
    /// What it asked for.
    pub operation: String,
    /// The model group that the client named.
    pub model_group: String,
    /// The model that the provider was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The provider that answered, or failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The deployment that answered, or failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// The key's id: its SHA-256. The master key has a name instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The key's alias when the request ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_alias: Option<String>,
    /// The user the key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The team the key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Tags of the request and of its key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the client says belongs together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Where the client was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_address: Option<String>,
    /// The status the client got; 499 when it left first.
    pub status: u16,
    /// What went wrong, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether the answer was streamed.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: bool,
    /// Whether the answer came out of a cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_hit: bool,
    /// Attempts beyond the first, all hops together.
    #[serde(skip_serializing_if = "is_default")]
    pub retries: u32,
    /// Hops to a fallback.
    #[serde(skip_serializing_if = "is_default")]
    pub fallbacks: u32,
    /// The tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub tokens: LedgerTokens,
    /// What it cost, in billionths of a dollar.
    #[serde(with = "whole")]
    pub cost: Nanodollars,
    /// Where the cost comes from.
    #[serde(skip_serializing_if = "is_default")]
    pub cost_source: CostSource,
    /// What else the cost depends on, and what became of it; most requests have none of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<LedgerDetails>>,
    /// Whose budgets it was charged to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
}

/// Token counts of a request: parts are contained in the totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerTokens {
    /// All input tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub input: u64,
    /// All output tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub output: u64,
    /// Of the input, read from a prompt cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_read: u64,
    /// Of the input, written to a prompt cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write: u64,
    /// Of the output, spent on reasoning.
    #[serde(skip_serializing_if = "is_default")]
    pub reasoning: u64,
}

/// Where a cost comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// There is none: nothing was used, or nobody knows a price.
    #[default]
    None,
    /// The provider said it.
    Reported,
    /// From the provider's counts and our prices.
    Computed,
    /// From counts that we estimated, because the provider gave none.
    Estimated,
}

/// An account that a request is charged to, with the budget windows that were open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What is charged.
    pub kind: EntityKind,
    /// Which one.
    pub id: String,
    /// Windows of its budgets, besides the spend of all time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

/// A window of a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The budget it belongs to: its duration as configured (`30d`), with the model in front for a
    /// budget of one model (`gpt-5/30d`).
    pub name: String,
    /// When it began, in seconds since 1970.
    pub start: i64,
}

// === impl LedgerTokens ===

impl LedgerTokens {
    /// Input plus output tokens.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

// === impl CostSource ===

impl CostSource {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reported => "reported",
            Self::Computed => "computed",
            Self::Estimated => "estimated",
        }
    }

    /// The source of that name; none for others.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "reported" => Self::Reported,
            "computed" => Self::Computed,
            "estimated" => Self::Estimated,
            _ => Self::None,
        }
    }
}

/// Whether it goes without saying.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Amounts as whole numbers: the journal must not round.
mod whole {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Nanodollars;

    pub(super) fn serialize<S: Serializer>(amount: &Nanodollars, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(amount.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Nanodollars, D::Error> {
        i64::deserialize(from).map(Nanodollars::new)
    }
}
