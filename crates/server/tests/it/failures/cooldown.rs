//! Deployments that fail are left alone for a while.

use serde_json::json;

use crate::support::{Config, Dialect, Stage, TEXT, eventually, text_of};

/// One deployment that fails as `script` says and one that does not.
async fn stage(script: &str, router: serde_json::Value) -> Stage {
    Stage::start(|mock, config: Config| {
        config
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                script,
                json!({ "order": 1 }),
            )
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "mock",
                json!({ "order": 2 }),
            )
            .section("router_settings", router)
    })
    .await
}

#[tokio::test]
async fn a_rate_limited_deployment_is_left_alone_at_once() {
    let stage = stage("fail-429", json!({ "cooldown_time": 60 })).await;
    for _ in 0..5 {
        assert_eq!(text_of(&stage.chat("group").await), TEXT);
    }
    assert_eq!(stage.asked_for("fail-429"), 1);
    assert_eq!(stage.asked_for("mock"), 5);
}

#[tokio::test]
async fn so_is_one_with_a_bad_key() {
    let stage = stage("fail-401", json!({ "cooldown_time": 60 })).await;
    for _ in 0..3 {
        assert_eq!(text_of(&stage.chat("group").await), TEXT);
    }
    assert_eq!(stage.asked_for("fail-401"), 1);
}

#[tokio::test]
async fn a_bad_request_is_nobodys_fault_but_the_clients() {
    let stage = stage("fail-400", json!({ "cooldown_time": 60 })).await;
    for _ in 0..3 {
        assert_eq!(stage.chat("group").await.status, 400);
    }
    assert_eq!(stage.asked_for("fail-400"), 3);
}

#[tokio::test]
async fn it_is_asked_again_when_the_time_is_over() {
    let stage = stage(
        "flaky-1",
        json!({ "cooldown_time": 0.5, "allowed_fails": 0 }),
    )
    .await;
    assert_eq!(text_of(&stage.chat("group").await), TEXT);
    assert_eq!(stage.asked_for("flaky-1"), 1);
    eventually("the deployment is asked again", || async {
        stage.chat("group").await;
        stage.asked_for("flaky-1") > 1
    })
    .await;
}

#[tokio::test]
async fn after_as_many_failures_as_are_allowed() {
    let router = json!({ "cooldown_time": 60, "allowed_fails": 2 });
    let stage = stage("fail-500", router).await;
    for _ in 0..6 {
        assert_eq!(text_of(&stage.chat("group").await), TEXT);
    }
    assert_eq!(stage.asked_for("fail-500"), 3);
}

#[tokio::test]
async fn not_where_the_operator_wants_none() {
    let stage = stage("fail-429", json!({ "disable_cooldowns": true })).await;
    for _ in 0..4 {
        assert_eq!(text_of(&stage.chat("group").await), TEXT);
    }
    assert_eq!(stage.asked_for("fail-429"), 4);
}

#[tokio::test]
async fn when_all_are_left_alone_the_client_is_told_when_to_come_back() {
    let stage = Stage::start(|mock, config: Config| {
        config
            .model(mock, "group", Dialect::OpenAi, "fail-429")
            .model(mock, "group", Dialect::OpenAi, "fail-429-1ms")
            .section(
                "router_settings",
                json!({ "cooldown_time": 60, "num_retries": 1 }),
            )
            .section(
                "router_settings",
                json!({ "default_litellm_params": { "cooldown_time": 60 } }),
            )
    })
    .await;
    assert_eq!(stage.chat("group").await.status, 429);
    let asked = stage.mock.request_count();
    assert_eq!(asked, 2, "each once");
    for client in Dialect::ALL {
        let (path, body) = crate::support::simple("group", false).request(client);
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(reply.status, 429, "{}", reply.text());
        client.assert_error(429, &reply.json());
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(
        stage.mock.request_count(),
        asked,
        "nobody is asked meanwhile"
    );
}

/// A group's only deployment is asked however often it fails: there is nobody else.
#[tokio::test]
async fn the_only_deployment_is_not_left_alone() {
    let stage = Stage::of_scripts(&["fail-429"]).await;
    for _ in 0..4 {
        assert_eq!(stage.chat("fail-429").await.status, 429);
    }
    assert_eq!(stage.asked_for("fail-429"), 4);
}

/// A reload does not forget who was failing.
#[tokio::test]
async fn a_reload_keeps_it() {
    let mut stage = stage("fail-429", json!({ "cooldown_time": 60 })).await;
    assert_eq!(text_of(&stage.chat("group").await), TEXT);
    let yaml = std::fs::read_to_string(stage.gateway.config_path()).unwrap();
    stage
        .gateway
        .write_config(&format!("{yaml}\n# touched\n"))
        .unwrap();
    stage.gateway.sighup().unwrap();
    let reloaded = stage.gateway.wait_for_log("reloaded", crate::support::SOON);
    reloaded.await.unwrap();
    assert_eq!(text_of(&stage.chat("group").await), TEXT);
    assert_eq!(stage.asked_for("fail-429"), 1);
}
