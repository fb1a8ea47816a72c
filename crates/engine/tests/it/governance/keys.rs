//! Which keys open the gateway.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_testkit::MockUpstream;
use serde_json::json;

use super::{KEY, chat, client, config, entity, key, key_id, put, told};
use crate::support::on_core;

const YEAR: i64 = 365 * 86_400 * 1_000_000;

fn micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_micros()).unwrap()
}

#[test]
fn a_key_opens_the_gateway_while_it_is_there_unblocked_and_valid() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&config(&mock, &[("a", "mock")], ""), &json!({}));
        let shared = client.engine.shared();
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        let refused = [
            (json!({ "blocked": true }), None, "auth_error"),
            (json!({ "blocked": "perhaps" }), None, "auth_error"),
            (json!({}), Some(micros() - 1), "expired_key"),
        ];
        for (settings, expires_at, error_type) in refused {
            let mut entity = key(&settings);
            entity.expires_at = expires_at;
            put(shared, &entity);
            let expected = (401, error_type.to_owned());
            assert_eq!(told(&client.ask(&chat("a")).await), expected, "{settings}");
        }
        let mut valid = key(&json!({ "blocked": false }));
        valid.expires_at = Some(micros() + YEAR);
        put(shared, &valid);
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        let id = EntityId::new(EntityKind::Key, key_id(KEY));
        shared.governance.directory.remove(&id);
        let gone = client.ask(&chat("a")).await;
        assert_eq!(told(&gone), (401, "token_not_found_in_db".to_owned()));
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn a_setting_that_cannot_be_read_refuses() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&config(&mock, &[("a", "mock")], ""), &json!({}));
        for settings in [
            json!({ "max_budget": "much" }),
            json!({ "rpm_limit": -1 }),
            json!({ "rpm_limit": 1.5 }),
            json!({ "models": "gpt-5" }),
            json!({ "models": ["gpt-5", 5] }),
            json!({ "allowed_routes": {} }),
            json!({ "budget_duration": "soon", "max_budget": 5 }),
            json!({ "budget_limits": [{ "max_budget": 5, "budget_duration": 7 }] }),
            json!({ "model_max_budget": { "a": { "time_period": "1d" } } }),
            json!({ "metadata": { "model_rpm_limit": { "a": "x" } } }),
        ] {
            put(client.engine.shared(), &key(&settings));
            let answer = client.ask(&chat("a")).await;
            assert_eq!(told(&answer), (403, "auth_error".to_owned()), "{settings}");
        }
        // What a client keeps in its own metadata limits nothing.
        for settings in [
            json!({ "metadata": { "blocked": true, "rpm_limit": "x", "models": 5 } }),
            json!({ "max_budget": null, "rpm_limit": "60", "tpm_limit": 1e6 }),
            json!({ "tags": 5, "guardrails": "x" }),
        ] {
            put(client.engine.shared(), &key(&settings));
            assert_eq!(client.ask(&chat("a")).await.status, 200, "{settings}");
        }
    });
}

#[test]
fn whoever_a_key_belongs_to_must_not_be_blocked_either() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&config(&mock, &[("a", "mock")], ""), &json!({}));
        let shared = client.engine.shared();
        let mut entity_of_all = key(&json!({ "project_id": "p", "tags": ["t"] }));
        entity_of_all.team_id = Some("team".to_owned());
        entity_of_all.user_id = Some("u".to_owned());
        put(shared, &entity_of_all);
        let mut team = entity(EntityKind::Team, "team", &json!({}));
        team.organization_id = Some("o".to_owned());
        put(shared, &team);
        let customer = json!({ "user": "anna" });
        for (kind, id) in [
            (EntityKind::User, "u"),
            (EntityKind::Organization, "o"),
            (EntityKind::Project, "p"),
            (EntityKind::Customer, "anna"),
            (EntityKind::Tag, "t"),
        ] {
            let mut body = chat("a");
            body["user"] = customer["user"].clone();
            assert_eq!(client.ask(&body).await.status, 200, "{kind}");
            put(shared, &entity(kind, id, &json!({ "blocked": true })));
            let answer = client.ask(&body).await;
            assert_eq!(told(&answer), (401, "auth_error".to_owned()), "{kind}");
            shared.governance.directory.remove(&EntityId::new(kind, id));
        }
    });
}

#[test]
fn a_regenerated_key_opens_the_gateway_until_its_grace_ends() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut client = client(
            &config(&mock, &[("a", "mock")], ""),
            &json!({ "rpm_limit": 2 }),
        );
        client.headers = vec![("x-api-key", "sk-old")];
        let settings = json!({ "active_token_id": key_id(KEY) });
        let mut retired = entity(EntityKind::RetiredKey, &key_id("sk-old"), &settings);
        retired.expires_at = Some(micros() + YEAR);
        put(client.engine.shared(), &retired);
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        client.headers = vec![("x-api-key", KEY)];
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        client.headers = vec![("x-api-key", "sk-old")];
        assert_eq!(
            client.ask(&chat("a")).await.status,
            429,
            "the limit is that of the key"
        );
        retired.expires_at = Some(micros() - 1);
        put(client.engine.shared(), &retired);
        assert_eq!(client.ask(&chat("a")).await.status, 401);
    });
}

#[test]
fn keys_are_allowed_routes_by_what_was_matched() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&config(&mock, &[("a", "mock")], ""), &json!({}));
        for (routes, status) in [
            (json!([]), 200),
            (json!(["/chat/completions"]), 200),
            (json!(["/v1/*"]), 200),
            (json!(["llm_api_routes"]), 200),
            (json!(["management_routes"]), 403),
            (json!(["/v1/embeddings", "info_routes"]), 403),
        ] {
            put(
                client.engine.shared(),
                &key(&json!({ "allowed_routes": routes })),
            );
            assert_eq!(client.ask(&chat("a")).await.status, status, "{routes}");
        }
    });
}
