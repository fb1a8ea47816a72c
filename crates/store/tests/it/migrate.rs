//! Tables are made once, by whoever comes first, and never among somebody else's.

use std::os::unix::fs::PermissionsExt as _;

use lockgate_core::ports::{EntityStore, EntryQuery, Paging, Put, SpendStore};
use lockgate_store::{MigrateError, Migrated};
use lockgate_testkit::Postgres;

use crate::support::{NOW, Open, connect, entry, on_both, put, sqlite, team};

on_both!(
    tables_are_made_once,
    tables_of_a_newer_version_are_left_alone,
);

/// How many steps there are.
const NEWEST: i64 = 5;

async fn tables_are_made_once(open: &Open) {
    put(&open.store, vec![Put::Insert(team("red"))])
        .await
        .unwrap();
    let again = open.store.migrate().await.unwrap();
    assert_eq!(
        again,
        Migrated {
            from: NEWEST,
            to: NEWEST
        }
    );
    open.store.check_tables().await.unwrap();
    assert!(
        open.store
            .entity(&team("red").id())
            .await
            .unwrap()
            .is_some()
    );
}

async fn tables_of_a_newer_version_are_left_alone(open: &Open) {
    let newer = "INSERT INTO lockgate_versions VALUES (99, 'tomorrow', 0)";
    execute(open, newer).await;
    let refused = MigrateError::Newer {
        found: 99,
        known: NEWEST,
    };
    assert_eq!(open.store.migrate().await, Err(refused.clone()));
    assert_eq!(open.store.check_tables().await, Err(refused));
}

/// Does `sql` behind the store's back.
async fn execute(open: &Open, sql: &'static str) {
    match open.url.strip_prefix("sqlite:") {
        Some(_) => {
            let pool = sqlx::SqlitePool::connect(&open.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&pool).await.unwrap();
            pool.close().await;
        }
        None => {
            let database = open.url.rsplit('/').next().unwrap();
            Postgres::shared().psql(database, sql).unwrap();
        }
    }
}

#[tokio::test]
async fn replicas_that_start_together_wait_for_each_other() {
    let url = Postgres::shared().database().unwrap();
    let stores: Vec<_> = (0..4).map(|_| connect(&url)).collect();
    let (a, b, c, d) = tokio::join!(
        stores[0].migrate(),
        stores[1].migrate(),
        stores[2].migrate(),
        stores[3].migrate()
    );
    let mut from: Vec<i64> = [a, b, c, d]
        .into_iter()
        .map(|done| done.unwrap().from)
        .collect();
    from.sort_unstable();
    assert_eq!(from, [0, NEWEST, NEWEST, NEWEST]);
}

#[tokio::test]
async fn an_index_that_was_broken_off_is_made_anew() {
    let url = Postgres::shared().database().unwrap();
    let database = url.rsplit('/').next().unwrap();
    let store = connect(&url);
    store.migrate().await.unwrap();
    let psql = |sql: &str| Postgres::shared().psql(database, sql).unwrap();
    // As a crash between the online step and the note of it leaves them.
    psql("DELETE FROM lockgate_versions WHERE version >= 3");
    psql("ALTER TABLE ledger DROP COLUMN details");
    psql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'entities_by_team'::regclass");
    let older = MigrateError::Older {
        found: 2,
        known: NEWEST,
    };
    assert_eq!(store.check_tables().await, Err(older));
    assert_eq!(
        store.migrate().await.unwrap(),
        Migrated {
            from: 2,
            to: NEWEST
        }
    );
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'entities_by_team'::regclass";
    assert_eq!(psql(valid), "t");
}

