//! Entities: what goes in comes out, changes are all or nothing, and replicas hear of them.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{
    Change, EntityQuery, EntityStore, Order, Paging, Put, Sort, StoreError,
};
use lockgate_store::MemoryEntities;
use serde_json::json;

use crate::support::{NOW, key, put, team};

macro_rules! on_all {
    ($($name:ident),* $(,)?) => {
        mod on_memory {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&lockgate_store::MemoryEntities::default()).await;
                }
            )*
        }
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&crate::support::sqlite().await.store).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&crate::support::postgres().await.store).await;
                }
            )*
        }
    };
}

on_all!(
    an_entity_comes_out_as_it_went_in,
    insert_needs_a_free_id_and_a_free_name,
    an_update_loses_against_one_that_was_faster,
    a_change_is_all_or_nothing,
    what_goes_makes_room_for_what_comes,
    queries_find_what_they_ask_for,
    pages_follow_the_order,
    changes_are_told_once_and_in_order,
);

async fn an_entity_comes_out_as_it_went_in(store: &dyn EntityStore) {
    let mut full = key("sk-1", Some("Alias é"), Some("red"));
    full.user_id = Some("user".to_owned());
    full.organization_id = Some("org".to_owned());
    full.expires_at = Some(NOW + 1);
    full.created_by = Some("admin".to_owned());
    full.updated_by = Some("admin".to_owned());
    let settings = json!({"zeta": 1, "alpha": {"b": [1.5, null, "\u{0}x"], "a": true}});
    full.settings = settings.as_object().unwrap().clone();
    let plain = team("red");
    put(
        store,
        vec![Put::Insert(full.clone()), Put::Insert(plain.clone())],
    )
    .await
    .unwrap();

    assert_eq!(store.entity(&full.id()).await.unwrap(), Some(full.clone()));
    let order: Vec<_> = store
        .entity(&full.id())
        .await
        .unwrap()
        .unwrap()
        .settings
        .into_iter()
        .collect();
    assert_eq!(order[0].0, "zeta", "members keep their order");
    let absent = EntityId::new(EntityKind::User, "sk-1");
    assert_eq!(store.entity(&absent).await.unwrap(), None);
    let mut those = store.those(&[plain.id(), absent, full.id()]).await.unwrap();
    those.sort_by_key(Entity::id);
    assert_eq!(those, [full, plain]);
    assert_eq!(store.those(&[]).await.unwrap(), []);
}

async fn insert_needs_a_free_id_and_a_free_name(store: &dyn EntityStore) {
    let first = key("sk-1", Some("alias"), None);
    put(store, vec![Put::Insert(first.clone())]).await.unwrap();
    let again = put(store, vec![Put::Insert(key("sk-1", None, None))]).await;
    assert_eq!(again, Err(StoreError::Exists));
    let named = put(store, vec![Put::Insert(key("sk-2", Some("alias"), None))]).await;
    assert_eq!(named, Err(StoreError::NameTaken));
    let mut of_another_kind = team("red");
    of_another_kind.unique_name = first.unique_name.clone();
    let others = vec![
        Put::Insert(of_another_kind),
        Put::Insert(key("sk-3", None, None)),
    ];
    put(store, others).await.unwrap();
    put(store, vec![Put::Insert(key("sk-4", None, None))])
        .await
        .unwrap();
    let mut renamed = key("sk-4", Some("alias"), None);
    let update = |entity: &Entity| Put::Update {
        entity: entity.clone(),
        read_at: NOW,
    };
    assert_eq!(
        put(store, vec![update(&renamed)]).await,
        Err(StoreError::NameTaken)
    );
    let upserted = put(store, vec![Put::Upsert(renamed.clone())]).await;
    assert_eq!(upserted, Err(StoreError::NameTaken));
    renamed.unique_name = Some("other".to_owned());
    put(store, vec![update(&renamed)]).await.unwrap();
}

async fn an_update_loses_against_one_that_was_faster(store: &dyn EntityStore) {
    put(store, vec![Put::Insert(team("red"))]).await.unwrap();
    let changed = |at: i64, by: &str| {
        let mut changed = team("red");
        changed.updated_at = at;
        changed.updated_by = Some(by.to_owned());
        changed
    };
    let update = |entity, read_at| vec![Put::Update { entity, read_at }];
    put(store, update(changed(NOW + 1, "first"), NOW))
        .await
        .unwrap();
    let late = put(store, update(changed(NOW + 2, "second"), NOW)).await;
    assert_eq!(late, Err(StoreError::Changed));
    let absent = put(store, update(team("blue"), NOW)).await;
    assert_eq!(absent, Err(StoreError::Changed));
    let there = store.entity(&team("red").id()).await.unwrap().unwrap();
    assert_eq!(there.updated_by.as_deref(), Some("first"));
    // Upserts do not look.
    put(store, vec![Put::Upsert(changed(NOW + 3, "third"))])
        .await
        .unwrap();
    let there = store.entity(&team("red").id()).await.unwrap().unwrap();
    assert_eq!(there, changed(NOW + 3, "third"));
}

