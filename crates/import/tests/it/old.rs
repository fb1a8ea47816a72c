//! Databases of older versions of LiteLLM, and of none.

use lockgate_core::Secret;
use lockgate_core::entity::EntityKind;
use lockgate_import::{Mode, Source, SourceError};

use crate::fixture::{options, run, shown};
use crate::memory::{Memory, Wax};
use crate::postgres::Postgres;

/// Some of the tables as they were in March 2025, before tags and deleted keys.
const OLD: &str = r#"
CREATE TABLE "LiteLLM_VerificationToken" (
    token text PRIMARY KEY, key_alias text, spend double precision, expires timestamp(3), models text[],
    metadata jsonb, user_id text, team_id text, max_budget double precision, budget_duration text,
    budget_reset_at timestamp(3)
);
CREATE TABLE "LiteLLM_TeamTable" (
    team_id text PRIMARY KEY, team_alias text, members_with_roles jsonb, spend double precision, model_id integer
);
CREATE TABLE "LiteLLM_EndUserTable" (user_id text PRIMARY KEY, spend double precision, budget_id text);
CREATE TABLE "LiteLLM_UserTable" (user_id text PRIMARY KEY, user_email text, from_tomorrow text);
INSERT INTO "LiteLLM_VerificationToken" (token, key_alias, spend, models) VALUES (repeat('a', 64), 'old', 1.5, '{}');
INSERT INTO "LiteLLM_TeamTable" VALUES ('t', 'old', '[]', 0, 3);
INSERT INTO "LiteLLM_EndUserTable" VALUES ('c', 0, 'b');
INSERT INTO "LiteLLM_UserTable" VALUES ('u', 'u@example.com', 'kept');
"#;

#[tokio::test]
async fn what_an_older_database_has_is_copied_and_what_it_lacks_is_named() {
    let server = Postgres::start();
    server.run(OLD);
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    insta::assert_snapshot!(shown(&server, &report));
    let key = store.get(EntityKind::Key, &"a".repeat(64)).unwrap();
    assert_eq!(key.unique_name.as_deref(), Some("old"));
    let user = store.get(EntityKind::User, "u").unwrap();
    assert_eq!(user.settings["from_tomorrow"], "kept");
}

#[tokio::test]
async fn the_schema_of_the_url_is_the_one_that_is_read() {
    let server = Postgres::start();
    server.run(format!(
        "CREATE SCHEMA \"odd one\"; SET search_path = \"odd one\"; {OLD}"
    ));
    let url = server.url();
    assert!(matches!(
        Source::open(&url).await,
        Err(SourceError::NotLitellm(_))
    ));
    let url = Secret::new(format!("{}&schema=odd%20one", url.expose()));
    assert!(Source::open(&url).await.is_ok());
}
