//! Databases that cannot be read.

use lockgate_core::Secret;
use lockgate_import::{Mode, Source, import};

use crate::fixture::{litellm, options};
use crate::postgres::Postgres;

#[tokio::test]
async fn an_error_says_where_and_never_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let gone = format!(
        "postgresql://u:hunter2@localhost/db?host={}",
        folder.path().display()
    );
    for url in [
        gone.as_str(),
        "mysql://u:hunter2@localhost/db",
        "hunter2",
        "postgres://u:hunter2@:x/db",
    ] {
        let error = Source::open(&Secret::new(url)).await.err().unwrap();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn the_source_is_only_read() {
    let server = litellm();
    // A role that may read and do nothing else is enough.
    server
        .run(
            "CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
              REVOKE SELECT ON \"LiteLLM_TagTable\" FROM reader",
        );
    let url = Secret::new(
        server
            .url()
            .expose()
            .replace("postgres:postgres@", "reader:reader@"),
    );
    let source = Source::open(&url).await.unwrap();
    let report = import(source, Mode::Dry(None), &options(), &mut |_| {})
        .await
        .unwrap();
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("LiteLLM_TagTable")),
        "{report}"
    );
    assert!(
        report
            .tables
            .iter()
            .any(|counts| counts.what == "keys" && counts.new == 3)
    );
}

#[tokio::test]
async fn a_database_without_litellm_is_refused() {
    let server = Postgres::start();
    server.run("CREATE TABLE users (id text)");
    let error = Source::open(&server.url()).await.err().unwrap();
    assert!(
        error.to_string().contains("LiteLLM_VerificationToken"),
        "{error}"
    );
}
