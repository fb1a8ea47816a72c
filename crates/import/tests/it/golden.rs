//! What an operator sees, and what is in the store afterwards.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_import::Mode;
use serde_json::{Value, json};

use crate::fixture::{litellm, micros, options, run, shown};
use crate::memory::{Memory, Wax};

#[tokio::test]
async fn a_dry_run_says_everything_and_writes_nothing() {
    let server = litellm();
    let mut options = options();
    options.since = Some(micros("2026-11-01T00:00:00Z"));
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Dry(Some(store.target(&wax))), &options).await;
    insta::assert_snapshot!(shown(&server, &report));
    assert!(store.everything().is_empty() && store.spends().is_empty());
    assert!(store.ledger().is_empty() && store.audit_log().is_empty());
    // Nor does it need a store at all.
    assert_eq!(run(&server, Mode::Dry(None), &options).await, report);
}

#[tokio::test]
async fn everything_is_in_the_store_under_its_name() {
    let server = litellm();
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    let entities: Vec<Value> = store.everything().iter().map(as_json).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&entities).unwrap());
    // Nothing secret is in the audit log or in the report, which also says nothing of keys.
    let log = format!("{:?}", store.audit_log());
    let report = format!(
        "{report:?}{report}{}",
        serde_json::to_string(&report).unwrap()
    );
    for secret in [
        "sk-provider-key",
        "sk-ant-value",
        "lf-secret",
        "sk-plain-text",
        "sk-written",
    ] {
        assert!(!log.contains(secret), "{secret} is in the audit log");
        assert!(!report.contains(secret), "{secret} is in the report");
    }
}

#[tokio::test]
async fn without_keys_what_is_encrypted_is_named() {
    let server = litellm();
    let mut options = options();
    options.keys = lockgate_import::Keychain::default();
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let named: Vec<String> = report
        .problems
        .iter()
        .filter(|problem| problem.message.contains("LITELLM_SALT_KEY"))
        .map(|problem| format!("{} {}: {}", problem.table, problem.id, problem.message))
        .collect();
    insta::assert_snapshot!(named.join("\n"));
    assert!(store.get(EntityKind::Model, "m-plain").is_some());
    assert!(store.get(EntityKind::Model, "m-gcm").is_none());
}

fn as_json(entity: &Entity) -> Value {
    let mut shown = json!({
        "kind": entity.kind.as_str(),
        "id": entity.id,
        "name": entity.unique_name,
        "team_id": entity.team_id,
        "user_id": entity.user_id,
        "organization_id": entity.organization_id,
        "expires_at": entity.expires_at,
        "created": [entity.created_at, entity.created_by],
        "updated": [entity.updated_at, entity.updated_by],
        "settings": entity.settings,
    });
    shown
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    shown
}
