//! The audit log from the command line: what was changed in it, or taken out, is found.

use lockgate_testkit::Exited;
use serde_json::{Value, json};

use super::{Database, Site, key, manage, on_each_database};

on_each_database! {
    a_log_that_somebody_touched_is_found
    the_log_is_exported
}

async fn audit(site: &Site, arguments: &[&str]) -> Exited {
    let arguments = [&["audit"], arguments].concat();
    site.builder().run(&arguments).await.unwrap()
}

/// What `lockgate audit verify` says, and with which code it ends.
async fn verdict(site: &Site) -> (i32, String) {
    let exited = audit(site, &["verify"]).await;
    let said = exited.stdout.split_once(": ").map(|(_, said)| said.trim());
    let said = said.unwrap_or_else(|| panic!("{exited:?}")).to_owned();
    (exited.code.unwrap(), said)
}

async fn a_log_that_somebody_touched_is_found(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site.start().await;
    for team in ["one", "two", "three", "four"] {
        manage(&gateway, "/team/new", json!({ "team_id": team })).await;
    }
    let (code, said) = verdict(&site).await;
    assert_eq!((code, &*said), (0, "4 entries, all as they were written"));
    let at = |entry: i32, before: i32| {
        let said = format!(
            "entry {entry} is not as it was written, or was taken out; the {before} before it are \
             as they were"
        );
        (3, said)
    };
    let actor = site.sql("SELECT actor FROM audit WHERE sequence = 3").await;
    site.sql("UPDATE audit SET actor = 'nobody' WHERE sequence = 3")
        .await;
    assert_eq!(verdict(&site).await, at(3, 2));
    let back = format!("UPDATE audit SET actor = '{actor}' WHERE sequence = 3");
    site.sql(&back).await;
    assert_eq!(verdict(&site).await.0, 0);
    // The last one is missed, too.
    site.sql("DELETE FROM audit WHERE sequence = 4").await;
    assert_eq!(verdict(&site).await, at(4, 3));
    site.sql("DELETE FROM audit WHERE sequence = 2").await;
    assert_eq!(verdict(&site).await, at(2, 1));
}

async fn the_log_is_exported(database: Database) {
    let site = Site::new(database, 0.0).await;
    let gateway = site.start().await;
    manage(
        &gateway,
        "/team/new",
        json!({ "team_id": "red", "max_budget": 5.0 }),
    )
    .await;
    let secret = key(&gateway, json!({ "team_id": "red" })).await;
    manage(&gateway, "/team/delete", json!({ "team_ids": ["red"] })).await;
    let exited = audit(&site, &["export"]).await;
    assert_eq!(exited.code, Some(0), "{exited:?}");
    assert!(!exited.stdout.contains(&secret), "{}", exited.stdout);
    let lines: Vec<Value> = exited
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sequences: Vec<&Value> = lines.iter().map(|line| &line["sequence"]).collect();
    let expected: Vec<usize> = (1..=lines.len()).collect();
    assert_eq!(json!(sequences), json!(expected));
    let first = &lines[0];
    let said = (&first["action"], &first["kind"], &first["id"]);
    assert_eq!(said, (&json!("created"), &json!("team"), &json!("red")));
    assert_eq!(first["after"]["max_budget"], 5.0, "{first}");
    let removed = |line: &Value| line["action"] == "deleted" && line["id"] == "red";
    assert!(lines.iter().any(removed), "{lines:?}");
    let later = audit(&site, &["export", "--since", "2999-01-01"]).await;
    assert_eq!((later.code, &*later.stdout), (Some(0), ""));
}

#[tokio::test]
async fn a_log_that_is_not_there_is_an_error_and_not_made() {
    let site = Site::new(Database::Sqlite, 0.0).await;
    let url = format!("sqlite:{}/none.db", site.folder.path().display());
    let exited = audit(&site, &["verify", "--database-url", &url]).await;
    assert_eq!(exited.code, Some(1));
    assert!(exited.stderr.contains("is not there"), "{}", exited.stderr);
    assert!(!site.folder.path().join("none.db").exists());
}
