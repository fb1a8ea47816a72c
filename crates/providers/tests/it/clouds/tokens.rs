//! Keys that are exchanged for tokens by the services that providers name.

use std::fmt::Write as _;
use std::time::Duration;

use lockgate_core::Environment;
use lockgate_providers::{Credentials, NoCredential};

use super::script::{Script, only};
use super::{connect, now, sent, show};

/// What is asked for a token with these settings, and how the calls go out after.
fn exchange(
    model: &str,
    params: &str,
    environment: &Environment,
    answer: &str,
) -> (String, Option<Duration>) {
    let credentials = Credentials::default();
    let (connection, model) = connect(model, params, environment, &credentials);
    let script = Script::new(&[(200, answer)]);
    script.refresh(&credentials, now()).unwrap();
    let mut out = script.asked();
    let headers = sent(&connection, &model).unwrap();
    write!(out, "\n\n{}", show(&headers)).unwrap();
    (without_uuid(&out), only(&credentials).due(now()))
}

/// Random parts of a question.
fn without_uuid(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("rquid: ") {
        Some((before, uuid)) => {
            assert_eq!(uuid.len(), 36, "{uuid}");
            format!("{before}rquid: UUID")
        }
        None => line.replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn ibm_cloud_takes_an_api_key() {
    let environment = crate::environment(&[("WATSONX_APIKEY", "key+1"), ("WX_REGION", "eu-de")]);
    let token = r#"{"access_token":"eyJ.iam","refresh_token":"not_supported","token_type":"Bearer","expires_in":3600,"expiration":1714982889,"scope":"ibm openid"}"#;
    let (asked, due) = exchange("watsonx/ibm/granite-3", "", &environment, token);
    insta::assert_snapshot!(asked);
    assert_eq!(due, Some(Duration::from_secs(3000)));
    let own = "api_key: own-key, api_base: 'https://eu-de.ml.cloud.ibm.com'";
    let moved = crate::environment(&[("WATSONX_IAM_URL", "https://iam.test/token")]);
    let (asked, _) = exchange("watsonx/m", own, &moved, token);
    assert!(
        asked.starts_with("POST https://iam.test/token\n"),
        "{asked}"
    );
    assert!(asked.contains("\n  apikey=own-key\n"), "{asked}");
}

#[test]
fn a_token_is_sent_as_it_is() {
    for (model, params, environment, expected) in [
        (
            "watsonx/m",
            "api_key: eyJ.own",
            &[("WX_REGION", "eu-de")][..],
            "Bearer eyJ.own",
        ),
        (
            "watsonx/m",
            "",
            &[
                ("WX_REGION", "eu-de"),
                ("WATSONX_TOKEN", "eyJ.env"),
                ("WATSONX_APIKEY", "k"),
            ],
            "Bearer eyJ.env",
        ),
        (
            "gigachat/GigaChat-2",
            "api_key: eyJ.own",
            &[],
            "Bearer eyJ.own",
        ),
        (
            "github_copilot/gpt-4o",
            "api_key: 'tid=1;exp=2:mac'",
            &[("HOME", "/home/a")],
            "Bearer tid=1;exp=2:mac",
        ),
        (
            "databricks/m",
            "api_key: dapi1",
            &[
                ("DATABRICKS_HOST", "h.test"),
                ("DATABRICKS_CLIENT_ID", "c"),
                ("DATABRICKS_CLIENT_SECRET", "s"),
            ],
            "Bearer dapi1",
        ),
    ] {
        let credentials = Credentials::default();
        let environment = crate::environment(environment);
        let (connection, model) = connect(model, params, &environment, &credentials);
        let headers = sent(&connection, &model).unwrap();
        assert_eq!(headers["authorization"], expected, "{model} {params}");
        assert!(credentials.all().is_empty(), "{model} {params}");
    }
}

#[test]
fn databricks_takes_a_service_principal() {
    let token =
        r#"{"access_token":"eyJ.m2m","scope":"all-apis","token_type":"Bearer","expires_in":3600}"#;
    let environment = crate::environment(&[
        ("DATABRICKS_CLIENT_ID", "c"),
        ("DATABRICKS_CLIENT_SECRET", "env-secret"),
    ]);
    let base = "api_base: 'https://adb-1.test/serving-endpoints'";
    let (asked, _) = exchange("databricks/m", base, &environment, token);
    insta::assert_snapshot!(asked);
    // The deployment's own client comes before a key in the environment.
    let environment = crate::environment(&[("DATABRICKS_API_KEY", "dapi1")]);
    let own = format!("{base}, client_id: own, client_secret: hush");
    let (asked, _) = exchange("databricks/m", &own, &environment, token);
    assert!(
        asked.contains("authorization: Basic b3duOmh1c2g=\n"),
        "{asked}"
    );
}

#[test]
fn gigachat_counts_in_milliseconds() {
    let environment = crate::environment(&[
        ("GIGACHAT_CREDENTIALS", "Y2xpZW50OnNlY3JldA=="),
        ("GIGACHAT_SCOPE", "GIGACHAT_API_CORP"),
    ]);
    let token = r#"{"access_token":"eyJ.giga","expires_at":1714981089000}"#;
    let (asked, due) = exchange("gigachat/GigaChat-2", "", &environment, token);
    insta::assert_snapshot!(asked);
    // Half an hour, renewed after three quarters.
    assert_eq!(due, Some(Duration::from_secs(1350)));
}

#[test]
fn copilot_reads_what_a_login_left_behind() {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/copilot");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/access-token"), "gho_login\n").unwrap();
    let environment = crate::environment(&[("GITHUB_COPILOT_TOKEN_DIR", folder)]);
    let token = r#"{"token":"tid=1;exp=1714981089","expires_at":1714981089,"refresh_in":1500,"endpoints":{"api":"https://api.individual.githubcopilot.com"}}"#;
    let (asked, due) = exchange("github_copilot/gpt-4o", "", &environment, token);
    insta::assert_snapshot!(asked);
    assert_eq!(due, Some(Duration::from_secs(1350)));
    let (asked, _) = exchange(
        "github_copilot/gpt-4o",
        "api_key: gho_own",
        &environment,
        token,
    );
    assert!(asked.contains("authorization: token gho_own\n"), "{asked}");
}

