//! A second run, and runs after something changed on either side.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_import::{Counts, ImportError, Mode, Report, Source, import};
use sha2::{Digest as _, Sha256};

use crate::fixture::{SCHEMA, litellm, micros, options, run};
use crate::memory::{Memory, Wax};
use crate::postgres::Postgres;

const REMOVED: Option<fn(&mut Entity)> = None;

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let server = litellm();
    let mut options = options();
    options.since = Some(micros("2026-11-01T00:00:00Z"));
    let (store, wax) = (Memory::default(), Wax::default());
    let first = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let before = (
        store.everything(),
        store.spends(),
        store.ledger(),
        store.audit_log(),
    );
    let second = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!(
        (
            store.everything(),
            store.spends(),
            store.ledger(),
            store.audit_log()
        ),
        before
    );
    assert_eq!(second.problems, first.problems);
    for (first, second) in first.tables.iter().zip(&second.tables) {
        assert_eq!(
            (second.new, second.changed, second.kept),
            (0, 0, 0),
            "{}",
            second.what
        );
        assert_eq!(second.unchanged, first.new, "{}", second.what);
    }
    assert_eq!(
        (second.spend.set, second.spend.unchanged),
        (0, first.spend.set)
    );
    assert_eq!(
        second.logs.map(|logs| (logs.new, logs.unchanged)),
        Some((0, 3))
    );
}

#[tokio::test]
async fn what_changed_here_is_kept_unless_it_is_to_be_overwritten() {
    let server = litellm();
    let mut options = options();
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let team = EntityId::new(EntityKind::Team, "t-1");
    let key = EntityId::new(EntityKind::Key, hash("sk-one"));
    store.administer(
        &team,
        Some(|team: &mut Entity| {
            team.settings.insert("max_budget".to_owned(), 1.into());
            team.updated_at += 1;
        }),
    );
    store.administer(&key, REMOVED);
    let kept = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!(
        (counts(&kept, "teams").kept, counts(&kept, "keys").kept),
        (1, 1)
    );
    assert_eq!(
        store.get(team.kind, "t-1").unwrap().settings["max_budget"],
        1
    );
    assert!(
        store.get(key.kind, &key.id).is_none(),
        "a key that was deleted came back"
    );
    options.overwrite = true;
    let taken = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!(
        (counts(&taken, "teams").changed, counts(&taken, "keys").new),
        (1, 1)
    );
    assert_eq!(
        store.get(team.kind, "t-1").unwrap().settings["max_budget"],
        50.0
    );
    assert!(store.get(key.kind, &key.id).is_some());
}

#[tokio::test]
async fn what_changed_in_litellm_is_taken() {
    let server = litellm();
    let options = options();
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options).await;
    server
        .run(
            "UPDATE \"LiteLLM_TeamTable\" SET max_budget = 51 WHERE team_id = 't-1'; \
             INSERT INTO \"LiteLLM_DeletedVerificationToken\" (id, token, deleted_at) \
             SELECT '9', token, '2026-11-15' FROM \"LiteLLM_VerificationToken\" WHERE key_alias = 'one' \
             AND user_id = 'u-1'; \
             DELETE FROM \"LiteLLM_VerificationToken\" WHERE user_id = 'u-1'",
        );
    let key = hash("sk-one");
    let dry = run(&server, Mode::Dry(Some(store.target(&wax))), &options).await;
    assert_eq!(counts(&dry, "teams").changed, 1);
    assert!(store.get(EntityKind::Key, &key).is_some());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!(counts(&report, "teams").changed, 1);
    assert_eq!(
        store.get(EntityKind::Team, "t-1").unwrap().settings["max_budget"],
        51.0
    );
    // A key that was deleted there must not open this gateway.
    assert!(store.get(EntityKind::Key, &key).is_none());
    assert!(store.get(EntityKind::DeletedKey, &key).is_some());
    assert!(
        report
            .to_string()
            .contains("not in LiteLLM any more, and so removed here, too: 1")
    );
}

