//! The audit log: what it says, and that nobody can change it unnoticed.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::{AuditDraft, AuditQuery, Change, EntityStore, Paging};
use lockgate_store::{Store, Verdict};
use lockgate_testkit::Postgres;
use serde_json::json;

use crate::support::{NOW, Open, on_both, postgres};

on_both!(the_log_says_what_was_done, an_intact_log_is_found_intact,);

pub(crate) fn everything() -> AuditQuery {
    AuditQuery {
        entity: None,
        kind: None,
        actor: None,
        action: None,
        from: None,
        until: None,
        paging: Paging::page(1, 100),
    }
}

pub(crate) fn draft(id: &str, at: i64) -> AuditDraft {
    AuditDraft {
        at,
        actor: "ann".to_owned(),
        actor_key: Some("sk-admin".to_owned()),
        address: Some("192.0.2.1".to_owned()),
        action: "created".to_owned(),
        entity: EntityId::new(EntityKind::Team, id),
        before: None,
        after: json!({"b": 1, "a": [true]}).as_object().cloned(),
    }
}

async fn write(store: &Store, audit: Vec<AuditDraft>) {
    let change = Change {
        audit,
        ..Change::default()
    };
    store.change(&change).await.unwrap();
}

async fn the_log_says_what_was_done(open: &Open) {
    let store = &open.store;
    let mut other = draft("blue", NOW + 5);
    other.actor = "bob".to_owned();
    other.action = "deleted".to_owned();
    other.entity.kind = EntityKind::Key;
    other.actor_key = None;
    other.address = None;
    (other.before, other.after) = (other.after, None);
    write(store, vec![draft("red", NOW)]).await;
    write(store, vec![draft("red", NOW + 1), other.clone()]).await;

    let all = store.audit(&everything()).await.unwrap();
    assert_eq!(all.total, 3);
    let said: Vec<_> = all
        .rows
        .iter()
        .map(|entry| (entry.sequence, entry.said.clone()))
        .collect();
    assert_eq!(
        said,
        [
            (3, other),
            (2, draft("red", NOW + 1)),
            (1, draft("red", NOW))
        ]
    );
    assert!(all.rows.iter().all(|entry| entry.hash.len() == 64));

    let red = EntityId::new(EntityKind::Team, "red");
    for (query, sequences) in [
        (
            AuditQuery {
                entity: Some(red),
                ..everything()
            },
            &[2, 1][..],
        ),
        (
            AuditQuery {
                kind: Some(EntityKind::Key),
                ..everything()
            },
            &[3],
        ),
        (
            AuditQuery {
                actor: Some("bob".to_owned()),
                ..everything()
            },
            &[3],
        ),
        (
            AuditQuery {
                action: Some("created".to_owned()),
                ..everything()
            },
            &[2, 1],
        ),
        (
            AuditQuery {
                from: Some(NOW + 1),
                until: Some(NOW + 5),
                ..everything()
            },
            &[2],
        ),
    ] {
        let page = store.audit(&query).await.unwrap();
        let found: Vec<i64> = page.rows.iter().map(|entry| entry.sequence).collect();
        assert_eq!(found, sequences, "{query:?}");
        assert_eq!(page.total, sequences.len() as u64, "{query:?}");
    }
    let second = AuditQuery {
        paging: Paging::page(2, 2),
        ..everything()
    };
    let page = store.audit(&second).await.unwrap();
    assert_eq!(
        (page.rows[0].sequence, page.rows.len(), page.total),
        (1, 1, 3)
    );
}

async fn an_intact_log_is_found_intact(open: &Open) {
    let whole = |intact| Verdict {
        intact,
        broken: None,
    };
    assert_eq!(open.store.verify_audit().await.unwrap(), whole(0));
    let mut strange = draft("a\u{0}b", NOW);
    strange.actor = String::new();
    write(&open.store, vec![strange]).await;
    // More than are read at once.
    write(
        &open.store,
        (0..1_200).map(|at| draft("red", NOW + at)).collect(),
    )
    .await;
    assert_eq!(open.store.verify_audit().await.unwrap(), whole(1_201));
}

#[tokio::test]
async fn tampering_is_found_where_it_was_done() {
    for (tampering, intact, broken) in [
        ("UPDATE audit SET actor = 'eve' WHERE sequence = 3", 2, 3),
        ("UPDATE audit SET after = NULL WHERE sequence = 1", 0, 1),
        (
            "UPDATE audit SET said_at = said_at + 1 WHERE sequence = 5",
            4,
            5,
        ),
        ("DELETE FROM audit WHERE sequence = 2", 1, 2),
        ("DELETE FROM audit WHERE sequence = 5", 4, 5),
        ("DELETE FROM audit", 0, 1),
        (
            "UPDATE audit SET action = actor, actor = action WHERE sequence = 4",
            3,
            4,
        ),
    ] {
        let open = postgres().await;
        write(
            &open.store,
            (0..5).map(|at| draft("red", NOW + at)).collect(),
        )
        .await;
        let database = open.url.rsplit('/').next().unwrap();
        Postgres::shared().psql(database, tampering).unwrap();
        let verdict = open.store.verify_audit().await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                intact,
                broken: Some(broken)
            },
            "{tampering}"
        );
    }
}
