//! Spend and rollups: what requests add to them, once.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, Dimension, EntityQuery, EntityStore, Order, Put, Sort, SpendStore,
    StoreError, Totals, Written,
};

use crate::support::{DAY, NOW, Open, TODAY, all_spend, charge, entry, key, on_both, put, told};

on_both!(
    what_is_written_twice_is_counted_once,
    spend_is_kept_by_window,
    spend_is_read_in_pages,
    spend_that_is_set_is_told_to_the_others,
    entities_are_ordered_by_what_they_spent,
    activity_is_summed_by_what_is_asked_for,
    activity_of_those_without_a_charge,
    hours_are_kept_for_all_together,
    names_that_are_too_long_stay_apart,
    old_windows_hours_and_changes_go,
);

async fn what_is_written_twice_is_counted_once(open: &Open) {
    let store = &open.store;
    let entries: std::sync::Arc<[LedgerEntry]> = (0..2_500).map(|at| entry(NOW + at)).collect();
    assert_eq!(
        store.write(&entries[..1_200].into()).await.unwrap(),
        Written { new: 1_200 }
    );
    assert_eq!(store.write(&entries).await.unwrap(), Written { new: 1_300 });
    assert_eq!(
        store.write(&entries[7..9].into()).await.unwrap(),
        Written { new: 0 }
    );
    let doubled = [entry(NOW), entry(NOW)];
    let doubled = [&doubled[0], &doubled[0], &doubled[1]].map(Clone::clone);
    assert_eq!(
        store.write(&doubled.into()).await.unwrap(),
        Written { new: 2 }
    );
    assert_eq!(store.write(&[].into()).await.unwrap(), Written { new: 0 });
    let amount = 2_502 * 1_000_000;
    let row = |kind: &str, id: &str, window: &str| {
        (kind.to_owned(), id.to_owned(), window.to_owned(), amount)
    };
    assert_eq!(
        all_spend(store).await,
        [
            row("key", "sk", ""),
            row("team", "red", ""),
            row("team", "red", "1d@1795392000")
        ]
    );
    let all = store.activity(&query(None, &[])).await.unwrap();
    assert_eq!(all[0].totals.requests, 2_502);
}

async fn spend_is_kept_by_window(open: &Open) {
    let mut one = entry(NOW);
    one.charges = vec![charge(
        EntityKind::Key,
        "sk",
        &[("1d", 100), ("gpt-5/30d", 50)],
    )];
    let mut two = entry(NOW);
    two.charges = vec![charge(EntityKind::Key, "sk", &[("1d", 200)])];
    open.store.write(&[one, two].into()).await.unwrap();
    let sk = EntityId::new(EntityKind::Key, "sk");
    let other = EntityId::new(EntityKind::Key, "other");
    let mut spend: Vec<_> = open
        .store
        .spend(&[other, sk])
        .await
        .unwrap()
        .into_iter()
        .map(told)
        .collect();
    spend.sort();
    let spend: Vec<(&str, i64)> = spend
        .iter()
        .map(|(_, _, window, amount)| (window.as_str(), *amount))
        .collect();
    let expected = [
        ("", 2_000_000),
        ("1d@100", 1_000_000),
        ("1d@200", 1_000_000),
        ("gpt-5/30d@50", 1_000_000),
    ];
    assert_eq!(spend, expected);
    assert_eq!(open.store.spend(&[]).await.unwrap(), []);
}

async fn spend_is_read_in_pages(open: &Open) {
    let mut one = entry(NOW);
    one.charges = ["b", "a", "c"]
        .map(|id| charge(EntityKind::Team, id, &[("1d", 7)]))
        .into();
    open.store.write(&[one].into()).await.unwrap();
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = open.store.all_spend(after.as_ref(), 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(
            page.into_iter()
                .map(|spend| format!("{}{}", spend.of.id, spend.window)),
        );
    }
    assert_eq!(seen, ["a", "a1d", "b", "b1d", "c", "c1d"]);
}

async fn spend_that_is_set_is_told_to_the_others(open: &Open) {
    open.store.write(&[entry(NOW)].into()).await.unwrap();
    let team = EntityId::new(EntityKind::Team, "red");
    let (_, before) = open.store.changed_since(-1).await.unwrap();
    open.store
        .set_spend(&team, Nanodollars::new(5))
        .await
        .unwrap();
    let new = EntityId::new(EntityKind::User, "new");
    open.store
        .set_spend(&new, Nanodollars::new(7))
        .await
        .unwrap();
    let mut spend: Vec<_> = open
        .store
        .spend(&[team.clone(), new.clone()])
        .await
        .unwrap();
    spend.retain(|spend| spend.window.is_empty());
    let mut amounts: Vec<i64> = spend.iter().map(|spend| spend.amount.get()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [5, 7]);
    let (mut changed, _) = open.store.changed_since(before).await.unwrap();
    changed.sort();
    assert_eq!(changed, [new, team]);
}

