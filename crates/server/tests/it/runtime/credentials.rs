//! Credentials of clouds: there before the first request, renewed in the background, reloaded.

use lockgate_testkit::{Gateway, MockUpstream};
use serde_json::{Value, json};

use crate::support::{CHAT, MASTER, RawUpstream, chat_body, eventually};

fn config(mock: &MockUpstream, authority: &str) -> String {
    json!({
        "environment_variables": {"AZURE_AUTHORITY_HOST": authority},
        "general_settings": {"master_key": MASTER},
        "model_list": [{
            "model_name": "m",
            "litellm_params": {
                "model": "azure/mock", "api_base": mock.url(""), "num_retries": 0,
                "tenant_id": "t", "client_id": "c", "client_secret": "hush-hush-secret",
            },
        }],
    })
    .to_string()
}

async fn ask(gateway: &Gateway) -> (u16, Value) {
    let reply = gateway
        .client()
        .bearer(MASTER)
        .post(CHAT, &chat_body("m", false))
        .await
        .unwrap();
    (reply.status, reply.json())
}

#[tokio::test]
async fn the_first_request_finds_its_token() {
    let mock = MockUpstream::start().await.unwrap();
    let token = r#"{"access_token": "eyJ.first", "expires_in": 3600}"#;
    let issuer = RawUpstream::start(200, &[], token).await;
    let gateway = Gateway::builder()
        .config(config(&mock, &issuer.url("")))
        .start()
        .await
        .unwrap();
    assert_eq!(issuer.asked(), 1);
    let (status, answer) = ask(&gateway).await;
    assert_eq!(status, 200, "{answer}");
    let request = mock.last_request().unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer eyJ.first"));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_refusal_is_logged_and_a_reload_heals() {
    let mock = MockUpstream::start().await.unwrap();
    let refusal = r#"{"error": "invalid_client", "error_description": "AADSTS7000215: no"}"#;
    let refusing = RawUpstream::start(401, &[], refusal).await;
    let gateway = Gateway::builder()
        .config(config(&mock, &refusing.url("")))
        .start()
        .await
        .unwrap();
    let (status, answer) = ask(&gateway).await;
    assert_eq!(status, 401);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("AADSTS7000215"), "{message}");
    eventually("the refusal is logged", || {
        let logged = gateway.logs().contains("no new Azure credential");
        async move { logged }
    })
    .await;

    let token = r#"{"access_token": "eyJ.second", "expires_in": 3600}"#;
    let issuer = RawUpstream::start(200, &[], token).await;
    gateway
        .write_config(&config(&mock, &issuer.url("")))
        .unwrap();
    gateway.sighup().unwrap();
    eventually("the new configuration serves", || async {
        ask(&gateway).await.0 == 200
    })
    .await;
    assert!(!gateway.logs().contains("hush-hush-secret"));
}
