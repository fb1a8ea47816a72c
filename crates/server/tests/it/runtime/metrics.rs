//! `/metrics`: Prometheus' text format under LiteLLM's names.

use serde_json::json;

use crate::support::{Dialect, MASTER, Stage, eventually};

/// The value of the first sample of `name` whose labels contain all of `labels`.
fn sample(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find(|line| {
            let end = line.find(['{', ' ']).unwrap_or(line.len());
            &line[..end] == name && labels.iter().all(|label| line.contains(label))
        })
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
}

async fn metrics(stage: &Stage) -> String {
    let reply = stage.client().get("/metrics").await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    reply.text()
}

#[tokio::test]
async fn requests_and_tokens_are_counted() {
    let stage = Stage::of_scripts(&["mock", "fail-500"]).await;
    for _ in 0..3 {
        stage.chat("mock").await;
        stage.chat_stream("mock").await.collect().await.unwrap();
    }
    stage.chat("fail-500").await;
    stage.chat("nobody").await;
    let total = "litellm_proxy_total_requests_metric_total";
    eventually("all requests are counted", || async {
        sample(&metrics(&stage).await, total, &["requested_model=\"mock\""]) == Some(6.0)
    })
    .await;
    let text = metrics(&stage).await;
    let mock = &["requested_model=\"mock\"", "api_provider=\"openai\""];
    let broken = &["requested_model=\"fail-500\""];
    for (name, labels, expected) in [
        ("litellm_input_tokens_metric_total", &mock[..], 72.0),
        ("litellm_output_tokens_metric_total", &mock[..], 18.0),
        ("litellm_deployment_success_responses_total", &mock[..], 6.0),
        (
            "litellm_proxy_failed_requests_metric_total",
            &broken[..],
            1.0,
        ),
        (
            "litellm_deployment_failure_responses_total",
            &broken[..],
            1.0,
        ),
        ("litellm_request_total_latency_metric_count", &mock[..], 6.0),
        (
            "litellm_llm_api_time_to_first_token_metric_count",
            &mock[..],
            3.0,
        ),
        ("litellm_in_flight_requests", &[][..], 0.0),
        (
            "lockgate_refused_requests_total",
            &["status_code=\"400\""][..],
            1.0,
        ),
    ] {
        assert_eq!(
            sample(&text, name, labels),
            Some(expected),
            "{name}: {text}"
        );
    }
}

#[tokio::test]
async fn requests_in_flight_are_counted_while_they_are() {
    let stage = Stage::of_scripts(&["hang-stream-5c"]).await;
    let held = stage.chat_stream("hang-stream-5c");
    let seen = eventually("it is counted", || async {
        sample(&metrics(&stage).await, "litellm_in_flight_requests", &[]) == Some(1.0)
    });
    let (held, ()) = tokio::join!(held, seen);
    drop(held);
    eventually("it is counted no more", || async {
        sample(&metrics(&stage).await, "litellm_in_flight_requests", &[]) == Some(0.0)
    })
    .await;
}

/// A scraper refuses a text that is not well-formed as a whole.
#[tokio::test]
async fn the_text_is_well_formed() {
    let stage = Stage::start(|mock, config| {
        config.model(mock, "a \"quoted\" \\ name", Dialect::OpenAi, "mock")
    })
    .await;
    stage.chat("a \"quoted\" \\ name").await;
    let text = metrics(&stage).await;
    let mut typed = std::collections::HashSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.split(' ').next().unwrap();
            assert!(typed.insert(name.to_owned()), "{name} is typed twice");
        } else if !line.starts_with('#') {
            let value = line.rsplit(' ').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let end = line.find(['{', ' ']).unwrap();
            let name = &line[..end];
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end));
            assert!(
                typed.contains(name) || base.is_some_and(|b| typed.contains(b)),
                "{line}"
            );
        }
    }
    assert!(text.ends_with('\n'));
    assert!(
        text.contains(r#"requested_model="a \"quoted\" \\ name""#),
        "{text}"
    );
}

#[tokio::test]
async fn a_key_is_needed_unless_the_operator_says_otherwise() {
    let closed = Stage::of_scripts(&["mock"]).await;
    let bare = closed.gateway.client();
    assert_eq!(bare.get("/metrics").await.unwrap().status, 401);
    assert_eq!(
        bare.bearer(MASTER).get("/metrics").await.unwrap().status,
        200
    );
    let open = Stage::start(|mock, config| {
        config.model(mock, "mock", Dialect::OpenAi, "mock").section(
            "litellm_settings",
            json!({ "require_auth_for_metrics_endpoint": false }),
        )
    })
    .await;
    assert_eq!(
        open.gateway.client().get("/metrics").await.unwrap().status,
        200
    );
}
