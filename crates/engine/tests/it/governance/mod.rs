//! Virtual keys through the whole pipeline: who is let in, to what, and how much of it.

mod keys;
mod limits;
mod models;
mod money;

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::sha256;
use lockgate_engine::Shared;
use lockgate_testkit::MockUpstream;
use serde_json::{Value, json};

use crate::support::{Answer, Client};

/// The key of most tests.
pub(super) const KEY: &str = "sk-virtual";

/// The id of a key.
pub(super) fn key_id(key: &str) -> String {
    sha256(key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(super) fn entity(kind: EntityKind, id: &str, settings: &Value) -> Entity {
    let mut entity = Entity::new(EntityId::new(kind, id), 0);
    entity.settings = settings.as_object().cloned().unwrap();
    entity
}

/// The entity of `KEY`.
pub(super) fn key(settings: &Value) -> Entity {
    entity(EntityKind::Key, &key_id(KEY), settings)
}

pub(super) fn put(shared: &Shared, entity: &Entity) {
    shared.governance.directory.put(entity);
}

/// What `KEY` spent, and what of that and of requests in flight counts against its budgets.
pub(super) fn spent(shared: &Shared) -> (Nanodollars, Nanodollars) {
    let id = EntityId::new(EntityKind::Key, key_id(KEY));
    let account = shared.governance.directory.account(&id).unwrap();
    (account.spent(), account.committed())
}

/// A group for each name, all alike: a token of output costs a tenth of a cent.
pub(super) fn config(mock: &MockUpstream, groups: &[(&str, &str)], settings: &str) -> String {
    let base = mock.url("/v1");
    let entries: String = groups
        .iter()
        .map(|(group, model)| {
            format!(
                "- model_name: {group}\n  litellm_params: {{model: openai/{model}, \
                 api_base: '{base}', api_key: sk-up}}\n  \
                 model_info: {{output_cost_per_token: 0.001}}\n"
            )
        })
        .collect();
    format!("model_list:\n{entries}\n{settings}")
}

/// A client with `KEY`.
pub(super) fn client(yaml: &str, settings: &Value) -> Client {
    let mut client = Client::new(yaml);
    client.headers = vec![("authorization", "Bearer sk-virtual")];
    put(client.engine.shared(), &key(settings));
    client
}

pub(super) fn chat(model: &str) -> Value {
    json!({
        "model": model, "max_tokens": 10, "messages": [{ "role": "user", "content": "Hi" }],
    })
}

/// Status and error type.
pub(super) fn told(answer: &Answer) -> (u16, String) {
    let error_type = answer.json()["error"]["type"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, error_type)
}
