//! Numbers by kind of failure: retry policies and allowed fails.

use std::collections::BTreeMap;

use super::super::document::join;
use super::super::keys;
use super::super::yaml::Mapping;
use super::super::{AllowedFailsPolicy, RetryPolicy};
use super::fields::Fields;

const IGNORED: &str = "ignored";

pub(super) fn retry(fields: &mut Fields<'_, '_>, name: &str) -> Option<RetryPolicy> {
    let (mapping, path) = fields.child(name)?;
    Some(retry_policy(fields, mapping, &path))
}

pub(super) fn retry_by_group(
    fields: &mut Fields<'_, '_>,
    name: &str,
) -> BTreeMap<String, RetryPolicy> {
    let mut policies = BTreeMap::new();
    let Some((groups, path)) = fields.child(name) else {
        return policies;
    };
    for entry in groups.entries.iter().filter(|entry| !entry.value.is_null()) {
        let path = join(&path, &entry.key);
        match entry.value.as_mapping() {
            Some(mapping) => {
                policies.insert(entry.key.clone(), retry_policy(fields, mapping, &path));
            }
            None => fields.wrong(&entry.value, &path, "a mapping"),
        }
    }
    policies
}

pub(super) fn allowed_fails(fields: &mut Fields<'_, '_>, name: &str) -> Option<AllowedFailsPolicy> {
    let (mapping, path) = fields.child(name)?;
    keys::ALLOWED_FAILS_POLICY.check(mapping, &path, fields.findings);
    let mut inner = Fields::new(mapping, path, fields.findings, IGNORED);
    Some(AllowedFailsPolicy {
        bad_request: inner.small_count("BadRequestErrorAllowedFails"),
        authentication: inner.small_count("AuthenticationErrorAllowedFails"),
        timeout: inner.small_count("TimeoutErrorAllowedFails"),
        rate_limit: inner.small_count("RateLimitErrorAllowedFails"),
        content_policy: inner.small_count("ContentPolicyViolationErrorAllowedFails"),
        internal_server: inner.small_count("InternalServerErrorAllowedFails"),
        service_unavailable: inner.small_count("ServiceUnavailableErrorAllowedFails"),
        bad_gateway: inner.small_count("BadGatewayErrorAllowedFails"),
        not_found: inner.small_count("NotFoundErrorAllowedFails"),
    })
}

fn retry_policy(fields: &mut Fields<'_, '_>, mapping: &Mapping, path: &str) -> RetryPolicy {
    keys::RETRY_POLICY.check(mapping, path, fields.findings);
    let mut inner = Fields::new(mapping, path, fields.findings, IGNORED);
    RetryPolicy {
        bad_request: inner.small_count("BadRequestErrorRetries"),
        authentication: inner.small_count("AuthenticationErrorRetries"),
        timeout: inner.small_count("TimeoutErrorRetries"),
        rate_limit: inner.small_count("RateLimitErrorRetries"),
        content_policy: inner.small_count("ContentPolicyViolationErrorRetries"),
        internal_server: inner.small_count("InternalServerErrorRetries"),
        service_unavailable: inner.small_count("ServiceUnavailableErrorRetries"),
        not_found: inner.small_count("NotFoundErrorRetries"),
        default: inner.small_count("DefaultRetries"),
    }
}
