//! Which names a section may hold: those with an effect, those LiteLLM knows, and nobody's.

mod distance;
mod general;
mod identity;
mod litellm;
mod model_info;
mod params;
mod router;
mod top;

pub(super) use self::general::GENERAL;
pub(super) use self::identity::{
    JWT_AUTH, JWT_ISSUER, ROLE_MAPPING, ROLE_PERMISSION, ROUTING_OVERRIDE, SCOPE_MAPPING,
    USER_ROLE_MAPPING,
};
pub(super) use self::litellm::LITELLM;
pub(super) use self::model_info::{ECHOED, MODEL_INFO};
pub(super) use self::params::{BODY, PARAMS};
pub(super) use self::router::ROUTER;
pub(super) use self::top::TOP;

use self::distance::closest;
use super::document::join;
use super::findings::Findings;
use super::yaml::Mapping;

/// The names of one section.
#[derive(Clone, Copy)]
pub(super) struct KeyTable {
    /// What the section is called; empty for the top of the file.
    section: &'static str,
    /// Names that do something here.
    effective: &'static [&'static str],
    /// Names LiteLLM knows and this version does nothing with.
    known: &'static [&'static str],
}

pub(super) const MODEL_ENTRY: KeyTable = KeyTable {
    section: "model_list",
    effective: &["model_name", "litellm_params", "model_info"],
    known: &[],
};

pub(super) const CREDENTIAL: KeyTable = KeyTable {
    section: "credential_list",
    effective: &["credential_name", "credential_values"],
    known: &["credential_info"],
};

pub(super) const LOCKGATE: KeyTable = KeyTable {
    section: "lockgate_settings",
    effective: &[
        "connect_timeout",
        "data_dir",
        "drain_timeout",
        "first_byte_timeout",
        "idle_timeout",
        "journal_dir",
        "journal_fsync",
        "journal_limit_mb",
        "ledger",
        "max_background_responses",
        "max_header_bytes",
        "max_json_depth",
    ],
    known: &[],
};

/// What `coordination_redis` may hold.
pub(super) const REDIS: KeyTable = KeyTable {
    section: "coordination_redis",
    effective: REDIS_NAMES,
    known: &[
        "aws_iam_cache_name",
        "aws_iam_region",
        "aws_iam_username",
        "gcp_service_account",
        "max_connections",
        "socket_timeout",
    ],
};

/// What `cache_params` may hold, of which only what says where Redis is has an effect.
pub(super) const CACHE: KeyTable = KeyTable {
    section: "cache_params",
    effective: REDIS_NAMES,
    known: &[
        "default_in_memory_ttl",
        "default_in_redis_ttl",
        "max_connections",
        "mode",
        "redis_flush_size",
        "similarity_threshold",
        "supported_call_types",
        "ttl",
    ],
};

const REDIS_NAMES: &[&str] = &[
    "db",
    "host",
    "namespace",
    "password",
    "port",
    "redis_startup_nodes",
    "sentinel_nodes",
    "service_name",
    "ssl",
    "startup_nodes",
    "type",
    "url",
    "username",
];

pub(super) const CUSTOM_PROVIDER: KeyTable = KeyTable {
    section: "custom_providers",
    effective: &[
        "api_base_env",
        "api_key_env",
        "auth",
        "base_url",
        "dialect",
        "headers",
        "id",
        "quirks",
    ],
    known: &[],
};

pub(super) const PASS_THROUGH: KeyTable = KeyTable {
    section: "pass_through_endpoints",
    effective: &[
        "auth",
        "default_query_params",
        "forward_headers",
        "headers",
        "id",
        "include_subpath",
        "is_from_config",
        "merge_query_params",
        "methods",
        "path",
        "target",
        "timeout",
    ],
    known: &["cost_per_request", "guardrails"],
};

pub(super) const RETRY_POLICY: KeyTable = KeyTable {
    section: "retry_policy",
    effective: &[
        "AuthenticationErrorRetries",
        "BadRequestErrorRetries",
        "ContentPolicyViolationErrorRetries",
        "DefaultRetries",
        "InternalServerErrorRetries",
        "NotFoundErrorRetries",
        "RateLimitErrorRetries",
        "ServiceUnavailableErrorRetries",
        "TimeoutErrorRetries",
    ],
    known: &[],
};