#[tokio::test]
async fn the_databases_of_others_are_left_alone() {
    for (table, says) in [
        (
            "CREATE TABLE auth (id int); CREATE TABLE chat (id int)",
            "(auth, chat)",
        ),
        ("CREATE VIEW v AS SELECT 1", "(v)"),
        (
            r#"CREATE TABLE "LiteLLM_VerificationToken" (token text)"#,
            "lockgate import litellm",
        ),
    ] {
        let url = Postgres::shared().database().unwrap();
        let database = url.rsplit('/').next().unwrap();
        Postgres::shared().psql(database, table).unwrap();
        let said = connect(&url).migrate().await.unwrap_err().to_string();
        assert!(said.contains(says), "{said}");
        let count = "SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE 'lockgate%'";
        assert_eq!(Postgres::shared().psql(database, count).unwrap(), "0");
        // A schema of one's own is fine, in a database that is not.
        let own = connect(&format!("{url}?schema=Lock%22gate"));
        own.migrate().await.unwrap();
        put(&own, vec![Put::Insert(team("red"))]).await.unwrap();
        own.check_tables().await.unwrap();
        let count = r#"SELECT COUNT(*) FROM "Lock""gate".entities"#;
        assert_eq!(Postgres::shared().psql(database, count).unwrap(), "1");
    }
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("webui.db").display());
    let pool = sqlx::SqlitePool::connect(&format!("{url}?mode=rwc"))
        .await
        .unwrap();
    sqlx::raw_sql("CREATE TABLE chat (id int)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let said = connect(&url).migrate().await.unwrap_err().to_string();
    assert!(said.contains("(chat)"), "{said}");
    std::fs::write(
        folder.path().join("text"),
        "no database at all, but long enough",
    )
    .unwrap();
    let text = connect(&format!("sqlite:{}", folder.path().join("text").display()));
    assert!(matches!(text.migrate().await, Err(MigrateError::Store(_))));
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let open = sqlite().await;
    put(&open.store, vec![Put::Insert(team("red"))])
        .await
        .unwrap();
    let path = open.url.strip_prefix("sqlite:").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{suffix}"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    open.store.close().await;
    // What was there before keeps its contents.
    let again = connect(&open.url);
    assert!(again.entity(&team("red").id()).await.unwrap().is_some());
}

/// A file of version 3, whose ledger had indexes where marks are now.
#[tokio::test]
async fn a_ledger_without_marks_is_taken_over() {
    let open = sqlite().await;
    let path = open
        .url
        .trim_start_matches("sqlite:")
        .replace("lockgate.db", "old.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    for step in [
        include_str!("../../migrations/sqlite/0001_entities.sql"),
        include_str!("../../migrations/sqlite/0002_spend.sql"),
        include_str!("../../migrations/sqlite/0003_entity_indexes.sql"),
        "CREATE TABLE lockgate_versions (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);
         INSERT INTO lockgate_versions VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0);
         INSERT INTO ledger (id, call_id, started_at, ended_at, dialect, operation, model_group, key_id, status, stream,
            cache_hit, retries, fallbacks, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
            reasoning_tokens, cost, cost_source)
         VALUES ('old', 'old-call', 5, 6, 'openai_chat', 'chat', 'm', 'k', 200, 0, 0, 0, 0, 1, 1, 0, 0, 0, 7, 'computed');",
    ] {
        old.execute_batch(step).unwrap();
    }
    drop(old);
    let store = connect(&format!("sqlite:{path}"));
    assert_eq!(store.migrate().await.unwrap(), Migrated { from: 3, to: 5 });
    let mut new = entry(NOW);
    new.key_id = Some("k".to_owned());
    let id = new.id.clone();
    store.write(&[new].into()).await.unwrap();
    let of_key = EntryQuery {
        key_id: Some("k".to_owned()),
        ..EntryQuery::new(Paging::page(1, 10))
    };
    let of_call = EntryQuery {
        request_id: Some("old-call".to_owned()),
        ..EntryQuery::new(Paging::page(1, 10))
    };
    for (query, expected) in [(of_key, vec![id.as_str(), "old"]), (of_call, vec!["old"])] {
        let page = store.entries(&query).await.unwrap();
        let found: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(found, expected);
    }
}