async fn a_change_is_all_or_nothing(store: &dyn EntityStore) {
    put(
        store,
        vec![Put::Insert(team("red")), Put::Insert(team("blue"))],
    )
    .await
    .unwrap();
    let (_, before) = store.changed_since(-1).await.unwrap();
    let change = Change {
        puts: vec![Put::Insert(team("green")), Put::Insert(team("blue"))],
        removals: vec![team("red").id()],
        audit: vec![crate::audit::draft("team", NOW)],
    };
    assert_eq!(store.change(&change).await, Err(StoreError::Exists));
    assert!(store.entity(&team("red").id()).await.unwrap().is_some());
    assert!(store.entity(&team("green").id()).await.unwrap().is_none());
    assert_eq!(
        store.changed_since(before).await.unwrap(),
        (Vec::new(), before)
    );
    assert_eq!(
        store
            .audit(&crate::audit::everything())
            .await
            .unwrap()
            .total,
        0
    );
}

async fn what_goes_makes_room_for_what_comes(store: &dyn EntityStore) {
    let old = key("sk-old", Some("alias"), None);
    put(store, vec![Put::Insert(old.clone())]).await.unwrap();
    let change = Change {
        puts: vec![Put::Insert(key("sk-new", Some("alias"), None))],
        removals: vec![old.id(), team("never there").id()],
        audit: Vec::new(),
    };
    store.change(&change).await.unwrap();
    assert!(store.entity(&old.id()).await.unwrap().is_none());
    let query = EntityQuery {
        unique_name: Some("alias".to_owned()),
        ..EntityQuery::new(EntityKind::Key)
    };
    assert_eq!(store.entities(&query).await.unwrap().rows[0].id, "sk-new");
}

/// Ids that `query` finds, and how many it says there are.
async fn found(store: &dyn EntityStore, query: EntityQuery) -> (Vec<String>, u64) {
    let page = store.entities(&query).await.unwrap();
    (
        page.rows.into_iter().map(|entity| entity.id).collect(),
        page.total,
    )
}

async fn queries_find_what_they_ask_for(store: &dyn EntityStore) {
    let mut one = key("sk-1", Some("Über_100%"), Some("red"));
    one.user_id = Some("ann".to_owned());
    let mut two = key("sk-2", None, Some("blue"));
    two.organization_id = Some("org".to_owned());
    two.created_by = Some("ann".to_owned());
    let mut three = key("SK-3", Some("c\\d"), None);
    three.user_id = Some("bob".to_owned());
    let puts = [one, two, three].map(Put::Insert);
    put(store, [&puts[..], &[Put::Insert(team("sk-1"))]].concat())
        .await
        .unwrap();

    let all = EntityQuery::new(EntityKind::Key);
    let text = |text: &str| Some(text.to_owned());
    let cases: Vec<(EntityQuery, &[&str])> = vec![
        (all.clone(), &["SK-3", "sk-1", "sk-2"]),
        (
            EntityQuery {
                ids: Some(vec!["sk-2".to_owned(), "x".to_owned()]),
                ..all.clone()
            },
            &["sk-2"],
        ),
        (
            EntityQuery {
                ids: Some(Vec::new()),
                ..all.clone()
            },
            &[],
        ),
        (
            EntityQuery {
                search: text("sk-3"),
                ..all.clone()
            },
            &["SK-3"],
        ),
        (
            EntityQuery {
                search: text("ÜBER_1"),
                ..all.clone()
            },
            &["sk-1"],
        ),
        (
            EntityQuery {
                search: text("r_1"),
                ..all.clone()
            },
            &["sk-1"],
        ),
        (
            EntityQuery {
                search: text("s_-"),
                ..all.clone()
            },
            &[],
        ),
        (
            EntityQuery {
                search: text("0%"),
                ..all.clone()
            },
            &["sk-1"],
        ),
        (
            EntityQuery {
                search: text("C\\D"),
                ..all.clone()
            },
            &["SK-3"],
        ),
        (
            EntityQuery {
                team_id: text("red"),
                ..all.clone()
            },
            &["sk-1"],
        ),
        (
            EntityQuery {
                user_id: text("bob"),
                ..all.clone()
            },
            &["SK-3"],
        ),
        (
            EntityQuery {
                or_teams: vec!["red".to_owned(), "blue".to_owned()],
                ..all.clone()
            },
            &["sk-1", "sk-2"],
        ),
        (
            EntityQuery {
                or_teams: vec!["blue".to_owned()],
                user_id: text("bob"),
                ..all.clone()
            },
            &["SK-3", "sk-2"],
        ),
        (
            EntityQuery {
                organization_id: text("org"),
                ..all.clone()
            },
            &["sk-2"],
        ),
        (
            EntityQuery {
                created_by: text("ann"),
                ..all.clone()
            },
            &["sk-2"],
        ),
        (
            EntityQuery {
                search: text("x' OR '1'='1"),
                ..all.clone()
            },
            &[],
        ),
    ];
    for (query, ids) in cases {
        let (there, total) = found(store, query.clone()).await;
        assert_eq!(there, ids, "{query:?}");
        assert_eq!(total, ids.len() as u64, "{query:?}");
    }
}