#[test]
fn what_is_missing_is_said() {
    let environment = crate::environment(&[("HOME", "/nowhere-at-all")]);
    let credentials = Credentials::default();
    let (connection, model) = connect("github_copilot/gpt-4o", "", &environment, &credentials);
    let script = Script::new(&[]);
    assert!(script.refresh(&credentials, now()).is_err());
    let error = sent(&connection, &model).unwrap_err();
    let expected = "no GitHub Copilot credential: cannot read \
         /nowhere-at-all/.config/litellm/github_copilot/access-token";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("GITHUB_COPILOT_TOKEN"), "{error}");
    assert_eq!(script.asked(), "");

    let credentials = Credentials::default();
    let host = crate::environment(&[("DATABRICKS_HOST", "h.test")]);
    let (connection, _) = connect("databricks/m", "", &host, &credentials);
    let missing = connection.missing_key().unwrap().to_string();
    assert!(missing.contains("DATABRICKS_CLIENT_SECRET"), "{missing}");
    assert!(credentials.all().is_empty());
}

#[test]
fn a_refusal_does_not_tell_the_secret() {
    let environment = crate::environment(&[("WX_REGION", "eu-de")]);
    let credentials = Credentials::default();
    let (connection, model) = connect(
        "watsonx/m",
        "api_key: hush-hush",
        &environment,
        &credentials,
    );
    let refusal = r#"{"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found.","context":{}}"#;
    let script = Script::new(&[(400, refusal)]);
    let error = script.refresh(&credentials, now()).unwrap_err().to_string();
    assert_eq!(
        error,
        "iam.cloud.ibm.com answered 400: Provided API key could not be found."
    );
    let error = sent(&connection, &model).unwrap_err();
    assert!(!error.contains("hush-hush"), "{error}");
    let printed = format!("{connection:?} {credentials:?}");
    assert!(!printed.contains("hush-hush"), "{printed}");
}

#[test]
fn requests_never_wait_for_a_token() {
    let environment = crate::environment(&[("GIGACHAT_CREDENTIALS", "k")]);
    let (connection, model) = connect("gigachat/m", "", &environment, &Credentials::default());
    let expected = NoCredential {
        cloud: "GigaChat",
        reason: "the first one has not arrived yet".to_owned(),
        advice: "set `api_key` (GIGACHAT_CREDENTIALS) to the authorization key of the project",
    };
    assert_eq!(sent(&connection, &model).unwrap_err(), expected.to_string());
}
