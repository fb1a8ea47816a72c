//! What the client is told of its limits and of its key.

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;

use super::account::Account;
use super::caller::Place;
use super::reservation::{Hold, Reservation, What};

const KEY_SPEND: HeaderName = HeaderName::from_static("x-litellm-key-spend");
const KEY_BUDGET: HeaderName = HeaderName::from_static("x-litellm-key-max-budget");
const KEY_TOKENS: HeaderName = HeaderName::from_static("x-litellm-key-tpm-limit");
const KEY_REQUESTS: HeaderName = HeaderName::from_static("x-litellm-key-rpm-limit");

// === impl Reservation ===

impl Reservation {
    /// Tells the client what is left of its limits, and what its key spent (reference sections 3.4
    /// and 5.1).
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for hold in &self.holds {
            let Some(account) = self.caller.account(hold.account) else {
                continue;
            };
            let left = hold.most.saturating_sub(hold.counted.used);
            for (name, value) in names(account, hold, &self.model)
                .into_iter()
                .zip([left, hold.most])
            {
                if let Some(name) = name {
                    headers.insert(name, HeaderValue::from(value));
                }
            }
        }
        if let Some(key) = self.caller.at(Place::Key) {
            key_headers(key, headers);
        }
    }
}

fn key_headers(key: &Account, headers: &mut HeaderMap) {
    let money = |amount: Nanodollars| HeaderValue::from_maybe_shared(amount.to_string());
    let terms = key.terms();
    if let Ok(spent) = money(key.spent()) {
        headers.insert(KEY_SPEND, spent);
    }
    let whole = terms.budgets.iter().find(|budget| budget.model.is_none());
    if let Some(Ok(most)) = whole.map(|budget| money(budget.most)) {
        headers.insert(KEY_BUDGET, most);
    }
    if let Some(limit) = terms.limits.tokens {
        headers.insert(KEY_TOKENS, HeaderValue::from(limit));
    }
    if let Some(limit) = terms.limits.requests {
        headers.insert(KEY_REQUESTS, HeaderValue::from(limit));
    }
}

/// The names of the headers for what is left and for the limit.
fn names(account: &Account, hold: &Hold, model: &str) -> [Option<HeaderName>; 2] {
    macro_rules! of {
        ($whose:literal, $what:literal) => {{
            const LEFT: HeaderName =
                HeaderName::from_static(concat!("x-ratelimit-", $whose, "-remaining-", $what));
            const MOST: HeaderName =
                HeaderName::from_static(concat!("x-ratelimit-", $whose, "-limit-", $what));
            [Some(LEFT), Some(MOST)]
        }};
    }
    macro_rules! whose {
        ($what:literal) => {
            match account.kind() {
                EntityKind::Key => of!("api_key", $what),
                EntityKind::Team => of!("team", $what),
                EntityKind::TeamMember => of!("team_member", $what),
                EntityKind::Organization => of!("organization", $what),
                EntityKind::Customer => of!("end_user", $what),
                EntityKind::Project => of!("project", $what),
                EntityKind::Tag => of!("tag", $what),
                EntityKind::User => of!("user", $what),
                _ => [None, None],
            }
        };
    }
    match hold.what {
        What::Requests => whose!("requests"),
        What::Tokens => whose!("tokens"),
        What::Parallel => whose!("max_parallel_requests"),
        What::TokensPerDay => [None, None],
        What::ModelRequests(_) => [of_model(account, "requests", model), None],
        What::ModelTokens(_) => [of_model(account, "tokens", model), None],
    }
}

fn of_model(account: &Account, what: &str, model: &str) -> Option<HeaderName> {
    if account.kind() != EntityKind::Key {
        return None;
    }
    let name = format!("x-litellm-key-remaining-{what}-{model}");
    HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok()
}