async fn pages_follow_the_order(store: &dyn EntityStore) {
    for (id, name, created, expires) in [
        ("a", Some("z"), 3, None),
        ("b", None, 1, Some(9)),
        ("c", Some("y"), 2, Some(8)),
        ("d", Some("x"), 2, None),
    ] {
        let mut entity = key(id, name, None);
        entity.created_at = created;
        entity.updated_at = -created;
        entity.expires_at = expires;
        put(store, vec![Put::Insert(entity)]).await.unwrap();
    }
    for (by, descending, order) in [
        (Sort::Id, false, "abcd"),
        (Sort::Id, true, "dcba"),
        (Sort::Name, false, "bdca"),
        (Sort::Created, false, "bcda"),
        (Sort::Created, true, "acdb"),
        (Sort::Updated, false, "acdb"),
        (Sort::Expires, false, "cbad"),
        (Sort::Expires, true, "adbc"),
        (Sort::Spend, true, "abcd"),
    ] {
        let query = EntityQuery {
            order: Order { by, descending },
            ..EntityQuery::new(EntityKind::Key)
        };
        assert_eq!(
            found(store, query.clone()).await.0.concat(),
            order,
            "{by:?} {descending}"
        );
        let second = EntityQuery {
            paging: Paging::page(2, 3),
            ..query
        };
        assert_eq!(found(store, second).await, (vec![order[3..].to_owned()], 4));
    }
}

async fn changes_are_told_once_and_in_order(store: &dyn EntityStore) {
    let (nothing, start) = store.changed_since(-1).await.unwrap();
    assert_eq!(nothing, []);
    put(
        store,
        vec![Put::Insert(team("red")), Put::Insert(team("blue"))],
    )
    .await
    .unwrap();
    let (mut changed, then) = store.changed_since(start).await.unwrap();
    changed.sort();
    assert_eq!(changed, [team("blue").id(), team("red").id()]);
    put(store, vec![Put::Upsert(team("red"))]).await.unwrap();
    put(store, vec![Put::Upsert(team("red"))]).await.unwrap();
    let (changed, last) = store.changed_since(then).await.unwrap();
    assert_eq!(changed, [team("red").id()]);
    let change = Change {
        removals: vec![team("blue").id()],
        ..Change::default()
    };
    store.change(&change).await.unwrap();
    let (changed, last) = store.changed_since(last).await.unwrap();
    assert_eq!(changed, [team("blue").id()]);
    assert_eq!(store.changed_since(last).await.unwrap(), (Vec::new(), last));
    // Whoever is ahead of the database is told so.
    assert_eq!(
        store.changed_since(last + 5).await.unwrap(),
        (Vec::new(), last)
    );
    let (mut all, _) = store.changed_since(0).await.unwrap();
    all.sort();
    assert_eq!(all, [team("blue").id(), team("red").id()]);
}

#[tokio::test]
async fn the_memory_is_a_store_behind_a_pointer() {
    let store: std::sync::Arc<dyn EntityStore> = std::sync::Arc::new(MemoryEntities::default());
    put(&*store, vec![Put::Insert(team("red"))]).await.unwrap();
    assert!(store.entity(&team("red").id()).await.unwrap().is_some());
}