#[tokio::test]
async fn a_key_that_was_regenerated_in_litellm_is_replaced() {
    let server = litellm();
    server
        .run("UPDATE \"LiteLLM_VerificationToken\" SET key_alias = 'mine' WHERE user_id = 'u-1' AND team_id = 't-1'");
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    let own = Entity::new(EntityId::new(EntityKind::Key, "f".repeat(64)), 1);
    store.insert(own.clone());
    let changed = EntityId::new(EntityKind::Key, hash("sk-three"));
    store.administer(&changed, Some(|key: &mut Entity| key.updated_at += 1));
    // The row stays, its hash is another; and one that was changed here is gone.
    server.run(
        "UPDATE \"LiteLLM_VerificationToken\" SET token = repeat('e', 64) WHERE user_id = 'u-1' \
             AND team_id = 't-1'; \
             DELETE FROM \"LiteLLM_VerificationToken\" WHERE user_id = 'default_user_id'",
    );
    let dry = run(&server, Mode::Dry(Some(store.target(&wax))), &options()).await;
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    assert_eq!(counts(&dry, "keys"), counts(&report, "keys"));
    assert_eq!(counts(&report, "keys").new, 1, "{report}");
    assert!(store.get(EntityKind::Key, &hash("sk-one")).is_none());
    let name = store
        .get(EntityKind::Key, &"e".repeat(64))
        .unwrap()
        .unique_name;
    assert_eq!(name.as_deref(), Some("mine"));
    // Keys that never came from there are nobody's business, and changed ones are named.
    assert_eq!(store.get(EntityKind::Key, &own.id), Some(own));
    assert!(store.get(EntityKind::Key, &changed.id).is_some());
    assert!(
        report
            .to_string()
            .contains("stay because they were changed here since: 1"),
        "{report}"
    );
}

#[tokio::test]
async fn an_interrupted_run_is_resumed() {
    let server = Postgres::start();
    server.run(SCHEMA);
    // More than two batches of customers.
    server.run(
        "INSERT INTO \"LiteLLM_EndUserTable\" (user_id, spend) \
             SELECT 'c-' || n, n FROM generate_series(1, 1200) n",
    );
    let (store, wax) = (Memory::default(), Wax::default());
    store.go_away_after(Some(1));
    let source = Source::open(&server.url()).await.unwrap();
    let mut seen = Vec::new();
    let mode = Mode::Apply(store.target(&wax));
    let outcome = import(source, mode, &options(), &mut |progress| {
        seen.push(progress);
    })
    .await;
    assert!(matches!(outcome, Err(ImportError::Store(_))), "{outcome:?}");
    assert_eq!(store.everything().len(), 500);
    assert_eq!(
        seen.last().map(|last| (last.what, last.done, last.total)),
        Some(("customers", 500, 1200))
    );
    store.go_away_after(None);
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    let customers = counts(&report, "customers");
    assert_eq!((customers.new, customers.unchanged), (700, 500));
    assert_eq!(store.everything().len(), 1200);
    assert_eq!(store.spends().len(), 1200);
}

#[tokio::test]
async fn one_row_that_the_store_does_not_take_costs_no_other() {
    let server = litellm();
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    // The name of a key here is the name that another gets in LiteLLM.
    let two = hash("sk-two");
    store.administer(
        &EntityId::new(EntityKind::Key, two.as_str()),
        Some(|key: &mut Entity| key.unique_name = Some("three".to_owned())),
    );
    server
        .run(
            "UPDATE \"LiteLLM_VerificationToken\" SET key_alias = 'three' WHERE user_id = 'default_user_id'; \
             UPDATE \"LiteLLM_VerificationToken\" SET max_budget = 11 WHERE user_id = 'u-1'",
        );
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    let keys = counts(&report, "keys");
    assert_eq!(
        (keys.changed, keys.kept, keys.failed),
        (1, 1, 2),
        "{report}"
    );
    let one = store.get(EntityKind::Key, &hash("sk-one")).unwrap();
    assert_eq!(one.settings["max_budget"], 11.0);
}

fn counts(report: &Report, what: &str) -> Counts {
    report
        .tables
        .iter()
        .find(|counts| counts.what == what)
        .unwrap()
        .clone()
}

fn hash(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
