//! What is written down of requests, read out of the journal's files.

mod killed;
mod kinds;
mod places;

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_testkit::{Client, Gateway};
use serde_json::Value;

use crate::support::{SOON, eventually};

/// All entries in `folder`. A last line that is not complete is none.
fn entries_in(folder: &Path) -> Vec<Value> {
    let mut entries = Vec::new();
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "journal")
        {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        entries.extend(lines.map(|line| serde_json::from_str::<Value>(&line[9..]).unwrap()));
    }
    entries
}

fn entries(gateway: &Gateway) -> Vec<Value> {
    entries_in(&gateway.data_dir().join("journal"))
}

/// How many entries there are of each call id.
fn by_call(entries: &[Value]) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for entry in entries {
        *calls
            .entry(entry["call_id"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    calls
}

/// A client whose requests have this call id.
fn calling(client: Client, id: &str) -> Client {
    client.header("x-litellm-call-id", id)
}

/// Waits for the only entry of a call.
async fn entry_of(gateway: &Gateway, id: &str) -> Value {
    let found = || {
        let mut entries = entries(gateway);
        entries.retain(|entry| entry["call_id"] == id);
        entries
    };
    eventually("the request is written down", || async {
        !found().is_empty()
    })
    .await;
    let mut found = found();
    assert_eq!(found.len(), 1, "{found:?} within {SOON:?}");
    found.remove(0)
}
