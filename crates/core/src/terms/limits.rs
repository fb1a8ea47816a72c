//! How much an entity may ask for in a window of time.

use super::reader::Reader;

/// Limits of an entity; `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// `rpm_limit`: requests per minute.
    pub requests: Option<u64>,
    /// `tpm_limit`: tokens per minute.
    pub tokens: Option<u64>,
    /// `tpd_limit`: tokens per day.
    pub tokens_per_day: Option<u64>,
    /// `max_parallel_requests`: requests in flight at the same time.
    pub parallel: Option<u64>,
}

/// Limits of an entity for one model group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelLimits {
    /// The model group, as clients name it.
    pub model: Box<str>,
    /// Requests per minute.
    pub requests: Option<u64>,
    /// Tokens per minute.
    pub tokens: Option<u64>,
}

// === impl Limits ===

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            requests: reader.count("rpm_limit"),
            tokens: reader.count("tpm_limit"),
            tokens_per_day: reader.count("tpd_limit"),
            parallel: reader.count("max_parallel_requests"),
        }
    }

    /// These, and the others' where there is none.
    pub(super) fn or(self, others: Self) -> Self {
        Self {
            requests: self.requests.or(others.requests),
            tokens: self.tokens.or(others.tokens),
            tokens_per_day: self.tokens_per_day.or(others.tokens_per_day),
            parallel: self.parallel.or(others.parallel),
        }
    }

    /// Whether there is any.
    #[must_use]
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

// === impl ModelLimits ===

impl ModelLimits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Box<[Self]> {
        let mut all: Vec<Self> = Vec::new();
        for (model, requests) in reader.count_map("model_rpm_limit") {
            all.push(Self {
                model,
                requests: Some(requests),
                tokens: None,
            });
        }
        for (model, tokens) in reader.count_map("model_tpm_limit") {
            match all.iter_mut().find(|limits| limits.model == model) {
                Some(limits) => limits.tokens = Some(tokens),
                None => all.push(Self {
                    model,
                    requests: None,
                    tokens: Some(tokens),
                }),
            }
        }
        all.into()
    }
}
