//! Where a failed request goes next (reference section 4.4).

use lockgate_core::config::{Fallback, FallbackRule, RouterSettings};
use lockgate_wire::canonical::ErrorKind;

/// The targets for a request to `group` that failed with `kind`, in order.
///
/// A context-window or content-policy failure goes to the list made for it, when there is one for
/// the group. Otherwise the first of these that is not empty decides: the request's own list, the
/// failed deployment's, the router's for the group (or for `*`), the router's default.
pub fn targets<'a>(
    router: &'a RouterSettings,
    group: &str,
    kind: ErrorKind,
    requested: &'a [Fallback],
    own: &'a [Fallback],
) -> &'a [Fallback] {
    let special = match kind {
        ErrorKind::ContextWindow => rule(&router.context_window_fallbacks, group),
        ErrorKind::ContentPolicy => rule(&router.content_policy_fallbacks, group),
        _ => None,
    };
    if let Some(targets) = special {
        return targets;
    }
    if !requested.is_empty() {
        return requested;
    }
    if !own.is_empty() {
        return own;
    }
    rule(&router.fallbacks, group).unwrap_or(&router.default_fallbacks)
}

fn rule<'a>(rules: &'a [FallbackRule], group: &str) -> Option<&'a [Fallback]> {
    rules
        .iter()
        .find(|rule| rule.group == group)
        .or_else(|| rules.iter().find(|rule| rule.group == "*"))
        .map(|rule| rule.targets.as_slice())
        .filter(|targets| !targets.is_empty())
}
