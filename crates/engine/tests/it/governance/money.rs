//! What a key may spend.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;
use lockgate_engine::Engine;
use lockgate_testkit::MockUpstream;
use serde_json::json;

use super::{chat, client, config, entity, key, put, spent, told};
use crate::support::{Client, on_core, upstream};

/// An answer of the mock has three tokens, each for a tenth of a cent.
const ANSWER: Nanodollars = Nanodollars::new(3_000_000);
/// It may have ten.
const WORST: Nanodollars = Nanodollars::new(10_000_000);

#[test]
fn an_answer_is_charged_and_a_request_that_does_not_fit_is_told_why() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let terms = json!({ "max_budget": 0.014 });
        let client = client(&config(&mock, &[("a", "mock")], ""), &terms);
        let shared = client.engine.shared();
        let answer = client.ask(&chat("a")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-litellm-key-spend"), "0.003");
        assert_eq!(answer.header("x-litellm-key-max-budget"), "0.014");
        assert_eq!(spent(shared), (ANSWER, ANSWER));
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        let refused = client.ask(&chat("a")).await;
        assert_eq!(told(&refused), (422, "budget_exceeded".to_owned()));
        let message = refused.json()["error"]["message"].to_string();
        for fact in [
            "$0.014",
            "$0.008 is left",
            "up to $0.01",
            "smaller max_tokens",
        ] {
            assert!(message.contains(fact), "{message}");
        }
        let mut shorter = chat("a");
        shorter["max_tokens"] = 8.into();
        assert_eq!(client.ask(&shorter).await.status, 200);
        assert_eq!(mock.request_count(), 3);
    });
}

#[test]
fn whatever_ends_a_request_leaves_nothing_reserved() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let groups = [
            ("whole", "mock"),
            ("refused", "fail-400"),
            ("down", "fail-503"),
            ("cut", "cut-stream"),
            ("slow", "mock-50c-d20ms"),
        ];
        let settings = "router_settings: {num_retries: 0}\n";
        let client = client(
            &config(&mock, &groups, settings),
            &json!({ "max_budget": 1 }),
        );
        let shared = client.engine.shared();
        for (group, stream) in [
            ("whole", false),
            ("whole", true),
            ("refused", false),
            ("down", true),
            ("cut", true),
        ] {
            let mut body = chat(group);
            body["stream"] = stream.into();
            client.ask(&body).await;
            let (spent, committed) = spent(shared);
            assert_eq!(spent, committed, "{group}");
        }
        // Two whole answers; the one that was cut off is charged by estimate.
        let before = spent(shared).0;
        assert!(
            before > ANSWER + ANSWER && before < ANSWER + ANSWER + WORST,
            "{before}"
        );
        let mut body = chat("slow");
        body["stream"] = true.into();
        let streamed = client.send(&body).await;
        assert_eq!(spent(shared), (before, before + WORST));
        drop(streamed);
        let (after, committed) = spent(shared);
        assert_eq!(after, committed);
        assert!(
            after > before,
            "a client that leaves pays for what it was given"
        );
    });
}

#[test]
fn a_thousand_requests_at_once_overshoot_by_nothing() {
    const THREADS: usize = 8;
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(
            &config(&mock, &[("a", "mock")], ""),
            &json!({ "max_budget": 0.1 }),
        );
        let shared = client.engine.shared().clone();
        let served = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                let (shared, served) = (&shared, &served);
                let (headers, endpoint) = (client.headers.clone(), client.endpoint.clone());
                scope.spawn(move || {
                    on_core(async {
                        let engine = Engine::new(shared.clone(), upstream());
                        let client = Client {
                            engine,
                            headers,
                            endpoint,
                        };
                        let body = chat("a");
                        let asks = (0..1000 / THREADS).map(|_| client.ask(&body));
                        for answer in futures_util::future::join_all(asks).await {
                            assert!([200, 422].contains(&answer.status));
                            served.fetch_add(u64::from(answer.status == 200), Relaxed);
                        }
                    });
                });
            }
        });
        let (spent, committed) = spent(&shared);
        let served = i64::try_from(served.into_inner()).unwrap();
        assert_eq!(spent.get(), served * ANSWER.get());
        assert_eq!(spent, committed);
        assert!(spent.dollars() <= 0.1, "{spent}");
        // No more could have been let in: less than the worst case is left, or nobody asked.
        assert!(served >= 10, "{served}");
    });
}

