//! How often a key may ask.

use lockgate_core::entity::EntityKind;
use lockgate_testkit::MockUpstream;
use serde_json::json;

use super::{chat, client, config, entity, key, put, told};
use crate::support::on_core;

#[test]
fn a_limit_is_told_while_it_lasts_and_when_it_is_used_up() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let terms = json!({ "rpm_limit": 2, "tpm_limit": 1000, "max_parallel_requests": 5 });
        let client = client(&config(&mock, &[("a", "mock")], ""), &terms);
        for left in ["1", "0"] {
            let answer = client.ask(&chat("a")).await;
            assert_eq!(answer.status, 200);
            assert_eq!(
                answer.header("x-ratelimit-api_key-remaining-requests"),
                left
            );
            assert_eq!(answer.header("x-ratelimit-api_key-limit-requests"), "2");
            assert_eq!(answer.header("x-ratelimit-api_key-limit-tokens"), "1000");
            assert_eq!(answer.header("x-litellm-key-rpm-limit"), "2");
        }
        let refused = client.ask(&chat("a")).await;
        assert_eq!(refused.status, 429);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.header("rate_limit_type"), "requests");
        assert!(refused.header("reset_at").ends_with(":00Z"));
        let message = refused.json()["error"]["message"].to_string();
        assert!(message.contains("2 requests per minute"), "{message}");
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn limits_of_all_levels_hold_and_those_of_models_and_tags() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let groups = [("a", "mock"), ("b", "mock")];
        let client = client(&config(&mock, &groups, ""), &json!({}));
        let shared = client.engine.shared();
        let one = json!({ "rpm_limit": 1 });
        for (kind, id) in [
            (EntityKind::Team, "t"),
            (EntityKind::User, "u"),
            (EntityKind::Organization, "o"),
            (EntityKind::Customer, "anna"),
            (EntityKind::Tag, "prod"),
        ] {
            let mut own = key(&json!({ "tags": ["prod"] }));
            own.team_id = Some("t".to_owned());
            own.user_id = Some("u".to_owned());
            own.organization_id = Some("o".to_owned());
            put(shared, &own);
            put(shared, &entity(kind, id, &one));
            let mut body = chat("a");
            body["user"] = "anna".into();
            assert_eq!(client.ask(&body).await.status, 200, "{kind}");
            let refused = client.ask(&body).await;
            assert_eq!(refused.status, 429, "{kind}");
            put(shared, &entity(kind, id, &json!({})));
        }
        put(
            shared,
            &key(&json!({ "model_rpm_limit": { "a": 1 }, "tag_rpm_limit": { "x": 1 } })),
        );
        let answer = client.ask(&chat("a")).await;
        assert_eq!(answer.header("x-litellm-key-remaining-requests-a"), "0");
        assert_eq!(client.ask(&chat("a")).await.status, 429);
        let mut tagged = chat("b");
        tagged["metadata"] = json!({ "tags": ["x"] });
        assert_eq!(client.ask(&tagged).await.status, 200);
        assert_eq!(client.ask(&tagged).await.status, 429);
        assert_eq!(client.ask(&chat("b")).await.status, 200);
    });
}

#[test]
fn tokens_are_reserved_by_estimate_and_counted_by_what_was_used() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(
            &config(&mock, &[("a", "mock")], ""),
            &json!({ "tpm_limit": 600 }),
        );
        let mut body = chat("a");
        body["max_tokens"] = 500.into();
        // Each is expected to take 500 and more, and takes a few.
        for _ in 0..3 {
            assert_eq!(client.ask(&body).await.status, 200);
        }
    });
}

#[test]
fn a_request_in_flight_is_counted_until_its_client_leaves() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let terms = json!({ "max_parallel_requests": 1 });
        let client = client(&config(&mock, &[("a", "mock-50c-d20ms")], ""), &terms);
        let mut body = chat("a");
        body["stream"] = true.into();
        let streamed = client.send(&body).await;
        assert_eq!(streamed.status(), 200);
        let refused = client.ask(&chat("a")).await;
        assert_eq!(told(&refused).0, 429);
        assert_eq!(refused.header("rate_limit_type"), "max_parallel_requests");
        drop(streamed);
        assert_eq!(client.ask(&chat("a")).await.status, 200);
    });
}
