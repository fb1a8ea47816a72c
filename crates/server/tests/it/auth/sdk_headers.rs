//! Keys as the SDKs of Bedrock and Cohere send them.

use lockgate_testkit::Client;

use crate::support::{Answer, Dialect, MASTER, Stage, TEXT, UPSTREAM_KEY, simple};

const WRONG: &str = "AKIA0WRONG0KEY0ID";
const SIGNATURE: &str = "9b1d63f0c2a5e77a19b1d63f0c2a5e77a19b1d63f0c2a5e77a19b1d63f0c2a5e";

/// What `boto3` makes of `access_key_id`: the id in the clear, its secret only in the signature.
fn signed(client: Client, access_key_id: &str) -> Client {
    let scope = format!("{access_key_id}/20260115/eu-central-1/bedrock/aws4_request");
    let names = "content-type;host;x-amz-date;x-amz-security-token";
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={SIGNATURE}"
    );
    client
        .header("authorization", &value)
        .header("x-amz-date", "20260115T120000Z")
        .header("x-amz-security-token", "session-token")
        .header(
            "amz-sdk-invocation-id",
            "9f1c4b1e-6f0e-4a53-9f57-0d4ff3b6b0d1",
        )
}

async fn stage() -> Stage {
    Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "mock")
        })
    })
    .await
}

#[tokio::test]
async fn a_signature_names_the_key() {
    let stage = stage().await;
    for upstream in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple(upstream.name(), stream).request(Dialect::Bedrock);
            let client = signed(stage.gateway.client(), MASTER);
            let reply = client.post(&path, &body).await.unwrap();
            let answer = if stream {
                Answer::stream(Dialect::Bedrock, &reply)
            } else {
                Answer::whole(Dialect::Bedrock, &reply)
            };
            assert_eq!(answer.text, TEXT, "{upstream:?}");
            let sent = format!("{:?}", stage.mock.last_request().unwrap());
            for secret in [MASTER, SIGNATURE, "session-token", "amz-sdk"] {
                assert!(!sent.contains(secret), "{secret} travelled on: {sent}");
            }
        }
    }
    let sent = stage.mock.requests();
    let bedrock = sent.iter().find(|seen| seen.path.starts_with("/model/"));
    assert_eq!(
        bedrock.unwrap().header("authorization"),
        Some(format!("Bearer {UPSTREAM_KEY}").as_str())
    );
}

#[tokio::test]
async fn a_signature_with_another_key_is_refused_as_bedrock_does() {
    let stage = stage().await;
    for stream in [false, true] {
        let (path, body) = simple("bedrock", stream).request(Dialect::Bedrock);
        for wrong in [WRONG, "", &MASTER[1..], &format!("x/{MASTER}")] {
            let client = signed(stage.gateway.client(), wrong);
            let reply = client.post(&path, &body).await.unwrap();
            assert_eq!(reply.status, 401, "{wrong}: {}", reply.text());
            // By this header the SDKs choose the type they raise.
            let kind = reply.header("x-amzn-errortype");
            assert_eq!(kind, Some("UnrecognizedClientException"), "{wrong}");
            assert_eq!(reply.json()["__type"], "UnrecognizedClientException");
            Dialect::Bedrock.assert_error(401, &reply.json());
            assert!(wrong.is_empty() || !reply.text().contains(wrong));
        }
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn a_signature_without_a_key_is_refused() {
    let stage = stage().await;
    let (path, body) = simple("bedrock", false).request(Dialect::Bedrock);
    for value in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Signature=x",
        &format!("AWS4-HMAC-SHA256 Credential={MASTER}"),
        &format!("AWS4-HMAC-SHA256 {MASTER}"),
    ] {
        let client = stage.gateway.client().header("authorization", value);
        let reply = client.post(&path, &body).await.unwrap();
        assert_eq!(reply.status, 401, "{value}: {}", reply.text());
        assert!(!reply.text().contains(MASTER), "{}", reply.text());
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn coheres_sdk() {
    let stage = stage().await;
    let sdk = |key: &str| {
        let client = stage.gateway.client().bearer(key);
        client.header("x-fern-language", "Python")
    };
    let (path, body) = simple("cohere", false).request(Dialect::Cohere);
    let reply = sdk(MASTER).post(&path, &body).await.unwrap();
    assert_eq!(Answer::whole(Dialect::Cohere, &reply).text, TEXT);
    let refused = sdk(WRONG).post(&path, &body).await.unwrap();
    assert_eq!(refused.status, 401, "{}", refused.text());
    let members = refused.json();
    let members: Vec<_> = members.as_object().unwrap().keys().collect();
    assert_eq!(members, ["message"]);
    assert_eq!(stage.mock.request_count(), 1);
}
