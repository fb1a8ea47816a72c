//! Why a caller is refused, as it is told (reference sections 3.2 to 3.4).

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use lockgate_core::entity::EntityKind;
use lockgate_core::error::GatewayError;
use lockgate_core::money::Nanodollars;
use lockgate_wire::canonical::ErrorKind;

use super::account::Account;

const LIMIT_TYPE: HeaderName = HeaderName::from_static("rate_limit_type");
const RESET_AT: HeaderName = HeaderName::from_static("reset_at");

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Requests,
    Tokens,
    Parallel,
}

/// A limit that is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub measure: Measure,
    /// Whose: `key prod`, `team core, model gpt-5`.
    pub whose: String,
    /// What the limit is per.
    pub per: &'static str,
    pub most: u64,
    pub used: u64,
    /// When it begins anew, in seconds since 1970; `None` for what does not.
    pub resets_at: Option<i64>,
    /// The time of the refusal.
    pub now: i64,
}

/// A request that does not fit into a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OverBudget {
    /// Whose: `key prod`.
    pub whose: String,
    /// The budget's duration and model, for people.
    pub window: String,
    pub most: Nanodollars,
    pub left: Nanodollars,
    /// What the request may cost; `None` when that is not known.
    pub worst: Option<Nanodollars>,
    /// Whether a shorter answer would fit.
    pub shorter_fits: bool,
}

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Limit(Exceeded),
    Budget(OverBudget),
}

// === impl Measure ===

impl Measure {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Parallel => "max_parallel_requests",
        }
    }
}

// === impl Exceeded ===

impl Exceeded {
    fn error(&self) -> GatewayError {
        let Self {
            whose,
            per,
            most,
            used,
            ..
        } = self;
        let what = match self.measure {
            Measure::Requests => format!("{most} requests per {per}, and {used} were made"),
            Measure::Tokens => format!("{most} tokens per {per}, and {used} are used or reserved"),
            Measure::Parallel => {
                format!("{most} requests at the same time, and {used} are being answered")
            }
        };
        let wait = self.wait();
        let seconds = wait.as_secs();
        let message = format!(
            "Rate limit exceeded for {whose}. Limit type: {}. It may have {what}; try again in {seconds} s.",
            self.measure.as_str(),
        );
        let mut error = GatewayError::client(ErrorKind::RateLimited, message);
        error.retry_after = Some(wait);
        error
    }

    fn wait(&self) -> Duration {
        let left = self.resets_at.map_or(1, |at| at - self.now);
        Duration::from_secs(u64::try_from(left).unwrap_or(0).max(1))
    }

    /// The headers that go with it.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT_TYPE, HeaderValue::from_static(self.measure.as_str()));
        let at = self.resets_at.unwrap_or(self.now + 1);
        let at = Timestamp::from_second(at).map(|at| at.to_string());
        if let Some(Ok(value)) = at.ok().map(|at| HeaderValue::from_str(&at)) {
            headers.insert(RESET_AT, value);
        }
    }
}

// === impl OverBudget ===

impl OverBudget {
    fn error(&self, status: u16) -> GatewayError {
        let Self {
            whose,
            window,
            most,
            left,
            ..
        } = self;
        let mut message = format!(
            "Budget has been exceeded! The budget of {whose} is ${most}{window}, of which ${left} is left"
        );
        if let Some(worst) = self.worst {
            message += &format!("; this request may cost up to ${worst}");
        }
        message += if self.shorter_fits {
            ". With a smaller max_tokens it would fit."
        } else {
            "."
        };
        let mut error =
            GatewayError::client(ErrorKind::Unprocessable, message).with_type("budget_exceeded");
        error.api.status = status;
        error
    }
}

// === impl Refusal ===

impl Refusal {
    /// As the client is told; `status` is that of refusals for money.
    pub(crate) fn error(&self, status: u16) -> GatewayError {
        match self {
            Self::Limit(exceeded) => exceeded.error(),
            Self::Budget(over) => over.error(status),
        }
    }
}

/// What an account is called in a refusal.
pub(super) fn whose(account: &Account) -> String {
    format!("{} `{}`", noun(account.kind()), account.shown())
}

fn noun(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Key => "key",
        EntityKind::Team => "team",
        EntityKind::TeamMember => "team member",
        EntityKind::Organization => "organization",
        EntityKind::Customer => "customer",
        EntityKind::Tag => "tag",
        EntityKind::Project => "project",
        _ => "user",
    }
}

/// A key that opens nothing.
pub(super) fn no_entry(why: &str, error_type: &str) -> GatewayError {
    let message = format!("Authentication failed: {why}");
    GatewayError::client(ErrorKind::Authentication, message).with_type(error_type)
}

/// Something a caller may not do.
pub(super) fn forbidden(why: impl Into<String>, error_type: &str) -> GatewayError {
    GatewayError::client(ErrorKind::PermissionDenied, why).with_type(error_type)
}
