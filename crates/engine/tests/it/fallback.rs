//! Which list of fallbacks a failed request follows.

use lockgate_core::config::{Fallback, FallbackRule, RouterSettings};
use lockgate_engine::router::fallback::targets;
use lockgate_wire::canonical::ErrorKind;

fn names(names: &[&str]) -> Vec<Fallback> {
    names
        .iter()
        .map(|&name| Fallback::Name(name.to_owned()))
        .collect()
}

fn rule(group: &str, targets: &[&str]) -> FallbackRule {
    FallbackRule {
        group: group.to_owned(),
        targets: names(targets),
    }
}

fn list(router: &RouterSettings, kind: ErrorKind, requested: &[&str], own: &[&str]) -> Vec<String> {
    targets(router, "a", kind, &names(requested), &names(own))
        .iter()
        .map(|target| match target {
            Fallback::Name(name) => name.clone(),
            Fallback::Inline(entry) => entry.model_name.clone(),
        })
        .collect()
}

/// Every list filled.
fn router() -> RouterSettings {
    RouterSettings {
        fallbacks: vec![rule("*", &["any"]), rule("a", &["of-a", "of-a-2"])],
        default_fallbacks: names(&["default"]),
        context_window_fallbacks: vec![rule("a", &["larger"])],
        content_policy_fallbacks: vec![rule("a", &["laxer"])],
        ..RouterSettings::default()
    }
}

#[test]
fn the_nearest_list_that_is_not_empty_decides() {
    let mut router = router();
    let kind = ErrorKind::Internal;
    assert_eq!(list(&router, kind, &["mine"], &["own"]), ["mine"]);
    assert_eq!(list(&router, kind, &[], &["own"]), ["own"]);
    assert_eq!(list(&router, kind, &[], &[]), ["of-a", "of-a-2"]);
    router.fallbacks.pop();
    assert_eq!(list(&router, kind, &[], &[]), ["any"]);
    router.fallbacks.clear();
    assert_eq!(list(&router, kind, &[], &[]), ["default"]);
    router.default_fallbacks.clear();
    assert!(list(&router, kind, &[], &[]).is_empty());
}

#[test]
fn another_group_s_rule_is_not_followed() {
    let router = RouterSettings {
        fallbacks: vec![rule("b", &["of-b"])],
        default_fallbacks: names(&["default"]),
        ..RouterSettings::default()
    };
    assert_eq!(list(&router, ErrorKind::Internal, &[], &[]), ["default"]);
}

#[test]
fn a_rule_without_targets_is_no_rule() {
    let mut router = router();
    router.fallbacks = vec![rule("a", &[])];
    router.context_window_fallbacks = vec![rule("a", &[])];
    assert_eq!(list(&router, ErrorKind::Internal, &[], &[]), ["default"]);
    assert_eq!(
        list(&router, ErrorKind::ContextWindow, &[], &[]),
        ["default"]
    );
}

#[test]
fn the_special_lists_come_before_all_others() {
    let router = router();
    for (kind, expected) in [
        (ErrorKind::ContextWindow, "larger"),
        (ErrorKind::ContentPolicy, "laxer"),
    ] {
        assert_eq!(list(&router, kind, &["mine"], &["own"]), [expected]);
    }
    // And concern nothing else.
    assert_eq!(
        list(&router, ErrorKind::InvalidRequest, &[], &[]),
        ["of-a", "of-a-2"]
    );
}

#[test]
fn without_a_special_list_for_the_group_the_others_hold() {
    let mut router = router();
    router.context_window_fallbacks = vec![rule("b", &["larger-b"])];
    router.content_policy_fallbacks = vec![rule("*", &["laxer-any"])];
    assert_eq!(
        list(&router, ErrorKind::ContextWindow, &["mine"], &[]),
        ["mine"]
    );
    assert_eq!(
        list(&router, ErrorKind::ContentPolicy, &["mine"], &[]),
        ["laxer-any"]
    );
}
