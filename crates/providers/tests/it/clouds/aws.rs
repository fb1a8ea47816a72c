//! AWS credentials: where they are found, in which order, and how roles are assumed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_core::Environment;
use lockgate_providers::{Credentials, FetchError};

use super::script::{Script, only};
use super::{connect, now, sent};

const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
    <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role/secret</SecretAccessKey>\
    <SessionToken>role-token==</SessionToken><Expiration>2024-05-06T08:08:09Z</Expiration>\
    </Credentials></AssumeRoleResult></AssumeRoleResponse>";
const GRANTED: &str = r#"{"AccessKeyId":"ASIAMACHINE","SecretAccessKey":"s",
    "Token":"machine-token","Expiration":"2024-05-06T13:08:09Z","Code":"Success"}"#;

/// Obtains credentials and shows what was asked on the way, and whose they are.
fn obtain(params: &str, variables: &[(&str, &str)], answers: &[(u16, &str)]) -> String {
    let (out, result) = attempt(params, variables, answers);
    assert_eq!(result, Ok(()), "{out}");
    out
}

fn attempt(
    params: &str,
    variables: &[(&str, &str)],
    answers: &[(u16, &str)],
) -> (String, Result<(), FetchError>) {
    let environment: Environment = variables.iter().copied().collect();
    let credentials = Credentials::default();
    let params = format!("aws_region_name: eu-west-1, {params}");
    let (connection, model) = connect("bedrock/m", &params, &environment, &credentials);
    let credential = only(&credentials);
    let at_hand = credential.due(now()).is_none();
    let script = Script::new(answers);
    let result = if at_hand {
        Ok(())
    } else {
        script.refresh(&credentials, now())
    };
    let mut out = script.asked();
    if let Ok(headers) = sent(&connection, &model) {
        let authorization = headers["authorization"].to_str().unwrap();
        let (scope, _) = authorization.split_once(',').unwrap();
        let token = headers
            .get("x-amz-security-token")
            .map(|token| token.to_str().unwrap());
        let rest = credential.due(now());
        write!(out, "\n\n{scope}, token {token:?}, due in {rest:?}").unwrap();
    }
    (out, result)
}

/// A file that only this test has.
fn file(name: &str, text: &str) -> String {
    let path: PathBuf =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("lockgate-aws-{name}"));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn keys_need_no_exchange() {
    let own = obtain(
        "aws_access_key_id: AKIDOWN, aws_secret_access_key: s, aws_session_token: t",
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ],
        &[],
    );
    assert!(own.contains("Credential=AKIDOWN/") && own.contains("token Some(\"t\"), due in None"));
    let environment = obtain(
        "rpm: 1",
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ],
        &[],
    );
    assert!(environment.contains("Credential=AKIDENV/"), "{environment}");
}

#[test]
fn a_role_is_assumed_with_the_keys_that_are_there() {
    insta::assert_snapshot!(obtain(
        "aws_access_key_id: AKIDOWN, aws_secret_access_key: s, \
         aws_role_name: 'arn:aws:iam::1:role/r', aws_session_name: gateway, aws_external_id: x-1, \
         aws_session_tags: [{Key: team, Value: a b}]",
        &[],
        &[(200, ASSUMED)],
    ));
}

#[test]
fn a_web_identity_needs_no_keys() {
    let file = file("web-identity", "header.claims.signature\n");
    let pod = obtain(
        "rpm: 1",
        &[
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &file),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod"),
            ("AWS_ROLE_SESSION_NAME", "pod-1"),
            ("AWS_ENDPOINT_URL_STS", "http://localhost:4566"),
        ],
        &[(200, ASSUMED)],
    );
    let own = obtain(
        &format!(
            "aws_web_identity_token: '{file}', aws_role_name: 'arn:aws:iam::1:role/pod', \
             aws_session_name: pod-1, aws_sts_endpoint: 'http://localhost:4566/'"
        ),
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ],
        &[(200, ASSUMED)],
    );
    assert_eq!(pod, own);
    insta::assert_snapshot!(pod);
}

const FILES: &str = "\
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = s
[profile static]
aws_access_key_id=AKIDSTATIC
aws_secret_access_key=s # a comment
s3 =
  max_concurrent_requests = 20
[profile chained]
role_arn = arn:aws:iam::1:role/chained
source_profile = static
external_id = x-2
[profile a]
role_arn = arn:aws:iam::1:role/a
source_profile = b
[profile b]
role_arn = arn:aws:iam::1:role/b
source_profile = a
[sso-session static]
sso_region = eu-west-1
[profile sso]
sso_session = static
";

