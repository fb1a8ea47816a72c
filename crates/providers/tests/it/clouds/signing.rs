//! Signature Version 4: AWS's published vectors, Bedrock's URLs and requests.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method};
use lockgate_core::Environment;
use lockgate_providers::{AwsKeys, Credentials, Signing, sign};
use lockgate_wire::Operation;

use super::{chat, connect, now, sent, show, url};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

/// AWS Signature Version 4 test suite: method, path, session token, signature.
const VECTORS: &[(&str, &str, Option<&str>, &str)] = &[
    (
        "GET",
        "/",
        None,
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "GET",
        "/?Param2=value2&Param1=value1",
        None,
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "GET",
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        None,
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    (
        "POST",
        "/?Param1=value1",
        None,
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    (
        "POST",
        "/",
        None,
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    (
        "GET",
        "/",
        Some(TOKEN),
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
];

#[test]
fn the_published_vectors() {
    let signing = Signing {
        region: "us-east-1",
        service: "service",
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160),
    };
    for (method, path, token, signature) in VECTORS {
        let keys = AwsKeys::new(
            "AKIDEXAMPLE",
            SECRET,
            token.map(str::to_owned),
            None,
            "test",
        );
        let mut headers = HeaderMap::new();
        let uri = format!("https://example.amazonaws.com{path}")
            .parse()
            .unwrap();
        let method: Method = method.parse().unwrap();
        sign(&signing, &keys, &method, &uri, &mut headers, b"").unwrap();
        let authorization = headers["authorization"].to_str().unwrap();
        assert_eq!(
            authorization.rsplit_once("Signature=").unwrap().1,
            *signature,
            "{method} {path}"
        );
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
    }
}

/// The same requests signed by botocore 1.44.
#[test]
fn bedrock_requests_are_signed_as_botocore_signs_them() {
    for (model, params, authorization) in [
        (
            "bedrock/eu.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws_region_name: eu-west-1",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240506/eu-west-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=34cd94182abc3796f8371c633c0ee00fb56df4157a8b63e26332f11401fc0352",
        ),
        (
            "bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
            "aws_session_token: 'TOKEN/with+chars=='",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240506/us-east-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=ce22b3aaa315b5edb0075ca06f9480591f6db1beb79ab2a6273df2787ef17a0b",
        ),
    ] {
        let stream = model.contains("arn:");
        let params =
            format!("aws_access_key_id: AKIDEXAMPLE, aws_secret_access_key: '{SECRET}', {params}");
        let nothing = Environment::default();
        let (connection, model) = connect(model, &params, &nothing, &Credentials::default());
        let uri = connection.uri(Operation::Chat, &model, stream).unwrap();
        let mut headers = connection.headers().clone();
        // What a client has sent along is not signed, and may not disturb.
        headers.insert("x-request-id", HeaderValue::from_static("from the client"));
        connection
            .authorize_at(
                now(),
                &Method::POST,
                &uri,
                &mut headers,
                br#"{"messages":[]}"#,
            )
            .unwrap();
        assert_eq!(headers["authorization"], authorization);
    }
}

#[test]
fn bedrock_urls() {
    let mut out = String::new();
    let keys = "aws_access_key_id: a, aws_secret_access_key: b";
    for (model, params) in [
        ("anthropic.claude-3-haiku-20240307-v1:0", ""),
        (
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws_region_name: us-east-2",
        ),
        ("converse/amazon.nova-pro-v1:0", ""),
        ("invoke/amazon.nova-pro-v1:0", ""),
        ("us-west-2/anthropic.claude-v2:1", ""),
        ("converse/eu-central-1/amazon.nova-pro-v1:0", ""),
        ("us-gov-west-1/amazon.nova-pro-v1:0", ""),
        (
            "arn:aws:bedrock:eu-north-1:1:inference-profile/eu.amazon.nova-lite-v1:0",
            "",
        ),
        (
            "llama/arn:aws:bedrock:ap-south-1:1:imported-model/r4c4kewx2s0n",
            "",
        ),
        (
            "anthropic.claude-3-haiku-20240307-v1:0",
            "model_id: 'arn:aws:bedrock:ca-central-1:1:provisioned-model/x'",
        ),
        ("amazon.nova-pro-v1:0", "aws_region_name: cn-north-1"),
        (
            "amazon.nova-pro-v1:0",
            "aws_bedrock_runtime_endpoint: 'https://vpce-1.example.com/'",
        ),
        (
            "amazon.nova-pro-v1:0",
            "api_base: 'http://localhost:9000/aws'",
        ),
    ] {
        let params = format!("{keys}, {params}");
        writeln!(out, "{}", chat(&format!("bedrock/{model}"), &params)).unwrap();
    }
    for (operation, stream) in [
        (Operation::Chat, true),
        (Operation::Embeddings, false),
        (Operation::CountTokens, false),
    ] {
        let uri = url(
            "bedrock/amazon.titan-embed-text-v2:0",
            keys,
            operation,
            stream,
        );
        writeln!(out, "{uri}").unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_bedrock_key_is_the_bearer() {
    let environment = crate::environment(&[
        ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-x"),
        ("AWS_REGION", "eu-west-3"),
    ]);
    let credentials = Credentials::default();
    let (connection, model) = connect("bedrock/m", "rpm: 1", &environment, &credentials);
    insta::assert_snapshot!(show(&sent(&connection, &model).unwrap()), @r"
    authorization: Bearer bedrock-api-key-x (sensitive)
    content-type: application/json
    ");
    assert_eq!(
        connection.api_base(),
        "https://bedrock-runtime.eu-west-3.amazonaws.com"
    );
    // What the deployment spells out comes before the environment.
    let keys = "aws_access_key_id: AKID, aws_secret_access_key: b";
    let (connection, model) = connect("bedrock/m", keys, &environment, &credentials);
    let headers = sent(&connection, &model).unwrap();
    let authorization = headers["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/20240506/eu-west-3/"));
}
