//! What an entity's settings say, and what of them cannot be read.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::terms::Terms;
use proptest::prelude::*;
use serde_json::{Value, json};

fn terms(settings: &Value) -> Terms {
    let mut entity = Entity::new(EntityId::new(EntityKind::Key, "k"), 0);
    entity.settings = settings.as_object().cloned().unwrap_or_default();
    Terms::read(&entity)
}

/// Name and amount of each budget.
fn budgets(settings: &Value) -> Vec<(String, String)> {
    let terms = terms(settings);
    assert_eq!(terms.broken(), None, "{settings}");
    let shown = terms.budgets.iter();
    shown
        .map(|budget| (budget.name.to_string(), budget.most.to_string()))
        .collect()
}

#[test]
fn budgets_are_named_by_their_windows() {
    for (settings, expected) in [
        (json!({ "max_budget": 5 }), vec![("", "5.0")]),
        (
            json!({ "max_budget": "0.5", "budget_duration": "30d" }),
            vec![("30d", "0.5")],
        ),
        // A duration alone is no budget.
        (json!({ "budget_duration": "30d" }), vec![]),
        (
            json!({ "max_budget": 9, "budget_duration": "1d", "budget_limits": [
                { "budget_duration": "1h", "max_budget": 2 },
                { "budget_duration": "1d", "max_budget": 7 },
            ]}),
            vec![("1d", "7.0"), ("1h", "2.0")],
        ),
        (
            json!({ "model_max_budget": {
                "a": { "budget_limit": 1, "time_period": "1d" },
                "b": { "max_budget": 2, "budget_duration": "7d" },
                "c": 3,
                "d": null,
            }}),
            vec![("a/1d", "1.0"), ("b/7d", "2.0"), ("c/", "3.0")],
        ),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, most)| (name.to_owned(), most.to_owned()))
            .collect();
        assert_eq!(budgets(&settings), expected, "{settings}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_refuses_where_it_would_limit() {
    for (settings, field) in [
        (json!({ "max_budget": [] }), Some("max_budget")),
        (json!({ "max_budget": "NaN" }), Some("max_budget")),
        (json!({ "tpd_limit": true }), Some("tpd_limit")),
        (json!({ "rpm_limit": "-5" }), Some("rpm_limit")),
        (json!({ "allowed_models": "a" }), Some("allowed_models")),
        (json!({ "model_tpm_limit": 5 }), Some("model_tpm_limit")),
        (
            json!({ "model_rpm_limit": { "a": [] } }),
            Some("model_rpm_limit.a"),
        ),
        (
            json!({ "model_max_budget": { "a": { "max_budget": {} } } }),
            Some("model_max_budget.a"),
        ),
        (
            json!({ "temp_budget_increase": 5, "temp_budget_expiry": "soon" }),
            Some("temp_budget_expiry"),
        ),
        (json!({ "soft_budget": "low" }), Some("soft_budget")),
        (json!({ "tags": "prod", "aliases": [] }), None),
        (
            json!({ "rpm_limit": null, "models": null, "blocked": null }),
            None,
        ),
    ] {
        let terms = terms(&settings);
        let broken = terms.broken().map(|unreadable| &*unreadable.field);
        assert_eq!(broken, field, "{settings}");
    }
    let rare = terms(&json!({ "tags": "prod", "aliases": [] }))
        .rare
        .unwrap();
    let named: Vec<&str> = rare
        .unreadable
        .iter()
        .map(|unreadable| &*unreadable.field)
        .collect();
    assert_eq!(named, ["aliases", "tags"]);
}

#[test]
fn a_budget_fills_what_an_entity_leaves_open() {
    let own = terms(&json!({ "rpm_limit": 5, "max_budget": 1 }));
    let budget = terms(&json!({
        "rpm_limit": 9, "tpm_limit": 90, "max_budget": 7, "budget_duration": "1d",
        "soft_budget": 3, "model_max_budget": { "a": 2 },
    }));
    let whole = own.completed(&budget);
    assert_eq!(
        (whole.limits.requests, whole.limits.tokens),
        (Some(5), Some(90))
    );
    let names: Vec<&str> = whole.budgets.iter().map(|budget| &*budget.name).collect();
    assert_eq!(names, ["", "a/"]);
    assert!(whole.rare.unwrap().soft_budget.is_some());
    // What is broken in a budget is broken for all who refer to it.
    let broken = terms(&json!({ "max_budget": "x" }));
    assert!(own.completed(&broken).broken().is_some());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9.*/-]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a limit is set to, it is a limit, is none because it is null, or refuses.
    #[test]
    fn a_limit_that_is_set_is_never_ignored(value in any_value()) {
        let is_null = value.is_null();
        let found = terms(&json!({ "rpm_limit": value }));
        let limited = found.limits.requests.is_some();
        prop_assert!(limited != found.broken().is_some() || is_null && !limited);
        let found = terms(&json!({ "max_budget": value }));
        let limited = !found.budgets.is_empty();
        prop_assert!(limited != found.broken().is_some() || is_null && !limited);
        let found = terms(&json!({ "models": value }));
        let open = found.models.is_open() && found.broken().is_none();
        let says_all = value.as_array().is_some_and(|list| list.is_empty() || list.contains(&json!("*")));
        prop_assert!(!open || is_null || says_all);
    }
}