pub(super) const ALLOWED_FAILS_POLICY: KeyTable = KeyTable {
    section: "allowed_fails_policy",
    effective: &[
        "AuthenticationErrorAllowedFails",
        "BadGatewayErrorAllowedFails",
        "BadRequestErrorAllowedFails",
        "ContentPolicyViolationErrorAllowedFails",
        "InternalServerErrorAllowedFails",
        "NotFoundErrorAllowedFails",
        "RateLimitErrorAllowedFails",
        "ServiceUnavailableErrorAllowedFails",
        "TimeoutErrorAllowedFails",
    ],
    known: &[],
};

/// Where a misplaced name may belong.
const SECTIONS: &[KeyTable] = &[TOP, GENERAL, ROUTER, LITELLM, LOCKGATE];

const NO_EFFECT: &str = "known to LiteLLM, has no effect in this version";

// === impl KeyTable ===

impl KeyTable {
    /// One warning for each name that does nothing.
    pub(super) fn check(&self, mapping: &Mapping, path: &str, findings: &mut Findings) {
        for entry in &mapping.entries {
            let key = entry.key.as_str();
            if self.effective.contains(&key) {
                continue;
            }
            let message = if self.known.contains(&key) {
                NO_EFFECT.to_owned()
            } else {
                self.unknown(key)
            };
            findings.warn(entry.key_mark, &join(path, key), message);
        }
    }

    fn has(&self, key: &str) -> bool {
        self.effective.contains(&key) || self.known.contains(&key)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.effective.iter().chain(self.known).copied()
    }

    fn unknown(&self, key: &str) -> String {
        if let Some(home) = SECTIONS.iter().find(|table| table.has(key)) {
            return match home.section {
                "" => "unknown here: it belongs at the top of the file".to_owned(),
                section => format!("unknown here: it belongs under `{section}`"),
            };
        }
        match closest(key, self.names()) {
            Some(name) => format!("unknown; did you mean `{name}`?"),
            None => "unknown; it has no effect".to_owned(),
        }
    }
}

/// What a name in `litellm_params` is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParamKind {
    /// Read into a field of its own.
    Typed,
    /// A price of the deployment's.
    Price,
    /// LiteLLM's own; never part of an upstream body.
    NoEffect,
    /// A member of the upstream body.
    Body,
}

pub(super) fn param_kind(key: &str) -> ParamKind {
    if PARAMS.effective.contains(&key) {
        ParamKind::Typed
    } else if PARAMS.known.contains(&key) {
        ParamKind::NoEffect
    } else if is_price(key) {
        ParamKind::Price
    } else {
        ParamKind::Body
    }
}

/// As [`KeyTable::check`], where an unknown name is the provider's business unless it looks misspelt.
pub(super) fn check_params(mapping: &Mapping, path: &str, findings: &mut Findings) {
    let names = || PARAMS.names().chain(BODY.iter().copied());
    for entry in &mapping.entries {
        let key = entry.key.as_str();
        let message = match param_kind(key) {
            ParamKind::NoEffect => NO_EFFECT.to_owned(),
            ParamKind::Body if !BODY.contains(&key) => match closest(key, names()) {
                Some(name) => {
                    format!("unknown, sent to the provider as it is; did you mean `{name}`?")
                }
                None => continue,
            },
            ParamKind::Typed | ParamKind::Price | ParamKind::Body => continue,
        };
        findings.warn(entry.key_mark, &join(path, key), message);
    }
}

/// As [`KeyTable::check`], where an unknown name is a note of the operator's unless it looks misspelt.
pub(super) fn check_model_info(mapping: &Mapping, path: &str, findings: &mut Findings) {
    for entry in &mapping.entries {
        let key = entry.key.as_str();
        if MODEL_INFO.effective.contains(&key)
            || ECHOED.contains(&key)
            || key.starts_with("supports_")
            || is_price(key) && !MODEL_INFO.known.contains(&key)
        {
            continue;
        }
        let message = if MODEL_INFO.known.contains(&key) {
            NO_EFFECT.to_owned()
        } else if let Some(name) = closest(key, MODEL_INFO.names()) {
            format!("unknown, shown as it is; did you mean `{name}`?")
        } else {
            continue;
        };
        findings.warn(entry.key_mark, &join(path, key), message);
    }
}

/// The price map has some 130 of these names, all built alike.
fn is_price(key: &str) -> bool {
    key.contains("cost_per_")
        || key.contains("_token_cost")
        || key.contains("_uplift_multiplier")
        || matches!(
            key,
            "off_peak_pricing"
                | "provider_specific_entry"
                | "tiered_pricing"
                | "web_search_billing_unit"
        )
}
