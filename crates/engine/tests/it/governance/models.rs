//! Which models a key leads to.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_testkit::MockUpstream;
use serde_json::json;

use super::{KEY, chat, client, config, entity, key, put, told};
use crate::support::on_core;

const GROUPS: [(&str, &str); 3] = [("a", "mock"), ("b", "mock"), ("openai/c", "mock")];

#[test]
fn every_level_may_narrow_the_models() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&config(&mock, &GROUPS, ""), &json!({}));
        let shared = client.engine.shared();
        let (all, only_b) = (json!({}), json!({ "models": ["b"] }));
        for (place, error_type) in [
            ("key", "key_model_access_denied"),
            ("team", "team_model_access_denied"),
            ("member", "team_model_access_denied"),
            ("project", "project_model_access_denied"),
            ("organization", "org_model_access_denied"),
        ] {
            let terms = |at: &str| if at == place { &only_b } else { &all };
            let mut settings = terms("key").clone();
            settings["project_id"] = "p".into();
            let mut own = key(&settings);
            own.team_id = Some("t".to_owned());
            own.user_id = Some("u".to_owned());
            own.organization_id = Some("o".to_owned());
            put(shared, &own);
            put(shared, &entity(EntityKind::Team, "t", terms("team")));
            put(shared, &entity(EntityKind::Project, "p", terms("project")));
            put(
                shared,
                &entity(EntityKind::Organization, "o", terms("organization")),
            );
            let member = EntityId::pair(EntityKind::TeamMember, "t", "u");
            let allowed = json!({ "allowed_models": terms("member").get("models") });
            put(
                shared,
                &entity(EntityKind::TeamMember, &member.id, &allowed),
            );
            // A user's own list is for keys without a team.
            put(
                shared,
                &entity(
                    EntityKind::User,
                    "u",
                    &json!({ "models": ["no-default-models"] }),
                ),
            );
            let refused = client.ask(&chat("a")).await;
            assert_eq!(told(&refused), (403, error_type.to_owned()), "{place}");
            assert_eq!(refused.json()["error"]["param"], "model");
            assert_eq!(client.ask(&chat("b")).await.status, 200, "{place}");
        }
        let mut own = key(&json!({}));
        own.user_id = Some("u".to_owned());
        put(shared, &own);
        let refused = client.ask(&chat("b")).await;
        assert_eq!(told(&refused), (403, "user_model_access_denied".to_owned()));
    });
}

#[test]
fn lists_know_patterns_access_groups_and_the_team_s_models() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut yaml = config(&mock, &GROUPS, "");
        yaml = yaml.replacen("model_info: {", "model_info: {access_groups: [cheap], ", 1);
        let client = client(&yaml, &json!({}));
        let shared = client.engine.shared();
        let names = json!({ "access_model_names": ["b"] });
        put(shared, &entity(EntityKind::AccessGroup, "ops", &names));
        for (models, allowed) in [
            (json!({ "models": ["openai/*"] }), [true, true, true]),
            (json!({ "models": ["openai/c"] }), [false, false, true]),
            (json!({ "models": ["cheap"] }), [true, false, false]),
            (json!({ "models": ["ops"] }), [false, true, false]),
            (
                json!({ "models": ["a"], "access_group_ids": ["ops"] }),
                [true, true, false],
            ),
            (json!({ "models": ["anthropic/*"] }), [false, false, false]),
            (
                json!({ "models": ["all-team-models"] }),
                [false, false, false],
            ),
        ] {
            put(shared, &key(&models));
            for ((group, _), allowed) in GROUPS.iter().zip(allowed) {
                let status = client.ask(&chat(group)).await.status;
                assert_eq!(status == 200, allowed, "{models} {group} {status}");
            }
        }
        let mut own = key(&json!({ "models": ["all-team-models"] }));
        own.team_id = Some("t".to_owned());
        put(shared, &own);
        put(
            shared,
            &entity(EntityKind::Team, "t", &json!({ "models": ["b"] })),
        );
        assert_eq!(client.ask(&chat("b")).await.status, 200);
        assert_eq!(client.ask(&chat("a")).await.status, 403);
    });
}

#[test]
fn an_alias_or_an_id_leads_nowhere_else_than_the_name() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let settings = "router_settings: {model_group_alias: {other: a, same: b}}\n";
        let mut yaml = config(&mock, &GROUPS, settings);
        yaml = yaml.replacen("model_info: {", "model_info: {id: the-id, ", 1);
        let client = client(
            &yaml,
            &json!({ "models": ["b"], "aliases": { "mine": "b" } }),
        );
        for (model, status) in [
            ("other", 403),
            ("the-id", 403),
            ("same", 200),
            ("mine", 200),
        ] {
            assert_eq!(client.ask(&chat(model)).await.status, status, "{model}");
        }
    });
}

#[test]
fn fallbacks_that_the_client_names_are_models_too() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let groups = [("a", "fail-503"), ("b", "mock")];
        let settings = "router_settings: {num_retries: 0}\n";
        let client = client(
            &config(&mock, &groups, settings),
            &json!({ "models": ["a"] }),
        );
        let mut body = chat("a");
        body["fallbacks"] = json!(["b"]);
        let refused = client.ask(&body).await;
        assert_eq!(told(&refused), (403, "key_model_access_denied".to_owned()));
        assert_eq!(mock.request_count(), 0);
        put(
            client.engine.shared(),
            &key(&json!({ "models": ["a", "b"] })),
        );
        assert_eq!(client.ask(&body).await.status, 200);
    });
}

#[test]
fn a_caller_sees_the_models_it_may_call() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(
            &config(&mock, &GROUPS, ""),
            &json!({ "models": ["b", "openai/c"] }),
        );
        let shared = client.engine.shared();
        let snapshot = shared.snapshot.load();
        let (governance, headers) = (&shared.governance, http::HeaderMap::new());
        let caller = governance
            .authenticate(&snapshot, &headers, Some(KEY))
            .await
            .unwrap();
        let listed = snapshot.listed_models().into_iter().map(|(name, _)| name);
        let seen = listed.filter(|name| caller.may_call(&governance.directory, &snapshot, name));
        assert_eq!(seen.collect::<Vec<_>>(), ["b", "openai/c"]);
        assert!(!caller.may_call(&governance.directory, &snapshot, "nowhere"));
    });
}
