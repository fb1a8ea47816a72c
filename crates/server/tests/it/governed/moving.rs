//! Moving in from LiteLLM: its keys go on opening, with what they spent.

use lockgate_testkit::Postgres;
use serde_json::json;

use super::{Database, Site, holder, on_each_database, question, told};
use crate::support::{CHAT, MASTER};

on_each_database! {
    a_key_of_litellm_goes_on_opening
}

const KEY: &str = "sk-litellm-key-of-ours";
/// What LiteLLM keeps of it, in a table that is as small as the import takes it.
const ROWS: &str = r#"
    CREATE TABLE "LiteLLM_VerificationToken" (
        token TEXT PRIMARY KEY, key_alias TEXT, spend DOUBLE PRECISION, max_budget DOUBLE PRECISION,
        models TEXT[], metadata JSONB);
    INSERT INTO "LiteLLM_VerificationToken" VALUES
        ('c1dc27afbb7ec8d00990ad9c92dcd7220fe234e794af42dbc5e3c9bbaddfeb80',
         'ours', 1.25, 10, ARRAY['mock'], '{"for": "it"}');
"#;

async fn a_key_of_litellm_goes_on_opening(database: Database) {
    let site = Site::new(database, 0.0).await;
    let server = Postgres::shared();
    let source = server.database().unwrap();
    let name = source.rsplit('/').next().unwrap();
    server.psql(name, ROWS).unwrap();
    for (apply, code) in [(false, 0), (true, 0), (true, 0)] {
        let mut args = vec!["import", "litellm", "--database-url", &source];
        args.extend(apply.then_some("--apply"));
        let builder = site.builder().env("LITELLM_MASTER_KEY", MASTER);
        let exited = builder.run(&args).await.unwrap();
        assert_eq!(exited.code, Some(code), "{exited:?}");
    }
    let gateway = site.start().await;
    let reply = holder(&gateway, KEY).post(CHAT, &question()).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let info = told(&gateway, KEY).await;
    assert_eq!(
        (
            &info["key_alias"],
            &info["spend"],
            &info["max_budget"],
            &info["models"]
        ),
        (&json!("ours"), &json!(1.25), &json!(10.0), &json!(["mock"]))
    );
}
