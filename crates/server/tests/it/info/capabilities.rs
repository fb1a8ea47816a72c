//! `/v1/lockgate/capabilities`.

use super::*;

#[tokio::test]
async fn what_is_told_about_a_pair_is_what_happens_to_a_request() {
    let stage = stage().await;
    let all = get(&stage, "/v1/lockgate/capabilities").await;
    let pairs = all["pairs"].as_array().unwrap();
    let find = |client: &str, upstream: &str| {
        let mut found = pairs
            .iter()
            .filter(|pair| pair["client"] == client && pair["upstream"] == upstream);
        found.next().unwrap()
    };
    for client in ["openai", "anthropic", "gemini", "ollama"] {
        let same = find(client, client);
        assert_eq!(same["translated"], false);
        assert_eq!(
            same["lost"],
            json!({ "hint": [], "param": [], "content": [] })
        );
    }
    let pair = find("openai", "anthropic");
    assert_eq!(pair["translated"], true);
    assert!(contains(&pair["carried"], "stop"));

    let told = |name: &str| contains(&pair["lost"]["param"], name);
    for (name, value) in [
        ("seed", json!(7)),
        ("n", json!(2)),
        ("logit_bias", json!({ "1": 1 })),
        ("top_p", json!(0.5)),
        ("stop", json!(["END"])),
        ("user", json!("customer-17")),
        ("reasoning_effort", json!("high")),
    ] {
        let mut request =
            json!({ "model": "claude-id", "messages": [{ "role": "user", "content": "Hi" }] });
        request[name] = value;
        let body = json!({ "call_type": "completion", "request_body": request });
        let shown = post(&stage, "/utils/transform_request", body).await;
        assert_eq!(shown["error"].is_string(), told(name), "{name}: {shown}");
    }
}