#[test]
fn budgets_of_all_levels_hold_and_those_of_models() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let groups = [("a", "mock"), ("b", "mock")];
        let client = client(&config(&mock, &groups, ""), &json!({}));
        let shared = client.engine.shared();
        let little = json!({ "max_budget": 0.009 });
        for (kind, id) in [
            (EntityKind::Team, "t"),
            (EntityKind::Organization, "o"),
            (EntityKind::Customer, "anna"),
            (EntityKind::Tag, "prod"),
            (EntityKind::Project, "p"),
        ] {
            let mut own = key(&json!({ "tags": ["prod"], "project_id": "p" }));
            own.team_id = Some("t".to_owned());
            own.user_id = Some("u".to_owned());
            own.organization_id = Some("o".to_owned());
            put(shared, &own);
            put(shared, &entity(kind, id, &little));
            let mut body = chat("a");
            body["user"] = "anna".into();
            let refused = client.ask(&body).await;
            assert_eq!(
                told(&refused),
                (422, "budget_exceeded".to_owned()),
                "{kind}"
            );
            put(shared, &entity(kind, id, &json!({})));
            // A user's budget is for keys without a team.
            put(shared, &entity(EntityKind::User, "u", &little));
            assert_eq!(client.ask(&body).await.status, 200, "{kind}");
        }
        let mut own = key(&json!({}));
        own.user_id = Some("u".to_owned());
        put(shared, &own);
        assert_eq!(client.ask(&chat("a")).await.status, 422);
        let model = json!({ "a": { "budget_limit": 0.009, "time_period": "1d" } });
        put(shared, &key(&json!({ "model_max_budget": model })));
        assert_eq!(client.ask(&chat("a")).await.status, 422);
        assert_eq!(client.ask(&chat("b")).await.status, 200);
    });
}

#[test]
fn more_may_be_spent_for_a_while_and_what_is_free_always() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut yaml = config(&mock, &[("free", "mock"), ("a", "mock")], "");
        yaml = yaml.replacen(
            "output_cost_per_token: 0.001",
            "output_cost_per_token: 0",
            1,
        );
        let client = client(&yaml, &json!({ "max_budget": 0 }));
        assert_eq!(client.ask(&chat("a")).await.status, 422);
        assert_eq!(client.ask(&chat("free")).await.status, 200);
        let raised = |until: &str| {
            let raise = json!({ "temp_budget_increase": 1, "temp_budget_expiry": until });
            key(&json!({ "max_budget": 0, "metadata": raise }))
        };
        for (until, status) in [("2020-01-01T00:00:00Z", 422), ("2199-01-01", 200)] {
            put(client.engine.shared(), &raised(until));
            assert_eq!(client.ask(&chat("a")).await.status, status, "{until}");
        }
    });
}

#[test]
fn all_requests_together_have_a_budget_with_a_status_of_the_operator_s() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let settings = "litellm_settings: {max_budget: 0.012, budget_duration: 1d, \
                        budget_exceeded_status_code: 400}\n";
        let mut client = client(&config(&mock, &[("a", "mock")], settings), &json!({}));
        assert_eq!(client.ask(&chat("a")).await.status, 200);
        assert_eq!(
            told(&client.ask(&chat("a")).await),
            (400, "budget_exceeded".to_owned())
        );
        client.headers = vec![("authorization", "Bearer sk-test-master")];
        assert_eq!(client.ask(&chat("a")).await.status, 400);
    });
}

#[test]
fn a_dearer_fallback_is_taken_only_if_it_can_be_paid() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let groups = [("cheap", "fail-503"), ("dear", "mock")];
        let settings = "router_settings: {num_retries: 0, fallbacks: [{cheap: [dear]}]}\n";
        let mut yaml = config(&mock, &groups, settings);
        yaml = yaml.replacen(
            "output_cost_per_token: 0.001",
            "output_cost_per_token: 0.0001",
            1,
        );
        let client = client(&yaml, &json!({ "max_budget": 0.009 }));
        let shared = client.engine.shared();
        // Ten tokens of the fallback might cost a cent.
        assert_eq!(client.ask(&chat("cheap")).await.status, 503);
        assert_eq!(mock.request_count(), 1);
        assert_eq!(spent(shared), (Nanodollars::ZERO, Nanodollars::ZERO));
        put(shared, &key(&json!({ "max_budget": 0.01 })));
        assert_eq!(client.ask(&chat("cheap")).await.status, 200);
        assert_eq!(spent(shared), (ANSWER, ANSWER));
    });
}