async fn entities_are_ordered_by_what_they_spent(open: &Open) {
    for id in ["a", "b", "c"] {
        put(&open.store, vec![Put::Insert(key(id, None, None))])
            .await
            .unwrap();
    }
    for (id, amount) in [("b", 9), ("c", 4)] {
        let id = EntityId::new(EntityKind::Key, id);
        open.store
            .set_spend(&id, Nanodollars::new(amount))
            .await
            .unwrap();
    }
    let query = EntityQuery {
        order: Order {
            by: Sort::Spend,
            descending: true,
        },
        ..EntityQuery::new(EntityKind::Key)
    };
    let page = open.store.entities(&query).await.unwrap();
    let ids: Vec<&str> = page.rows.iter().map(|entity| entity.id.as_str()).collect();
    assert_eq!(ids, ["b", "c", "a"]);
}

fn query(of: Option<EntityKind>, by: &[Dimension]) -> ActivityQuery {
    ActivityQuery {
        of,
        ids: None,
        key_id: None,
        model_group: None,
        from: TODAY - 30,
        until: TODAY + 1,
        by: by.to_vec(),
    }
}

/// Rows as `day hour entity key group model provider operation: requests`.
fn rows(found: &[Activity]) -> Vec<String> {
    let row = |row: &Activity| {
        let number = |number: Option<i32>| number.map(|number| number.to_string());
        let parts = [
            number(row.day.map(|day| day - TODAY)),
            number(row.hour.map(|hour| hour - TODAY * 24)),
            row.entity_id.clone(),
            row.key_id.clone(),
            row.model_group.clone(),
            row.model.clone(),
            row.provider.clone(),
            row.operation.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", parts.join(" "), row.totals.requests)
    };
    found.iter().map(row).collect()
}

async fn activity_is_summed_by_what_is_asked_for(open: &Open) {
    let mut blue = entry(NOW - DAY);
    blue.key_id = Some("sk-2".to_owned());
    blue.team_id = Some("blue".to_owned());
    blue.model_group = "claude".to_owned();
    blue.status = 500;
    blue.charges = vec![
        charge(EntityKind::Key, "sk-2", &[]),
        charge(EntityKind::Team, "blue", &[]),
    ];
    let mut keyless = entry(NOW);
    (keyless.key_id, keyless.team_id, keyless.charges) = (None, None, Vec::new());
    let old = entry(NOW - 31 * DAY);
    let store = &open.store;
    store
        .write(&[entry(NOW), entry(NOW + 1), blue, keyless, old].into())
        .await
        .unwrap();

    let totals = store.activity(&query(None, &[])).await.unwrap();
    let expected = Totals {
        cost: Nanodollars::new(4_000_000),
        requests: 4,
        failed: 1,
        input: 400,
        output: 80,
        cache_read: 160,
        cache_write: 40,
        milliseconds: 6_000,
    };
    assert_eq!(
        totals.iter().map(|row| row.totals).collect::<Vec<_>>(),
        [expected]
    );

    use Dimension::{Day, Entity, Key, Model, ModelGroup, Operation, Provider};
    let (key, team) = (Some(EntityKind::Key), Some(EntityKind::Team));
    let cases: Vec<(ActivityQuery, &[&str])> = vec![
        (query(None, &[Day]), &["-1: 1", "0: 3"]),
        (
            query(None, &[ModelGroup, Day]),
            &["-1 claude: 1", "0 gpt: 3"],
        ),
        (
            query(None, &[Model, Provider, Operation]),
            &["gpt-5 openai chat: 4"],
        ),
        (query(None, &[Key]), &[": 1", "sk: 2", "sk-2: 1"]),
        (query(key, &[Entity]), &["sk: 2", "sk-2: 1"]),
        (query(key, &[Key]), &["sk: 2", "sk-2: 1"]),
        (query(team, &[Entity]), &["blue: 1", "red: 2"]),
        (query(team, &[Entity, Key]), &["blue sk-2: 1", "red sk: 2"]),
        (
            ActivityQuery {
                ids: Some(vec!["red".to_owned()]),
                ..query(team, &[Day])
            },
            &["0: 2"],
        ),
        (
            ActivityQuery {
                ids: Some(Vec::new()),
                ..query(team, &[Day])
            },
            &[],
        ),
        (
            ActivityQuery {
                key_id: Some("sk".to_owned()),
                ..query(None, &[Day])
            },
            &["0: 2"],
        ),
        (
            ActivityQuery {
                key_id: Some("sk".to_owned()),
                ..query(team, &[Day])
            },
            &["0: 2"],
        ),
        (
            ActivityQuery {
                key_id: Some("sk".to_owned()),
                ..query(key, &[Day])
            },
            &["0: 2"],
        ),
        (
            ActivityQuery {
                model_group: Some("claude".to_owned()),
                ..query(None, &[])
            },
            &[": 1"],
        ),
        (
            ActivityQuery {
                until: TODAY,
                ..query(None, &[])
            },
            &[": 1"],
        ),
        (
            ActivityQuery {
                from: TODAY + 1,
                ..query(None, &[])
            },
            &[],
        ),
    ];
    for (query, expected) in cases {
        let found = store.activity(&query).await.unwrap();
        assert_eq!(rows(&found), expected, "{query:?}");
    }
}

async fn activity_of_those_without_a_charge(open: &Open) {
    let mut named = entry(NOW);
    named.user_id = Some("ann".to_owned());
    named.organization_id = Some("org".to_owned());
    named.customer_id = Some("end".to_owned());
    named.project_id = Some("project".to_owned());
    named.tags = vec!["x".to_owned(), "y".to_owned(), "x".to_owned()];
    named.charges = vec![charge(EntityKind::TeamMember, "red\u{1f}ann", &[])];
    open.store.write(&[named].into()).await.unwrap();
    for (kind, ids) in [
        (EntityKind::User, &["ann: 1"][..]),
        (EntityKind::Organization, &["org: 1"]),
        (EntityKind::Customer, &["end: 1"]),
        (EntityKind::Project, &["project: 1"]),
        (EntityKind::Tag, &["x: 1", "y: 1"]),
        (EntityKind::TeamMember, &["red\u{1f}ann: 1"]),
        (EntityKind::Budget, &[]),
    ] {
        let found = open
            .store
            .activity(&query(Some(kind), &[Dimension::Entity]))
            .await
            .unwrap();
        assert_eq!(rows(&found), ids, "{kind}");
    }
}

async fn hours_are_kept_for_all_together(open: &Open) {
    let hour = DAY / 24;
    open.store
        .write(&[entry(NOW), entry(NOW + 1), entry(NOW - hour)].into())
        .await
        .unwrap();
    let found = open
        .store
        .activity(&query(None, &[Dimension::Hour]))
        .await
        .unwrap();
    assert_eq!(rows(&found), ["9: 1", "10: 2"]);
    let by = [Dimension::Day, Dimension::Hour, Dimension::ModelGroup];
    let found = open.store.activity(&query(None, &by)).await.unwrap();
    assert_eq!(rows(&found), ["0 9 gpt: 1", "0 10 gpt: 2"]);
    let by_team = query(Some(EntityKind::Team), &[Dimension::Hour]);
    let refused = open.store.activity(&by_team).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
}

async fn names_that_are_too_long_stay_apart(open: &Open) {
    let long = "é".repeat(4_000);
    let one = |customer: String| {
        let mut one = entry(NOW);
        one.charges = vec![charge(EntityKind::Customer, &customer, &[])];
        one.session_id = Some(customer.clone());
        one.customer_id = Some(customer);
        one
    };
    let (a, b) = (one(format!("{long}a")), one(format!("{long}b\u{0}")));
    open.store
        .write(&[a.clone(), b.clone()].into())
        .await
        .unwrap();
    for entry in [a, b] {
        let id = entry.customer_id.unwrap();
        let of = [EntityId::new(EntityKind::Customer, id.as_str())];
        let spend = open.store.spend(&of).await.unwrap();
        assert_eq!(spend.len(), 1);
        assert_eq!(spend[0].amount.get(), 1_000_000);
        let only = ActivityQuery {
            ids: Some(vec![id]),
            ..query(Some(EntityKind::Customer), &[])
        };
        assert_eq!(rows(&open.store.activity(&only).await.unwrap()), [": 1"]);
    }
}

async fn old_windows_hours_and_changes_go(open: &Open) {
    let store = &open.store;
    let now = NOW / 1_000_000;
    let day = 86_400;
    let mut old = entry(NOW - 100 * DAY);
    old.charges = vec![charge(
        EntityKind::Key,
        "sk",
        &[
            ("1d", now - 3 * day),
            ("1d", now - day),
            ("gpt/30d", now - 59 * day),
            ("gpt/30d", now - 61 * day),
            ("odd", 1),
        ],
    )];
    store.write(&[old, entry(NOW)].into()).await.unwrap();
    put(store, vec![Put::Insert(key("sk", None, None))])
        .await
        .unwrap();
    let first = store.maintain(NOW).await.unwrap();
    assert_eq!((first.windows, first.hours), (2, 1));
    assert_eq!(store.maintain(NOW).await.unwrap().windows, 0);
    let sk = EntityId::new(EntityKind::Key, "sk");
    let mut left: Vec<i64> = store
        .spend(&[sk])
        .await
        .unwrap()
        .iter()
        .map(|spend| spend.start)
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, now - 59 * day, now - day]);
    // The database's own clock says when something was changed.
    let far = 40_000 * DAY;
    assert_eq!(store.maintain(far).await.unwrap().changes, 1);
    assert_eq!(store.changed_since(0).await.unwrap().0, []);
}
