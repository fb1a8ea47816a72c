//! Google Cloud credentials: all kinds of files, and the metadata server.

use std::path::PathBuf;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lockgate_core::Environment;
use lockgate_providers::Credentials;
use serde_json::{Value, json};

use super::script::{Script, only};
use super::{connect, now, sent, show};

const TOKEN: &str = r#"{"access_token":"ya29.t","expires_in":3599,"token_type":"Bearer"}"#;
const MODEL: &str = "vertex_ai/gemini-2.5-flash";

/// Obtains a token with `credentials` (a file's JSON) and shows how.
fn obtain(file: &Value, variables: &[(&str, &str)], answers: &[(u16, &str)]) -> String {
    let environment: Environment = variables.iter().copied().collect();
    let credentials = Credentials::default();
    let params = format!("vertex_project: p, vertex_credentials: {file}");
    let (connection, model) = connect(MODEL, &params, &environment, &credentials);
    let script = Script::new(answers);
    let result = script.refresh(&credentials, now());
    assert_eq!(result, Ok(()), "{}", script.asked());
    let headers = sent(&connection, &model).unwrap();
    let rest = only(&credentials).due(now());
    format!("{}\n\n{}\ndue in {rest:?}", script.asked(), show(&headers))
}

fn refused(file: &str) -> String {
    let credentials = Credentials::default();
    let params = format!("vertex_project: p, vertex_credentials: '{file}'");
    connect(MODEL, &params, &Environment::default(), &credentials);
    let error = Script::new(&[]).refresh(&credentials, now()).unwrap_err();
    error.to_string()
}

#[test]
fn a_service_account_signs_a_claim() {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let file = json!({
        "type": "service_account",
        "project_id": "own-project",
        "private_key_id": "key-1",
        "private_key": pem,
        "client_email": "gw@own-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    let out = obtain(&file, &[], &[(200, TOKEN)]);
    let (_, rest) = out.split_once("assertion=").unwrap();
    let assertion = rest.lines().next().unwrap();
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else {
        panic!("{assertion}");
    };
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(
        read(head),
        json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
    );
    assert_eq!(
        read(claims),
        json!({
            "iss": "gw@own-project.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": 1_714_979_289,
            "exp": 1_714_982_889,
        })
    );
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref())
        .verify(
            format!("{head}.{claims}").as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    insta::assert_snapshot!(out.replace(assertion, "(signed claim)"));
}

#[test]
fn a_user_who_logged_in() {
    insta::assert_snapshot!(obtain(
        &json!({
            "type": "authorized_user",
            "client_id": "c.apps.googleusercontent.com",
            "client_secret": "d-secret",
            "refresh_token": "1//refresh",
            "quota_project_id": "billed",
        }),
        &[],
        &[(200, TOKEN)],
    ));
}

const IMPERSONATED: &str =
    r#"{"accessToken":"ya29.impersonated","expireTime":"2024-05-06T08:08:09Z"}"#;

#[test]
fn a_federated_identity() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lockgate-google-subject");
    std::fs::write(&folder, r#"{"token":"outside.jwt"}"#).unwrap();
    let account = |source: Value| {
        json!({
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/w/providers/p",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/gw@p:generateAccessToken",
            "credential_source": source,
        })
    };
    let format = json!({"type": "json", "subject_token_field_name": "token"});
    let file = account(json!({"file": folder.to_str().unwrap(), "format": format}));
    let file = obtain(&file, &[], &[(200, TOKEN), (200, IMPERSONATED)]);
    let url = account(json!({"url": "http://issuer.test/t", "headers": {"x-a": "b"}}));
    let answers = [(200, "outside.jwt"), (200, TOKEN), (200, IMPERSONATED)];
    let url = obtain(&url, &[], &answers);
    insta::assert_snapshot!(format!("{file}\n---\n{url}"));
}

/// AIP-4117, AWS: the proof is a signed request that Google sends on.
#[test]
fn an_identity_that_aws_vouches_for() {
    let out = obtain(
        &json!({
            "type": "external_account",
            "audience": "//iam.googleapis.com/pool",
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {
                "environment_id": "aws1",
                "regional_cred_verification_url":
                    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            },
        }),
        &[
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ],
        &[(200, TOKEN)],
    );
    let (_, rest) = out.split_once("subject_token=").unwrap();
    let twice = rest.lines().next().unwrap();
    let decode = |text: &str| -> String {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .unwrap()
            .into_owned()
    };
    let request: Value = serde_json::from_str(&decode(&decode(twice))).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&request).unwrap());
}

#[test]
fn an_account_that_another_may_speak_for() {
    insta::assert_snapshot!(obtain(
        &json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/gw@p:generateAccessToken",
            "delegates": ["projects/-/serviceAccounts/d@p"],
            "source_credentials": {
                "type": "authorized_user",
                "client_id": "c",
                "client_secret": "s",
                "refresh_token": "r",
            },
        }),
        &[],
        &[(200, TOKEN), (200, IMPERSONATED)],
    ));
}

#[test]
fn the_metadata_server() {
    let environment = crate::environment(&[("VERTEXAI_PROJECT", "p")]);
    let credentials = Credentials::default();
    let (connection, model) = connect(MODEL, "rpm: 1", &environment, &credentials);
    let script = Script::new(&[(200, TOKEN), (200, "p-2")]);
    script.refresh(&credentials, now()).unwrap();
    let headers = sent(&connection, &model).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", script.asked(), show(&headers)));
}

#[test]
fn a_file_is_found_where_the_environment_says() {
    let file = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
    });
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lockgate-gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("application_default_credentials.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let text = file.to_string();
    for (name, value) in [
        ("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap()),
        ("VERTEXAI_CREDENTIALS", text.as_str()),
        ("CLOUDSDK_CONFIG", folder.to_str().unwrap()),
    ] {
        let credentials = Credentials::default();
        let environment = crate::environment(&[(name, value)]);
        connect(MODEL, "vertex_project: p", &environment, &credentials);
        let script = Script::new(&[(200, TOKEN)]);
        script.refresh(&credentials, now()).unwrap();
        assert!(
            script.asked().contains("refresh_token=r"),
            "{name}: {}",
            script.asked()
        );
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_without_its_secrets() {
    assert_eq!(
        refused(r#"{"type":"service_account","private_key":"HUSH"}"#),
        "the Google credentials lack a member or have a wrong one (line 1, column 47)"
    );
    assert_eq!(
        refused(r#"{"type":"gdch_service_account"}"#),
        "Google credentials of type `gdch_service_account` are not served"
    );
    let key = json!({"client_email": "gw@p", "private_key": "HUSH"}).to_string();
    assert_eq!(
        refused(&key),
        "the private key of `gw@p` is not an RSA key in PEM"
    );
    assert!(refused("nowhere.json").starts_with("cannot read nowhere.json: "));
    assert_eq!(
        refused(
            r#"{"type":"external_account","audience":"a","subject_token_type":"t","credential_source":{"executable":{"command":"rm"}}}"#
        ),
        "external_account credentials are served with a file, a URL or AWS as their source; \
         programs are not started"
    );
}