#[test]
fn profiles() {
    let config = file("config", FILES);
    let credentials = file(
        "credentials",
        "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = s\n",
    );
    let variables = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()),
    ];
    for (params, id) in [
        ("rpm: 1", "AKIDDEFAULT"),
        ("aws_profile_name: static", "AKIDSTATIC"),
        ("aws_profile_name: other", "AKIDOTHER"),
    ] {
        let out = obtain(params, &variables, &[]);
        assert!(out.contains(&format!("Credential={id}/")), "{out}");
    }
    let named: Vec<_> = variables
        .into_iter()
        .chain([("AWS_PROFILE", "other")])
        .collect();
    assert!(obtain("rpm: 1", &named, &[]).contains("AKIDOTHER"));
    insta::assert_snapshot!(obtain(
        "aws_profile_name: chained",
        &variables,
        &[(200, ASSUMED)]
    ));

    for (name, message) in [
        ("a", "AWS profile `a` is its own source"),
        (
            "none",
            "AWS profile `none` is in neither of the shared files",
        ),
        (
            "sso",
            "AWS profile `sso` has neither keys nor a role (single sign-on and programs are not \
             served)",
        ),
    ] {
        let (_, result) = attempt(&format!("aws_profile_name: {name}"), &variables, &[]);
        let error = result.unwrap_err().to_string();
        assert!(
            error.starts_with(message) || error.contains("its own source"),
            "{error}"
        );
    }
}

#[test]
fn containers_and_instances() {
    let token = file("container-token", "pod-token\n");
    let task = obtain(
        "rpm: 1",
        &[(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "/v2/credentials/x",
        )],
        &[(200, GRANTED)],
    );
    let pod = obtain(
        "rpm: 1",
        &[
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://169.254.170.23/v1/credentials",
            ),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token),
        ],
        &[(200, GRANTED)],
    );
    let instance = obtain(
        "rpm: 1",
        &[],
        &[(200, "session"), (200, "my-role\n"), (200, GRANTED)],
    );
    insta::assert_snapshot!(format!("{task}\n---\n{pod}\n---\n{instance}"));
}

#[test]
fn what_went_wrong_is_told() {
    let (_, unreachable) = attempt("rpm: 1", &[], &[]);
    assert_eq!(
        unreachable.unwrap_err().to_string(),
        "169.254.169.254: no route to host"
    );
    let (_, disabled) = attempt("rpm: 1", &[("AWS_EC2_METADATA_DISABLED", "true")], &[]);
    assert_eq!(
        disabled.unwrap_err().to_string(),
        "nothing is configured, and AWS_EC2_METADATA_DISABLED is on"
    );
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code>\
        <Message>User x is not authorized to perform sts:AssumeRole</Message></Error></ErrorResponse>";
    let (_, refused) = attempt(
        "aws_access_key_id: A, aws_secret_access_key: s, aws_role_name: arn",
        &[],
        &[(403, denied)],
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "sts.eu-west-1.amazonaws.com answered 403: User x is not authorized to perform \
         sts:AssumeRole"
    );
    let (_, broken) = attempt("rpm: 1", &[], &[(200, "s"), (200, "role"), (200, "{}")]);
    assert_eq!(
        broken.unwrap_err().to_string(),
        "169.254.169.254: the answer is not what was expected"
    );
}

/// Renewed well before the end: an hour's credentials ten minutes before, short ones at three
/// quarters.
#[test]
fn when_a_credential_is_due() {
    for (expires, due) in [
        ("2024-05-06T08:08:09Z", Duration::from_secs(3000)),
        ("2024-05-06T07:18:09Z", Duration::from_secs(450)),
        ("2024-05-06T07:08:09Z", Duration::ZERO),
    ] {
        let answer = GRANTED.replace("2024-05-06T13:08:09Z", expires);
        let environment =
            crate::environment(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/c")]);
        let credentials = Credentials::default();
        connect("bedrock/m", "rpm: 1", &environment, &credentials);
        let credential = only(&credentials);
        assert_eq!(
            credential.due(now()),
            Some(Duration::ZERO),
            "nothing there yet"
        );
        Script::new(&[(200, &answer)])
            .refresh(&credentials, now())
            .unwrap();
        assert_eq!(credential.due(now()), Some(due), "{expires}");
    }
}
